result = client.connections.create(
    type="CUSTOM_AUTH",
    integration_name="freshsales",
    external_id="tenant_123_freshsales",
    display_name="Freshsales CRM",
    props={
        "base_url": "https://mycompany.freshsales.io",
        "api_key": "abc123...",
    },
)
