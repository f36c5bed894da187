// The chosen theme shows at once; the form behind the buttons keeps it.
const THEMES = { light: "laurel", dark: "laurel-dark" };

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const chosen = event.submitter.value;
  if (THEMES[chosen]) document.documentElement.dataset.theme = THEMES[chosen];
  else delete document.documentElement.dataset.theme;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", button === event.submitter);
  document.dispatchEvent(new Event("laurel:theme"));
  fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual" });
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest("[data-toast]").remove();
});

function showDismiss() {
  for (const button of document.querySelectorAll("[data-dismiss][hidden]")) button.hidden = false;
}
showDismiss();
document.addEventListener("htmx:afterSettle", showDismiss);
