const res = await fetch('https://api.weavz.io/api/v1/connections', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    type: 'SECRET_TEXT',
    integrationName: 'openai',
    externalId: 'tenant_123_openai',
    displayName: 'OpenAI Production',
    secretText: 'sk-proj-abc123...',
  }),
})
const { connection } = await res.json()
