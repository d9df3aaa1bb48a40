# Create a connection with an external ID
client.connections.create(
    type="SECRET_TEXT",
    integration_name="openai",
    external_id="user_456",  # Your user's ID
    display_name="User 456 OpenAI Key",
    secret_text="sk-...",
)

# Later, resolve the connection by external ID
result = client.connections.resolve(
    integration_name="openai",
    external_id="user_456",
)
