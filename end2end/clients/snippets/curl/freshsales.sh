curl -X POST https://api.weavz.io/api/v1/connections \
  -H "Authorization: Bearer wvz_your_key" \
  -H "Content-Type: application/json" \
  -d '{
    "type": "CUSTOM_AUTH",
    "integrationName": "freshsales",
    "externalId": "tenant_123_freshsales",
    "displayName": "Freshsales CRM",
    "props": {
      "base_url": "https://mycompany.freshsales.io",
      "api_key": "abc123..."
    }
  }'
