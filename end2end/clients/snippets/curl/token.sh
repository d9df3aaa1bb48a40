curl -X POST https://api.weavz.io/api/v1/connect/token \
  -H "Authorization: Bearer wvz_your_key" \
  -H "Content-Type: application/json" \
  -d '{
    "integrationName": "slack",
    "connectionName": "My Slack Workspace",
    "externalId": "tenant_123_slack",
    "workspaceId": "YOUR_WORKSPACE_ID"
  }'
