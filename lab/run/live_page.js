// Shows the project's page where the notebook shows a cell's output. It runs there, since only
// the browser knows at which address the notebook was opened; live_page.py sends it, and says
// why the page has to have an origin of its own.
async ({ port, path, framable, title, height, elsewhere, unreached, unframed }) => {
  const place = document.currentScript.parentElement.querySelector("em")
  const inVSCode = location.protocol === "vscode-webview:" // never the page's own origin

  if (!inVSCode && !["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) {
    place.textContent = elsewhere
    return
  }

  // A port makes an origin, but cookies know no ports: under another name than the notebook's,
  // Jupyter's stay away from the page too.
  const host = location.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1"
  const address = `http://${host}:${port}/${path}`

  if (!inVSCode && !(await answers(address))) {
    place.textContent = unreached
    return
  }

  if (!framable) {
    place.textContent = unframed
    return
  }

  const frame = document.createElement("iframe")
  frame.title = title
  frame.style = `width: 100%; height: ${height}px; border: 0`
  // Its own origin, and no way out of the frame: neither a window nor the notebook's tab.
  frame.sandbox = "allow-same-origin allow-scripts allow-forms"
  frame.src = address
  place.replaceWith(frame)

  async function answers(address) {
    try {
      await fetch(address, { method: "HEAD", mode: "no-cors", signal: AbortSignal.timeout(5000) })
      return true
    } catch {
      return false // nobody there, as in a saved notebook or behind a tunnel, or too slow
    }
  }
}
