// Questions in native dialogs; menus made of <details> that close as menus do.
document.addEventListener("click", (event) => {
  const asking = event.target.closest("[data-asks]");
  if (asking) {
    event.preventDefault();
    document.getElementById(asking.dataset.asks).showModal();
    return;
  }
  const closing = event.target.closest("[data-close]");
  if (closing) event.preventDefault();
  if (closing || event.target.matches("dialog.modal")) event.target.closest("dialog").close();
  for (const menu of document.querySelectorAll("details[data-drop][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-drop][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A link that asks is pressed like the button it looks like.
document.addEventListener("keydown", (event) => {
  const pressed = event.key === " " && event.target.closest("a[role=button]");
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});
