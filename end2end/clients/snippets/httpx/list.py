import httpx

res = httpx.get(
    "https://api.weavz.io/api/v1/connections",
    headers={"Authorization": "Bearer wvz_your_key"},
)
connections = res.json()["connections"]
