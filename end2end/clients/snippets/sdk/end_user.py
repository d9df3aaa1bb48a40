# Register the end user
result = client.end_users.create(
    workspace_id="proj_abc123",
    external_id="user_456",
    display_name="Alice Johnson",
)
end_user = result["endUser"]

# Generate a connect URL for Slack
result = client.end_users.create_connect_token(
    end_user["id"],
    integration_name="slack",
)
connect_url = result["connectUrl"]

# Open connect_url in a popup for the user to authorize
