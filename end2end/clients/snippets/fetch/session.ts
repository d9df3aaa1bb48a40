const res = await fetch(`https://api.weavz.io/api/v1/connect/session/${sessionId}`, {
  headers: { 'Authorization': 'Bearer wvz_your_key' },
})
const session = await res.json()

if (session.status === 'completed') {
  console.log('Connection created:', session.connection.id)
} else if (session.status === 'failed') {
  console.error('Connect failed:', session.error)
}
