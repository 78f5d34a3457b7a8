// What was said, as it is shown: each message once, in order, from the first to the last here.

import { line, showTime } from "./lines.js";

const scroll = document.getElementById("scroll")
const older = document.getElementById("older")
const messages = document.getElementById("messages")

export const shown = { first: null, last: null, mark: undefined } // numbers; the last one's mark

// A page of the history: the last messages, those after the last one here, or older ones.
export function showPage({ after, before, messages: found, more }) {
  if (before === null) append(found)
  else if (before === shown.first) prepend(found)
  if (after === null) older.hidden = !more
}

export function append(found) {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40
  const added = found.filter(({ id }) => id > shown.last)
  messages.append(...added.map(line))
  shown.first ??= added[0]?.id
  shown.last = added.at(-1)?.id ?? shown.last ?? 0
  shown.mark = added.at(-1)?.mark ?? shown.mark
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight
}

function prepend(found) {
  if (found.length === 0) return
  const below = scroll.scrollHeight - scroll.scrollTop
  quietly(() => messages.prepend(...found.map(line)))
  shown.first = found[0].id
  scroll.scrollTop = scroll.scrollHeight - below
}

export function forget() {
  messages.replaceChildren()
  older.hidden = true
  Object.assign(shown, { first: null, last: null, mark: undefined })
}

// A screen reader reads what comes to the messages: not what is no news.
function quietly(change) {
  messages.setAttribute("aria-live", "off")
  change()
  setTimeout(() => messages.removeAttribute("aria-live"))
}

export function onOlderWanted(ask) {
  const wanted = () => older.hidden || ask(shown.first)
  older.addEventListener("click", wanted)
  new IntersectionObserver(([it]) => it.isIntersecting && wanted(), { root: scroll }).observe(older)
}

// At midnight what was said today becomes what was said yesterday.
let day = new Date().toDateString()
setInterval(() => {
  const today = new Date().toDateString()
  if (day !== today) quietly(() => messages.querySelectorAll("time").forEach(showTime))
  day = today
}, 60_000)
