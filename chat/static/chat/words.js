// What the page says, in its reader's language: the template brings the words.

const words = document.getElementById("words").content
const { lang } = document.documentElement

// The text of that code, with what it is about in its places; undefined if there is none.
export function worded(code, about = {}) {
  const text = words.getElementById(code)?.textContent
  return text?.replace(/{(\w+)}/g, (_, place) => about[place]?.toLocaleString(lang) ?? "…")
}
