await fetch('https://api.weavz.io/api/v1/connections/conn_abc123', {
  method: 'DELETE',
  headers: { 'Authorization': 'Bearer wvz_your_key' },
})
