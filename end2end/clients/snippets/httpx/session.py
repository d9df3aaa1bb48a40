import httpx

res = httpx.get(
    f"https://api.weavz.io/api/v1/connect/session/{session_id}",
    headers={"Authorization": "Bearer wvz_your_key"},
)
session = res.json()

if session["status"] == "completed":
    print("Connection created:", session["connection"]["id"])
elif session["status"] == "failed":
    print("Connect failed:", session["error"])
