// Who changes the language stays where they are on the page: its cells have the same names in both.

for (const link of document.querySelectorAll(".language-switch")) {
  link.addEventListener("click", () => {
    const passed = [...document.querySelectorAll('[id^="cell-"]')].filter(
      (place) => place.getBoundingClientRect().top < window.innerHeight / 3,
    );
    link.hash = passed.at(-1)?.id ?? "";
  });
}
