// How a message looks.

import { worded } from "./words.js";

const { lang } = document.documentElement
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "short" })
const calendar = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "short" })
const inFull = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "long" })

export function line({ author, former, message, message2, said_at }) {
  const paragraph = document.createElement("p")
  const name = isolated(former ? worded("gone", { former }) : author || worded("guest"))
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
export function isolated(text) {
  const element = document.createElement("bdi")
  element.textContent = text
  return element
}

// The time alone if it was today, with its date if not.
export function showTime(time) {
  const said = new Date(time.dateTime)
  const isOfToday = said.toDateString() === new Date().toDateString()
  time.textContent = (isOfToday ? clock : calendar).format(said)
  time.title = inFull.format(said)
}
