const res = await fetch('https://api.weavz.io/api/v1/connections', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    type: 'CUSTOM_AUTH',
    integrationName: 'freshsales',
    externalId: 'tenant_123_freshsales',
    displayName: 'Freshsales CRM',
    props: {
      base_url: 'https://mycompany.freshsales.io',
      api_key: 'abc123...',
    },
  }),
})
const { connection } = await res.json()
