import httpx

res = httpx.post(
    "https://api.weavz.io/api/v1/connections",
    headers={"Authorization": "Bearer wvz_your_key"},
    json={
        "type": "SECRET_TEXT",
        "integrationName": "openai",
        "externalId": "tenant_123_openai",
        "displayName": "OpenAI Production",
        "secretText": "sk-proj-abc123...",
    },
)
connection = res.json()["connection"]
