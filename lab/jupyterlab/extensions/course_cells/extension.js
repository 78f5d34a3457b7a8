// What JupyterLab has no setting for. A cell that writes a file has the colours of that file's
// language, and one that changes it those of a patch. A notebook that is merely opened counts as
// unchanged. The menus' own names, which its language pack leaves in English, are the reader's; for
// a projector letters are larger, the sidebar closed. What lab told keeps its looks in a notebook that
// was stored. And the first page's buttons stop servers.
//
// JupyterLab loads this file as it is, and nothing has to be built: a container of modules, as its
// module federation wants one, with one plugin in it.
{
  const NAME = "course_cells"
  const WRITES = /^%%(writefile|patch|fill)\s+(?:-\w+\s+)*(\S+)\s*$/
  const MENUS = ["file", "edit", "view", "run", "kernel", "tabs", "settings", "help"]
  const STYLES = ["markup.css", "timeline.css"]
  const SIZES = {
    "--jp-code-font-size": "18px",
    "--jp-content-font-size1": "20px",
    "--jp-ui-font-size1": "16px",
    "--jp-cell-prompt-width": "84px", // of [100]:
  }
  let shared // the modules that JupyterLab has, by name and version

  async function module(name) {
    const [found] = Object.values(shared[name])
    return (await found.get())()
  }

  async function plugin() {
    const { INotebookTracker } = await module("@jupyterlab/notebook")
    const { IEditorServices } = await module("@jupyterlab/codeeditor")
    const codemirror = await module("@jupyterlab/codemirror")
    const { IMainMenu } = await module("@jupyterlab/mainmenu")
    const { PageConfig } = await module("@jupyterlab/coreutils")
    const colours = await coloursOfPatches()
    const constant = codemirror.EditorExtensionRegistry.createImmutableExtension
    const patches = constant(colours)
    const rows = constant(await indentedRows())
    const isProjected = PageConfig.getOption("courseProjector")
    return {
      id: `${NAME}:plugin`,
      autoStart: true,
      requires: [INotebookTracker, IEditorServices, codemirror.IEditorExtensionRegistry, IMainMenu],
      activate(app, notebooks, { mimeTypeService }, extensions, mainMenu) {
        extensions.addExtension({ name: `${NAME}:patches`, factory: () => patches })
        if (isProjected) extensions.addExtension({ name: `${NAME}:rows`, factory: () => rows })
        const colour = colouring((path) => mimeTypeService.getMimeTypeByFilePath(path))
        const watch = (panel) =>
          panel.context.ready.then(() => {
            keepUnchanged(panel.content.model)
            colourAll(panel.content.model.cells, colour)
          })
        bringStyles(PageConfig.getOption("fullLabextensionsUrl"))
        offerToStop(app.serviceManager.sessions)
        notebooks.forEach(watch) // of those that were open before, as after a reload
        notebooks.widgetAdded.connect((_, panel) => watch(panel))
        app.restored.then(() => {
          name(mainMenu, PageConfig.getOption("courseMenus"))
          if (isProjected) enlarge(app.shell)
        })
      },
    }
  }

  function addRule(rule) {
    const style = document.createElement("style")
    style.textContent = rule
    document.head.append(style)
  }

  function name(mainMenu, names) {
    if (!names) return
    names.split(",").forEach((label, at) => (mainMenu[`${MENUS[at]}Menu`].title.label = label))
  }

  // Its own setting for sizes counts only where a person has made it. What doesn't fit in a row any more
  // is wrapped between words; JupyterLab cuts them.
  function enlarge(shell) {
    for (const [name, size] of Object.entries(SIZES)) document.body.style.setProperty(name, size)
    addRule("body .jp-OutputArea-output pre { word-break: normal; overflow-wrap: anywhere }")
    shell.collapseLeft()
  }

  // Of outputs that it doesn't trust, as of a notebook that came with the course, JupyterLab shows no style.
  function bringStyles(extensions) {
    for (const name of STYLES) {
      const link = document.createElement("link")
      link.rel = "stylesheet"
      link.href = `${extensions}/${NAME}/${name}`
      document.head.append(link)
    }
  }

  // A server ends with the kernel that started it. Where this file isn't, the buttons stay hidden.
  function offerToStop(sessions) {
    addRule("button[data-course-session] { display: inline }")
    document.body.addEventListener("click", async ({ target }) => {
      const notebook = target.dataset?.courseSession
      if (!notebook) return
      await sessions.refreshRunning()
      for (const { id, path } of sessions.running()) {
        if (notebook.endsWith(`/${path}`)) await sessions.shutdown(id)
      }
      target.closest("li").remove()
    })
  }

  // JupyterLab's themes have no colours for the lines of a patch.
  async function coloursOfPatches() {
    const { HighlightStyle, syntaxHighlighting } = await module("@codemirror/language")
    const { tags } = await module("@lezer/highlight")
    const ground = (colour) => `color-mix(in srgb, ${colour} 18%, transparent)`
    return syntaxHighlighting(
      HighlightStyle.define([
        { tag: tags.inserted, backgroundColor: ground("green") },
        { tag: tags.deleted, backgroundColor: ground("red") },
      ]),
    )
  }

  // Of a line that is wrapped, the further rows stand more to the right: else each looks like a line.
  async function indentedRows() {
    const { Decoration, ViewPlugin } = await module("@codemirror/view")
    const decorations = ({ state, visibleRanges }) => {
      const found = []
      for (const { from, to } of visibleRanges) {
        for (let at = from; at <= to; ) {
          const line = state.doc.lineAt(at)
          const columns = line.text.match(/^[-+]?\s*/)[0].length + 4
          const style = `text-indent: -${columns}ch; padding-left: calc(${columns}ch + 6px)`
          found.push(Decoration.line({ attributes: { style } }).range(line.from))
          at = line.to + 1
        }
      }
      return Decoration.set(found)
    }
    const follow = (view) => ({
      decorations: decorations(view),
      update({ docChanged, viewportChanged, view }) {
        if (docChanged || viewportChanged) this.decorations = decorations(view)
      },
    })
    return ViewPlugin.define(follow, { decorations: (plugin) => plugin.decorations })
  }

  // JupyterLab notes in a notebook which version of its kernel has opened it, and takes that for a
  // change of the reader's. Another kernel is one.
  function keepUnchanged(model) {
    const set = model.setMetadata.bind(model)
    model.setMetadata = (key, value) => {
      const noted = ["kernelspec", "language_info"].includes(key)
      const same = noted && value?.name === model.getMetadata(key)?.name
      const unchanged = same && !model.dirty
      set(key, value)
      if (unchanged) model.dirty = false
    }
  }

  function colourAll(cells, colour) {
    const watch = (cell) => {
      if (cell.type !== "code") return
      cell.contentChanged.connect(colour)
      cell.mimeTypeChanged.connect(colour) // the kernel's language arrives later than the cells
      colour(cell)
    }
    for (const cell of cells) watch(cell)
    cells.changed.connect((_, change) => {
      if (change.type === "add" || change.type === "set") change.newValues.forEach(watch)
    })
  }

  function colouring(mimeTypeOf) {
    const kernels = new WeakMap() // the language that each cell has otherwise
    const given = new WeakMap()
    return (cell) => {
      const [, magic, path] = cell.sharedModel.source.split("\n", 1)[0].match(WRITES) ?? []
      const file = magic === "writefile" ? mimeTypeOf(path) : magic && "text/x-diff"
      if (cell.mimeType !== given.get(cell)) kernels.set(cell, cell.mimeType)
      const wanted = file && !file.includes("python") ? file : kernels.get(cell)
      given.set(cell, wanted)
      if (cell.mimeType !== wanted) cell.mimeType = wanted
    }
  }

  window._JUPYTERLAB ??= {}
  window._JUPYTERLAB[NAME] = {
    init(modules) {
      shared = modules
    },
    async get() {
      const found = await plugin()
      return () => ({ __esModule: true, default: found })
    },
  }
}
