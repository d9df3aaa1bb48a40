import httpx

res = httpx.post(
    "https://api.weavz.io/api/v1/connect/token",
    headers={"Authorization": "Bearer wvz_your_key"},
    json={
        "integrationName": "slack",
        "connectionName": "My Slack Workspace",
        "externalId": "tenant_123_slack",
        "workspaceId": "YOUR_WORKSPACE_ID",
    },
)
data = res.json()
token = data["token"]
connect_url = data["connectUrl"]
