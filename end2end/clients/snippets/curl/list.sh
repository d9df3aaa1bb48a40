curl https://api.weavz.io/api/v1/connections \
  -H "Authorization: Bearer wvz_your_key"
