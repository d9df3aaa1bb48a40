const { connection } = await client.connections.create({
  type: 'CUSTOM_AUTH',
  integrationName: 'freshsales',
  externalId: 'tenant_123_freshsales',
  displayName: 'Freshsales CRM',
  props: {
    base_url: 'https://mycompany.freshsales.io',
    api_key: 'abc123...',
  },
})
