// Create a connection with an external ID
await fetch('https://api.weavz.io/api/v1/connections', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    type: 'SECRET_TEXT',
    integrationName: 'openai',
    externalId: 'user_456',
    displayName: 'User 456 OpenAI Key',
    secretText: 'sk-...',
  }),
})

// Later, resolve the connection by external ID
const res = await fetch('https://api.weavz.io/api/v1/connections/resolve', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    integrationName: 'openai',
    externalId: 'user_456',
  }),
})
const { connection } = await res.json()
