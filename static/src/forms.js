// Forms: one press is one sending; a chosen file is shown; the first mistake is where the keyboard stands.
// The server is safe against a second sending by itself; this only spares people the doubt.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((button) => (button.disabled = true)));
});

// The page may come back from the browser's memory.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button:not([type=button])").forEach((button) => (button.disabled = false));
  }
});

// A file that is too large is said beside its field and not sent; the server would refuse it only after all of it has arrived.
const isTooLarge = (field) => [...field.files].some((file) => file.size > Number(field.dataset.limit) * 1_000_000);

document.addEventListener(
  "submit",
  (event) => {
    const large = [...event.target.querySelectorAll("input[type=file][data-limit]")].find(isTooLarge);
    if (!large) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    large.focus();
  },
  true,
);

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=file][data-file]")) return;
  document.getElementById(`${target.id}-large`).hidden = !isTooLarge(target);
  const image = [...target.files].find((file) => /^image\/(png|jpeg|webp|gif)$/.test(file.type));
  let preview = target.parentElement.querySelector("[data-preview]");
  preview?.remove();
  if (!image) return;
  const reader = new FileReader();
  reader.onload = () => {
    preview = document.createElement("img");
    preview.dataset.preview = "";
    preview.alt = image.name;
    preview.className = "file-preview";
    preview.src = reader.result;
    target.after(preview);
  };
  reader.readAsDataURL(image);
});

// What is chosen may be told of elsewhere on the page: that part is opened.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("select[data-opens]")) return;
  const told = document.getElementById(target.dataset.opens + target.value);
  if (told) told.open = true;
});

// A filter that is chosen is applied at once.
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-filters] select")) target.form.requestSubmit();
});

document.querySelector('main [aria-invalid="true"]')?.focus();

// Times are shown where the browser is, unless somebody chose another place or has settled on one.
const zones = document.querySelector("form[data-own-zone]");
if (zones && !new URLSearchParams(location.search).has("zone") && !zones.dataset.settled) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choice = [...zones.elements.zone.options].find((one) => one.value === here);
  if (choice && zones.elements.zone.value !== here) {
    zones.elements.zone.value = here;
    zones.requestSubmit();
  }
}

// What is too long is told while one types, and kept whole: a browser that keeps to `maxlength` cuts the end of a pasted text without a word.
const tooLong = () => document.body.dataset.tooLong;

document.addEventListener("focusin", ({ target }) => {
  if (!target.matches("input[maxlength], textarea[maxlength]") || !tooLong() || target.closest("form[method=get]")) return;
  target.dataset.most = target.getAttribute("maxlength");
  target.removeAttribute("maxlength");
});

document.addEventListener("input", ({ target }) => {
  if (!target.dataset?.most || !tooLong()) return;
  const length = [...target.value].length;
  const over = length > Number(target.dataset.most);
  target.setCustomValidity(over ? tooLong().replace("{most}", target.dataset.most).replace("{length}", length) : "");
  if (over) target.reportValidity();
});

// Where nobody said which zone is theirs, times are typed in that of the browser.
const unsaid = document.querySelector("select[data-zone-unsaid]");
if (unsaid) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...unsaid.options].some((one) => one.value === here)) unsaid.value = here;
}
