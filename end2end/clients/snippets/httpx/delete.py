import httpx

httpx.delete(
    "https://api.weavz.io/api/v1/connections/conn_abc123",
    headers={"Authorization": "Bearer wvz_your_key"},
)
