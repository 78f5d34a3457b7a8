// What is typed: kept until the server confirms it, and sent one by one, in order.

import { isOpen, send, url } from "./connection.js";
import { isolated } from "./lines.js";
import { worded } from "./words.js";

const lines = document.getElementById("waiting")
const { account } = document.querySelector("[data-account]").dataset
const key = `chat ${url.pathname} ${account}` // nobody sends what another account typed

let waiting = kept() // what the server has not confirmed yet, oldest first
let inFlight = null // the client_id of the one that was sent and has no answer yet

export function add(message) {
  waiting.push({ client_id: newId(), message })
  keep()
  lines.scrollIntoView({ block: "end" })
  sendNext()
}

export function sendNext() {
  if (!isOpen() || inFlight !== null || waiting.length === 0) return
  inFlight = waiting[0].client_id
  send({ ...waiting[0], message2: "" })
}

export function confirmed(clientId) {
  waiting = waiting.filter((message) => message.client_id !== clientId)
  keep()
  if (inFlight === clientId) inFlight = null
  sendNext()
}

// One that had arrived before may be among those that are read on coming back.
export function recognise(found) {
  const isMine = (message) => String(message.account ?? "") === account // a name may be another's
  if (found.some((each) => (each.client_id ?? "") === inFlight && isMine(each))) confirmed(inFlight)
}

export function interrupted() {
  inFlight = null // no answer comes any more: it has to be sent again
}

// What was typed, and the server will never take.
export function takeBack() {
  const message = inFlight === null ? "" : waiting[0].message
  if (message) confirmed(inFlight)
  return message
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

// Over a reload of the page too, where the browser lets a page keep anything.
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]")
  } catch (refusal) {
    console.warn(refusal)
    return []
  }
}

export function keep() {
  try {
    sessionStorage.setItem(key, JSON.stringify(waiting))
  } catch (refusal) {
    console.warn(refusal)
  }
  lines.replaceChildren(...waiting.map(({ message }) => {
    const paragraph = document.createElement("p")
    paragraph.append(isolated(message), ` ${worded("sending")}`)
    return paragraph
  }))
}

keep()
