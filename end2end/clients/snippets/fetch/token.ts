const res = await fetch('https://api.weavz.io/api/v1/connect/token', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    integrationName: 'slack',
    connectionName: 'My Slack Workspace',
    externalId: 'tenant_123_slack',
    workspaceId: 'YOUR_WORKSPACE_ID',
  }),
})
const { token, connectUrl } = await res.json()
