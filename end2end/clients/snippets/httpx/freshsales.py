import httpx

res = httpx.post(
    "https://api.weavz.io/api/v1/connections",
    headers={"Authorization": "Bearer wvz_your_key"},
    json={
        "type": "CUSTOM_AUTH",
        "integrationName": "freshsales",
        "externalId": "tenant_123_freshsales",
        "displayName": "Freshsales CRM",
        "props": {
            "base_url": "https://mycompany.freshsales.io",
            "api_key": "abc123...",
        },
    },
)
connection = res.json()["connection"]
