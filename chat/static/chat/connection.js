// A room's WebSocket: when it is lost, it comes back; and silence isn't taken for peace.

const LONGEST_WAIT = 8_000 // milliseconds between two attempts to connect
const SILENCE = 30_000 // after this long without a frame, ask whether anybody is there
const PATIENCE = 10_000 // how long an answer may take

// Built from the page's own address, it also holds behind HTTPS (wss) or a path prefix.
const { socket: address } = document.querySelector("[data-socket]").dataset
export const url = new URL(address, window.location.href)
url.protocol = url.protocol.replace("http", "ws")

let socket = null
let page = null // its opened(), received(frame), ask(), and closed(code): whether to come back
let attempts = 0
let heardAt = null // when the last frame came
let askedAt = null // since when an answer is due, if one is
let hurry = () => {} // ends the wait: the network is back, or somebody types

export const isOpen = () => socket?.readyState === WebSocket.OPEN
export const isWell = () => { attempts = 0 } // not when it opens: it may fail right then
const after = (wait) => new Promise((done) => setTimeout(done, wait))

export function open(by = page) {
  page = by
  askedAt = Date.now()
  socket = new WebSocket(url)
  socket.onopen = page.opened
  socket.onmessage = (event) => {
    heardAt = Date.now()
    askedAt = null
    page.received(JSON.parse(event.data))
  }
  socket.onclose = (event) => lost(event.code)
}

export function send(frame) {
  askedAt ??= Date.now() // each frame gets an answer
  socket.send(JSON.stringify(frame))
}

async function lost(code) {
  socket.onopen = socket.onmessage = socket.onclose = null
  socket.close()
  if (!page.closed(code)) return
  // At random, so that not all come back in one moment.
  const drawn = after(Math.random() * Math.min(LONGEST_WAIT, 500 * 2 ** attempts++))
  const hurried = new Promise((done) => { hurry = done })
  const soon = Promise.all([hurried, after(1_000)]) // both, or each key would try anew
  await Promise.race([drawn, soon]) // the first of the two
  open()
}

// It may be gone without a word: silence gets a question, and a question needs an answer.
setInterval(() => {
  if (socket.readyState > WebSocket.OPEN) return
  if (askedAt !== null && Date.now() - askedAt > PATIENCE) lost()
  if (askedAt === null && Date.now() - heardAt > SILENCE) page.ask()
}, 5_000)
window.addEventListener("offline", () => isOpen() && lost())
for (const hope of ["online", "input", "submit"]) window.addEventListener(hope, () => hurry())
