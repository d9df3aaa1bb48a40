result = client.connections.list()
connections = result["connections"]
