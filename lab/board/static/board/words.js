// What the page says, in the teacher's language: it comes with the page.

export const words = JSON.parse(document.getElementById("words").textContent);

export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
