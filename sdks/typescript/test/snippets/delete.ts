await client.connections.delete('conn_abc123')
