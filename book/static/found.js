// A hit of the search opens at the first section with all its words, and they are marked there. Sphinx
// marks them only where the theme hasn't brought the search into each page.

const results = document.getElementById("search-results");
const asked = new URLSearchParams(location.search);
results?.addEventListener("click", ({ target }) => {
  const link = target.closest("a");
  if (link) link.search = new URLSearchParams({ highlight: asked.get("q") });
});

const words = (asked.get("highlight") ?? "").toLowerCase().split(/\s+/);
const searched = words.filter((word) => word && !stopwords.has(word)); // what the search itself leaves out
if (searched.length) {
  const article = document.querySelector("article");
  const hasAll = ({ textContent }) => searched.every((word) => textContent.toLowerCase().includes(word));
  const innermost = (section) => hasAll(section) && ![...section.querySelectorAll("section")].some(hasAll);
  const section = [...article.querySelectorAll("section")].find(innermost) ?? article;
  for (const word of searched) _highlightText(article, word, "highlighted");
  if (!location.hash) section.querySelector(".highlighted:not(details *)")?.scrollIntoView({ block: "center" });
}
