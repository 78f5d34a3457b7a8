// Starts the slides. Diagrams are drawn when their slide is first shown, since what is hidden has no size.

const dark = matchMedia("(prefers-color-scheme: dark)");
const STEP = 320; // pixels that an arrow scrolls

const style = getComputedStyle(document.documentElement);
const [text, paper, soft, line, accent] = ["text", "paper", "soft", "line", "accent"].map((name) =>
  style.getPropertyValue(`--${name}`).trim(),
);
mermaid.initialize({
  startOnLoad: false,
  look: "classic",
  theme: "base",
  fontFamily: "system-ui",
  themeVariables: {
    darkMode: dark.matches,
    background: paper,
    primaryColor: soft,
    primaryTextColor: text,
    primaryBorderColor: accent,
    secondaryColor: soft,
    tertiaryColor: paper,
    lineColor: text,
    textColor: text,
    edgeLabelBackground: paper,
    noteBkgColor: soft,
    noteTextColor: text,
    noteBorderColor: line,
    fontSize: "18px",
  },
});

// A slide with more than fits scrolls under the arrows, and leads on from its end.
function scrollOr(direction, move) {
  const slide = Reveal.getCurrentSlide();
  const before = slide.scrollTop;
  slide.scrollBy({ top: direction * STEP, behavior: "instant" });
  if (slide.scrollTop === before) move();
}

async function show({ currentSlide }) {
  const undrawn = currentSlide.querySelectorAll("pre.mermaid:not([data-processed])");
  await mermaid.run({ nodes: undrawn });
  markWhatScrolls();
}

function markWhatScrolls() {
  const slide = Reveal.getCurrentSlide();
  const scrolls = slide.scrollHeight > slide.clientHeight;
  slide.classList.toggle("scrolls", scrolls);
  if (scrolls) slide.tabIndex = 0; // for who has only a keyboard
}

Reveal.on("ready", show);
Reveal.on("slidechanged", show);
addEventListener("toggle", markWhatScrolls, true); // a hint is unfolded
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  transition: "none",
  navigationMode: "linear",
  slideNumber: "c/t",
  keyboard: { 38: () => scrollOr(-1, () => Reveal.prev()), 40: () => scrollOr(1, () => Reveal.next()) },
  plugins: [RevealNotes],
});
