const session = await client.connect.getSession(sessionId)

if (session.status === 'completed') {
  console.log('Connection created:', session.connection.id)
} else if (session.status === 'failed') {
  console.error('Connect failed:', session.error)
}
