// First create a token, then open popup
const { token, connectUrl } = await client.connect.createToken({
  integrationName: 'slack',
  connectionName: 'My Slack Workspace',
  externalId: 'tenant_123_slack',
  workspaceId: 'YOUR_WORKSPACE_ID',
})

// Opens a popup, waits for completion, returns the connection result
const result = await client.connect.popup({ token, connectUrl })
console.log('Connection created:', result.connectionId)
