// Register the end user
const { endUser } = await client.endUsers.create({
  workspaceId: 'proj_abc123',
  externalId: 'user_456',
  displayName: 'Alice Johnson',
})

// Generate a connect URL for Slack
const { connectUrl } = await client.endUsers.createConnectToken(
  endUser.id,
  { integrationName: 'slack' }
)
// Open connectUrl in a popup for the user to authorize
