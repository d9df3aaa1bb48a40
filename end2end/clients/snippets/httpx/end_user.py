import httpx

headers = {"Authorization": "Bearer wvz_your_key"}

# Register the end user
res = httpx.post(
    "https://api.weavz.io/api/v1/end-users",
    headers=headers,
    json={
        "workspaceId": "proj_abc123",
        "externalId": "user_456",
        "displayName": "Alice Johnson",
    },
)
end_user = res.json()["endUser"]

# Generate a connect URL for Slack
res = httpx.post(
    f"https://api.weavz.io/api/v1/end-users/{end_user['id']}/connect-token",
    headers=headers,
    json={"integrationName": "slack"},
)
connect_url = res.json()["connectUrl"]
