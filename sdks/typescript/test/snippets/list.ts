const { connections } = await client.connections.list()
