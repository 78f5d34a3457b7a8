// What scrolls sideways can be reached and scrolled with the keyboard; what doesn't is no stop for Tab.

const scrollers = [...document.querySelectorAll(".highlight pre, .pst-scrollable-table-container, .drawing, .diagram pre")];

const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const scroller of scrollers) sizes.observe(scroller);
