// A page with forms: sending one asks first where another was changed and not saved, or was refused; so does leaving by a link.
const isChanged = (field) => {
  if (field.type === "hidden" || field.disabled) return false;
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (!field.matches("select")) return "defaultValue" in field && field.value !== field.defaultValue;
  const said = [...field.options].some((option) => option.defaultSelected);
  return said ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.selectedIndex > 0;
};

const isUnsaved = (form) => form.method === "post" && (form.hasAttribute("data-unsaved") || [...form.elements].some(isChanged));

const guarded = () => document.querySelector("[data-guarded]");
const unsavedIn = (page, but) => [...page.querySelectorAll("form")].find((form) => form !== but && isUnsaved(form));

// Ask whether to go on although ``form`` is not saved; who goes back stands at what is to be saved.
const ask = (event, page, form, goOn) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.getElementById(page.dataset.guarded);
  let goes = false;
  dialog.querySelector("[data-go-on]").onclick = () => {
    goes = true;
    dialog.close();
    goOn();
  };
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  dialog.onclose = () => goes || (form.querySelector("[aria-invalid=true]") ?? [...form.elements].find(isChanged))?.focus();
  dialog.showModal();
};

document.addEventListener(
  "submit",
  (event) => {
    const page = guarded();
    const { target: form, submitter } = event;
    if (!page || form.method !== "post" || form.dataset.goesOn || submitter?.matches("[hx-post], [formtarget]")) return;
    const other = unsavedIn(page, form);
    if (!other) return;
    ask(event, page, other, () => {
      form.dataset.goesOn = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.goesOn;
    });
  },
  true,
);

const leaves = (link) => !link.target && !link.hasAttribute("download") && !(link.hash && link.href.split("#")[0] === location.href.split("#")[0]);

document.addEventListener(
  "click",
  (event) => {
    const page = guarded();
    const link = event.target.closest?.("a[href]");
    if (!page || !link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !leaves(link)) return;
    const form = unsavedIn(page);
    if (form) ask(event, page, form, () => location.assign(link.href));
  },
  true,
);
