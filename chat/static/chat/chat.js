// A room's page. What is typed is kept until the server confirms it; what arrives is shown
// once, in order, as text. When the connection goes, it comes back and asks for the rest.

const room = document.querySelector("[data-socket]")
const scroll = document.getElementById("scroll")
const older = document.getElementById("older")
const messages = document.getElementById("messages")
const waitingLines = document.getElementById("waiting")
const people = document.getElementById("people")
const state = document.getElementById("state")
const error = document.getElementById("error")
const form = document.getElementById("form")
const button = form.querySelector("button")

// Built from the page's own address, it also holds behind HTTPS (wss) or a path prefix.
const url = new URL(room.dataset.socket, window.location.href)
url.protocol = url.protocol.replace("http", "ws")

const LOGGED_OUT = 4401
const NO_SUCH_ROOM = 4404
const TOO_MANY = 4429
const ENDS = {
  [LOGGED_OUT]: "A sua sessão terminou. Entre de novo para continuar.",
  [NO_SUCH_ROOM]: "Esta sala não existe mais.",
}
const LONGEST_WAIT = 30_000 // milliseconds between two attempts to connect
const SILENCE = 30_000 // after this long without a frame, ask whether anybody is there
const PATIENCE = 10_000 // how long an answer may take

let socket = null
let attempts = 0
let first = null // number of the oldest message shown
let last = null // and of the newest
let waiting = restore() // what the server has not confirmed yet, oldest first
let inFlight = null // the client_id of the one that was sent and has no answer yet
let silentSince = Date.now() // the last frame, or the moment since which one is due

// ---- the connection

function connect() {
  silentSince = Date.now()
  socket = new WebSocket(url)
  socket.onopen = opened
  socket.onmessage = (event) => received(JSON.parse(event.data))
  socket.onclose = (event) => closed(event.code)
}

function opened() {
  state.textContent = "Conectado."
  askForTheRest()
  send({ type: "people" })
  sendNext()
}

function closed(code) {
  socket.onopen = socket.onmessage = socket.onclose = null
  socket.close()
  inFlight = null
  if (code in ENDS) {
    end(code)
    return
  }
  state.textContent = code === TOO_MANY
    ? "Há janelas demais abertas nesta conta ou nesta rede. Feche alguma, e esta volta."
    : "Sem conexão. O que você escrever vai quando ela voltar."
  // At random, so that not everybody comes back in the same moment.
  const wait = Math.random() * Math.min(LONGEST_WAIT, 500 * 2 ** attempts)
  attempts += 1
  setTimeout(connect, wait)
}

// There is no way back from here: who left for ever, or the room.
function end(code) {
  state.textContent = ENDS[code]
  button.disabled = true
  if (code === LOGGED_OUT) clear() // the screen may be somebody else's by now
}

function send(frame) {
  socket.send(JSON.stringify(frame))
}

function askForTheRest() {
  send(last === null ? { type: "history" } : { type: "history", after: last })
}

const isOpen = () => socket.readyState === WebSocket.OPEN
const isConnecting = () => socket.readyState === WebSocket.CONNECTING

// A connection may be gone without a word: silence is answered with a question, and a question
// without an answer means that it is gone.
setInterval(() => {
  if (!isOpen() && !isConnecting()) return
  const silence = Date.now() - silentSince
  const limit = inFlight || isConnecting() ? PATIENCE : SILENCE + PATIENCE
  if (silence > limit) closed()
  else if (silence > SILENCE) askForTheRest()
}, 5_000)

window.addEventListener("offline", () => isOpen() && closed())

// ---- what arrives

function received(frame) {
  silentSince = Date.now()
  switch (frame.type) {
    // Any other comes once more: in the history that was asked for.
    case "chat": return last !== null && frame.id === last + 1 && append([frame])
    case "history": return historyArrived(frame)
    case "confirm": return confirmed(frame.client_id)
    case "error": return refused(frame)
    case "notice": return notice(frame)
    case "people": return showPeople(frame.people)
    case "join": return showPeople([...namesShown(), frame.author])
    case "leave": return showPeople(namesShown().filter((name) => name !== frame.author))
  }
}

function historyArrived({ after, messages: found, more }) {
  attempts = 0 // not earlier: a server may let everybody in and fail then
  prepend(found)
  append(found)
  last ??= 0
  if (after === null) older.hidden = !more
  else if (more) askForTheRest()
}

function notice({ detail }) {
  state.textContent = detail
}

function refused({ code, detail }) {
  if (code === "too-fast" || code === "not-stored") {
    setTimeout(askAgain, 1_000)
    return
  }
  error.textContent = detail
  if (inFlight === null) return
  // Back to where it was typed, unless something else stands there now.
  form.elements.message.value ||= waiting[0].message
  confirmed(inFlight)
}

// ---- what is typed

form.addEventListener("submit", (event) => {
  event.preventDefault()
  error.textContent = ""
  waiting.push({ client_id: newId(), message: form.elements.message.value })
  keep()
  form.reset()
  scroll.scrollTop = scroll.scrollHeight
  sendNext()
})
// Until here it was off: the browser itself would have sent the form, and the text with it.
button.disabled = false

// One at a time: they arrive in the order in which they were typed.
function sendNext() {
  if (!isOpen() || inFlight !== null || waiting.length === 0) return
  inFlight = waiting[0].client_id
  silentSince = Date.now()
  send({ ...waiting[0], message2: "" })
}

// What was refused may have been a message or a question for the history.
function askAgain() {
  if (!isOpen()) return
  inFlight = null
  askForTheRest()
  sendNext()
}

function confirmed(clientId) {
  waiting = waiting.filter((message) => message.client_id !== clientId)
  keep()
  if (inFlight === clientId) inFlight = null
  sendNext()
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

// Kept over a reload of the page too, where the browser lets a page keep anything.
function keep() {
  showWaiting()
  try {
    sessionStorage.setItem(storageKey(), JSON.stringify(waiting))
  } catch (refusal) {
    console.warn(refusal)
  }
}

function restore() {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey()) ?? "[]")
  } catch (refusal) {
    console.warn(refusal)
    return []
  }
}

function storageKey() {
  return `chat ${url.pathname} ${room.dataset.account}`
}

// By the account: its name may have been another account's before.
const isMine = ({ account }) => String(account ?? "") === room.dataset.account

// ---- what is shown

const { lang } = document.documentElement
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "short" })
const calendar = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "short" })
const inFull = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "long" })

function append(found) {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40
  for (const message of found) {
    if (message.id <= last) continue
    messages.append(line(message))
    first ??= message.id
    last = message.id
    if (inFlight && isMine(message) && message.client_id === inFlight) confirmed(inFlight) // it had arrived before
  }
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight
}

function prepend(found) {
  const old = found.filter((message) => message.id < first)
  if (old.length === 0) return
  const below = scroll.scrollHeight - scroll.scrollTop
  quietly(() => messages.prepend(...old.map(line)))
  first = old[0].id
  scroll.scrollTop = scroll.scrollHeight - below
}

// A screen reader reads what comes to the messages: not what is no news.
function quietly(change) {
  messages.setAttribute("aria-live", "off")
  change()
  setTimeout(() => messages.removeAttribute("aria-live"))
}

function line({ author, message, message2, said_at }) {
  const paragraph = document.createElement("p")
  const name = isolated(author || "visitante")
  name.className = author ? "author" : "guest"
  const time = document.createElement("time")
  time.dateTime = said_at
  showTime(time)
  const said = isolated([message, message2].filter(Boolean).join("\n"))
  paragraph.append(name, ": ", said, " ", time)
  return paragraph
}

// What somebody wrote: as text, never elements of this page; and whichever way its writing
// runs, or says that it runs, what stands beside it keeps its own.
function isolated(text) {
  const element = document.createElement("bdi")
  element.textContent = text
  return element
}

function showTime(time) {
  const said = new Date(time.dateTime)
  const isOfToday = said.toDateString() === new Date().toDateString()
  time.textContent = (isOfToday ? clock : calendar).format(said)
  time.title = inFull.format(said)
}

// At midnight what was said today becomes what was said yesterday.
let day = new Date().toDateString()
setInterval(() => {
  const today = new Date().toDateString()
  if (day !== today) quietly(() => messages.querySelectorAll("time").forEach(showTime))
  day = today
}, 60_000)

function showWaiting() {
  waitingLines.replaceChildren(...waiting.map(({ message }) => {
    const paragraph = document.createElement("p")
    paragraph.append(isolated(message), " (enviando…)")
    return paragraph
  }))
}

function clear() {
  for (const place of [messages, waitingLines, people]) place.replaceChildren()
  older.hidden = true
  error.textContent = ""
  form.reset()
}

function namesShown() {
  return [...people.children].map((item) => item.textContent)
}

function showPeople(names) {
  const unique = [...new Set(names)].sort((a, b) => a.localeCompare(b))
  people.replaceChildren(...unique.map((name) => {
    const item = document.createElement("li")
    item.append(isolated(name))
    return item
  }))
}

function askForOlder() {
  if (isOpen() && !older.hidden) send({ type: "history", before: first })
}

older.addEventListener("click", askForOlder)
new IntersectionObserver(([entry]) => entry.isIntersecting && askForOlder(), { root: scroll })
  .observe(older)

showWaiting()
connect()
