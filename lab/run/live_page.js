// Shows the project's page where the notebook shows a cell's output. It runs there, since only
// the browser knows at which address the notebook was opened; live_page.py sends it, and says
// why the page has to have an origin of its own.
async ({ port, hub, path, framable, title, height, ...words }) => {
  const place = document.currentScript.parentElement.querySelector("em")
  const inVSCode = location.protocol === "vscode-webview:" // never the page's own origin
  const onThisMachine = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)

  if (inVSCode ? hub : !(hub || onThisMachine)) {
    place.textContent = words.elsewhere
    return
  }

  const address = hub ? addressAtHub() : addressHere()
  if (hub) place.after(document.createElement("br"), linkTo(address))

  if (!inVSCode && !(await answers(address))) {
    place.textContent = words.unreached
    return
  }

  if (!framable) {
    place.textContent = words.unframed
    return
  }

  const frame = document.createElement("iframe")
  frame.title = title
  frame.style = `width: 100%; height: ${height}px; border: 0`
  // Its own origin, and no way out of the frame: neither a window nor the notebook's tab.
  frame.sandbox = "allow-same-origin allow-scripts allow-forms"
  frame.src = address
  place.replaceWith(frame)

  // A port makes an origin, but cookies know no ports: under another name than the notebook's,
  // Jupyter's stay away from the page too.
  function addressHere() {
    const host = location.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1"
    return `http://${host}:${port}/${path}`
  }

  // The hub has one name, so it keeps its cookies from the page itself (deploy/hub/pages.py).
  function addressAtHub() {
    return `${hub.scheme}://${location.hostname}:${hub.port}/${path}?${hub.query}`
  }

  function linkTo(address) {
    const link = document.createElement("a")
    link.href = address
    link.target = "_blank"
    link.rel = "noopener noreferrer"
    link.textContent = words.inWindow
    return link
  }

  async function answers(address) {
    try {
      await fetch(address, { method: "HEAD", mode: "no-cors", signal: AbortSignal.timeout(5000) })
      return true
    } catch {
      return false // nobody there, as in a saved notebook or behind a tunnel, or too slow
    }
  }
}
