import { WeavzClient } from '@weavz/sdk'

const client = new WeavzClient({ apiKey: 'wvz_your_key' })
const { token, connectUrl } = await client.connect.createToken({
  integrationName: 'slack',
  connectionName: 'My Slack Workspace',
  externalId: 'tenant_123_slack',
  workspaceId: 'YOUR_WORKSPACE_ID',
})
