const res = await fetch('https://api.weavz.io/api/v1/connections', {
  headers: { 'Authorization': 'Bearer wvz_your_key' },
})
const { connections } = await res.json()
