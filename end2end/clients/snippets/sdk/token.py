from weavz_sdk import WeavzClient

client = WeavzClient(api_key="wvz_your_key")

result = client.connect.create_token(
    integration_name="slack",
    connection_name="My Slack Workspace",
    external_id="tenant_123_slack",
    workspace_id="YOUR_WORKSPACE_ID",
)
token = result["token"]
connect_url = result["connectUrl"]
