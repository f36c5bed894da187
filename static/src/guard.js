// A page of several forms: sending one asks first where another was changed and not saved, or was refused.
const isChanged = (field) => {
  if (field.type === "hidden" || field.disabled) return false;
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (!field.matches("select")) return "defaultValue" in field && field.value !== field.defaultValue;
  const said = [...field.options].some((option) => option.defaultSelected);
  return said ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.selectedIndex > 0;
};

const isUnsaved = (form) => form.method === "post" && (form.hasAttribute("data-unsaved") || [...form.elements].some(isChanged));

document.addEventListener(
  "submit",
  (event) => {
    const page = document.querySelector("[data-guarded]");
    const { target: form, submitter } = event;
    if (!page || form.method !== "post" || form.dataset.goesOn || submitter?.matches("[hx-post], [formtarget]")) return;
    const other = [...page.querySelectorAll("form")].find((one) => one !== form && isUnsaved(one));
    if (!other) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById(page.dataset.guarded);
    dialog.querySelector("[data-go-on]").onclick = () => {
      form.dataset.goesOn = "yes";
      dialog.close();
      form.requestSubmit(submitter);
      delete form.dataset.goesOn;
    };
    for (const open of document.querySelectorAll("dialog[open]")) open.close();
    dialog.onclose = () => form.dataset.goesOn || (other.querySelector("[aria-invalid=true]") ?? [...other.elements].find(isChanged))?.focus();
    dialog.showModal();
  },
  true,
);
