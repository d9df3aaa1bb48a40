curl https://api.weavz.io/api/v1/connect/session/cs_abc123 \
  -H "Authorization: Bearer wvz_your_key"
