// Register the end user
const userRes = await fetch('https://api.weavz.io/api/v1/end-users', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer wvz_your_key',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    workspaceId: 'proj_abc123',
    externalId: 'user_456',
    displayName: 'Alice Johnson',
  }),
})
const { endUser } = await userRes.json()

// Generate a connect URL for Slack
const tokenRes = await fetch(
  `https://api.weavz.io/api/v1/end-users/${endUser.id}/connect-token`,
  {
    method: 'POST',
    headers: {
      'Authorization': 'Bearer wvz_your_key',
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ integrationName: 'slack' }),
  }
)
const { connectUrl } = await tokenRes.json()
