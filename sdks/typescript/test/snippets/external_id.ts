// Create a connection with an external ID
await client.connections.create({
  type: 'SECRET_TEXT',
  integrationName: 'openai',
  externalId: 'user_456', // Your user's ID
  displayName: 'User 456 OpenAI Key',
  secretText: 'sk-...',
})

// Later, resolve the connection by external ID
const { connection } = await client.connections.resolve({
  integrationName: 'openai',
  externalId: 'user_456',
})
