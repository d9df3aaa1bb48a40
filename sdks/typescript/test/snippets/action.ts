const result = await client.actions.execute('slack', 'send_channel_message', {
  workspaceId: 'proj_abc123',
  endUserId: 'user_456',
  input: { channel: 'C0123456789', text: 'Hello!' },
})
