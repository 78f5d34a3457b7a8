// Draws each diagram in the page's colours, and again when these change. Until then, and where it
// can't be drawn, its text is what the reader sees.

const figures = [...document.querySelectorAll("figure.diagram")];
// A smaller diagram could no longer be read: it scrolls instead.
const LEAST_SCALE = 0.65;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--pst-color-${name}`).trim();
  const [text, surface, background] = ["text-base", "surface", "background"].map(colour);
  return {
    background,
    primaryColor: surface,
    primaryTextColor: text,
    primaryBorderColor: colour("primary"),
    secondaryColor: surface,
    tertiaryColor: background,
    lineColor: text,
    textColor: text,
    edgeLabelBackground: background,
    noteBkgColor: surface,
    noteTextColor: text,
    noteBorderColor: colour("border"),
    fontSize: "15px",
  };
}

async function draw(theme) {
  mermaid.initialize({
    startOnLoad: false,
    look: "classic",
    theme: "base",
    themeVariables: { darkMode: theme === "dark", ...colours() },
    fontFamily: getComputedStyle(document.body).fontFamily,
  });
  for (const [number, figure] of figures.entries()) {
    const text = figure.querySelector("details");
    const source = text.querySelector("pre").textContent;
    const drawing = figure.querySelector(".drawing");
    if (drawing.hidden) text.open = false;
    drawing.hidden = false;
    // Measured where it will stand, in the letters that it will have.
    const { svg } = await mermaid.render(`diagram-${number}`, source, drawing);
    drawing.innerHTML = svg;
    const drawn = drawing.querySelector("svg");
    drawn.setAttribute("aria-label", nameOf(figure));
    drawn.style.minWidth = `${LEAST_SCALE * drawn.viewBox.baseVal.width}px`;
  }
}

function nameOf(figure) {
  const title = figure.closest("section")?.querySelector("h1, h2, h3, h4")?.firstChild.textContent;
  return title ? `${figure.dataset.name}: ${title}` : figure.dataset.name;
}

// The page begins as "auto", without colours, until the theme has asked the browser.
let drawnIn = "auto";
function drawIfChanged() {
  const { theme } = document.documentElement.dataset;
  if (["auto", drawnIn].includes(theme)) return;
  drawnIn = theme;
  draw(theme);
}
new MutationObserver(drawIfChanged).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});
drawIfChanged();
