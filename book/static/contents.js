// On a phone the page's contents lie over it: who has chosen a section there wants to read it.

const contents = document.getElementById("pst-secondary-sidebar-modal");
contents?.addEventListener("click", ({ target }) => {
  if (target.closest("a")) contents.close();
});
