import httpx

headers = {"Authorization": "Bearer wvz_your_key"}

# Create a connection with an external ID
httpx.post(
    "https://api.weavz.io/api/v1/connections",
    headers=headers,
    json={
        "type": "SECRET_TEXT",
        "integrationName": "openai",
        "externalId": "user_456",
        "displayName": "User 456 OpenAI Key",
        "secretText": "sk-...",
    },
)

# Later, resolve the connection by external ID
res = httpx.post(
    "https://api.weavz.io/api/v1/connections/resolve",
    headers=headers,
    json={
        "integrationName": "openai",
        "externalId": "user_456",
    },
)
connection = res.json()["connection"]
