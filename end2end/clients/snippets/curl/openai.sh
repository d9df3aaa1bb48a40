curl -X POST https://api.weavz.io/api/v1/connections \
  -H "Authorization: Bearer wvz_your_key" \
  -H "Content-Type: application/json" \
  -d '{
    "type": "SECRET_TEXT",
    "integrationName": "openai",
    "externalId": "tenant_123_openai",
    "displayName": "OpenAI Production",
    "secretText": "sk-proj-abc123..."
  }'
