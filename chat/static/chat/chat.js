// A room's page: it shows what arrives, and keeps what is typed until the server has it.

import * as connection from "./connection.js";
import { isolated } from "./lines.js";
import { append, forget, onOlderWanted, showPage, shown } from "./messages.js";
import * as outbox from "./outbox.js";
import { worded } from "./words.js";

const people = document.getElementById("people")
const state = document.getElementById("state")
const form = document.getElementById("form")
const error = document.getElementById("error")
const button = form.querySelector("button")

const LOGGED_OUT = 4401
const NO_SUCH_ROOM = 4404
const TOO_MANY = 4429
const ENDS = {
  [LOGGED_OUT]: "logged-out",
  [NO_SUCH_ROOM]: "no-such-room",
}
const PAUSES = {
  [TOO_MANY]: "too-many",
}

function opened() {
  state.textContent = worded("connected")
  askForTheRest()
  connection.send({ type: "people" })
  outbox.sendNext()
}

function askForTheRest() {
  connection.send({ type: "history", after: shown.last ?? undefined, mark: shown.mark })
}

// Whether the connection is to come back.
function closed(code) {
  outbox.interrupted()
  state.textContent = worded(ENDS[code] ?? PAUSES[code] ?? "disconnected")
  button.disabled = code in ENDS
  if (code === LOGGED_OUT) clear() // the screen may be somebody else's by now
  return !(code in ENDS)
}

function clear() {
  forget()
  for (const place of [people, error, document.getElementById("waiting")]) place.replaceChildren()
  form.reset()
}

function received(frame) {
  switch (frame.type) {
    // Any other comes once more: in the history that was asked for.
    case "chat": return frame.id === shown.last + 1 && append([frame])
    case "history": return historyArrived(frame)
    case "confirm": return outbox.confirmed(frame.client_id)
    case "error": return refused(frame)
    case "reset": return startOver()
    case "notice": return notice(frame)
    case "people": return showPeople(frame.people)
    case "join": return showPeople([...namesShown(), frame.author])
    case "leave": return showPeople(namesShown().filter((name) => name !== frame.author))
  }
}

function historyArrived(page) {
  connection.isWell()
  showPage(page)
  outbox.recognise(page.messages)
  if (page.after !== null && page.more) askForTheRest()
}

// The history stepped back: what is shown here may not be there any more.
function startOver() {
  forget()
  error.textContent = worded("reset")
}

function notice({ code, detail }) {
  state.textContent = worded(code) ?? detail
}

function refused({ code, detail, ...about }) {
  if (code === "too-fast" || code === "not-stored") return setTimeout(askAgain, 1_000)
  error.textContent = worded(code, about) ?? detail // a code that this page doesn't know
  const text = outbox.takeBack()
  form.elements.message.value ||= text // back to where it was typed
}

// What was refused may have been a message or a question for the history.
function askAgain() {
  if (!connection.isOpen()) return
  outbox.interrupted()
  askForTheRest()
  outbox.sendNext()
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  error.textContent = ""
  outbox.add(form.elements.message.value)
  form.reset()
})
// Until here it was off: the browser itself would have sent the form, and the text with it.
button.disabled = false

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

onOlderWanted((first) => {
  if (connection.isOpen()) connection.send({ type: "history", before: first })
})

connection.open({ opened, received, closed, ask: askForTheRest })
