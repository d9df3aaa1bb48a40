result = client.actions.execute(
    "slack",
    "send_channel_message",
    workspace_id="proj_abc123",
    end_user_id="user_456",
    input={"channel": "C0123456789", "text": "Hello!"},
)
