const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
const socket = new WebSocket(`${scheme}://${location.host}/ws/socket-server/`)

socket.addEventListener('message', ({ data }) => {
  const { type, message } = JSON.parse(data)
  if (type !== 'chat') return
  const item = document.createElement('li')
  item.textContent = message
  document.querySelector('#log').append(item)
})

document.querySelector('#say').addEventListener('submit', (event) => {
  event.preventDefault()
  const [message, message2] = ['first', 'second'].map((id) => document.getElementById(id).value)
  socket.send(JSON.stringify({ message, message2, client: 'static' }))
})
