curl -X DELETE https://api.weavz.io/api/v1/connections/conn_abc123 \
  -H "Authorization: Bearer wvz_your_key"
