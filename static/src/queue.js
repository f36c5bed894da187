// The queue by keyboard: j and k move, x selects, a approves, d, m, f and p open a verdict with words, t takes, u undoes. Only while the keyboard stands in the
// queue, so that no single letter surprises anybody elsewhere (WCAG 2.1.4).
const queue = () => document.querySelector("[data-queue]");
const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => rows().findIndex((row) => row.hasAttribute("data-current"));

function move(step) {
  const list = rows();
  const row = list[Math.min(Math.max(current() + step, 0), list.length - 1)];
  if (row) row.querySelector("a").click();
}

// The row whose panel is shown is the current one.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row] a")?.closest("[data-row]");
  if (!row) return;
  for (const other of rows()) other.toggleAttribute("data-current", other === row);
  row.querySelector("a").focus();
});

// The keyboard may stand in the panel that is being replaced, where it would be lost with it: it goes to the line.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!queue()?.contains(detail.target) || !detail.target.contains(document.activeElement)) return;
  rows()[current()]?.querySelector("a").focus({ preventScroll: true });
});

// A quick j and a must not decide the line before: its panel still stands there until the next one has come.
const shown = (selector) => {
  const key = rows()[current()]?.dataset.row;
  return key ? document.querySelector(`[data-panel="${key}"]`)?.querySelector(selector) : null;
};

// Open a verdict that needs words, with the keyboard in its first field and all of it in view: at once, so that nothing moves.
function unfold(verdict) {
  const form = shown(`[data-verdict="${verdict}"]`);
  if (!form) return;
  form.open = true;
  form.querySelector("input:not([type=hidden]), textarea").focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest", behavior: "instant" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => rows()[current()]?.querySelector("input[type=checkbox]").click(),
  a: () => shown("[data-approve]")?.click(),
  m: () => unfold("more"),
  f: () => unfold("feedback"),
  p: () => unfold("partial"),
  u: () => document.querySelector("[data-undo]")?.click(),
  t: () => shown("[data-take]")?.click(),
  d: () => unfold("decline"),
};

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || !queue()?.contains(event.target)) return;
  if (event.target.matches("textarea, select, input:not([type=checkbox])")) return;
  event.preventDefault();
  // A key that is held moves; whatever decides takes a press of its own.
  if (event.repeat && !"jk".includes(event.key)) return;
  // Where the page has just come, also after a verdict, an a leads into the list: nothing is approved that nobody turned to.
  if (event.key === "a" && event.target === queue()) move(0);
  else act();
});

function count() {
  const chosen = document.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
  for (const place of document.querySelectorAll("[data-chosen]")) place.textContent = chosen;
  for (const button of document.querySelectorAll("[data-needs-choice]")) button.disabled = chosen === 0;
}

// What is chosen stays chosen when one line is decided, which loads the page anew; for that one time, so that nobody finds old ticks.
const CHOSEN = "queue-chosen";
document.addEventListener("submit", ({ target }) => {
  if (!target.closest("[data-panel]") || !queue()) return;
  const keys = [...document.querySelectorAll("[data-row] input[type=checkbox]:checked")].map((box) => box.value);
  sessionStorage.setItem(CHOSEN, JSON.stringify(keys));
});
function chooseAgain() {
  const keys = JSON.parse(sessionStorage.getItem(CHOSEN) ?? "[]");
  sessionStorage.removeItem(CHOSEN);
  for (const row of rows()) if (keys.includes(row.dataset.row)) row.querySelector("input[type=checkbox]").checked = true;
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-all]")) {
    for (const row of rows()) {
      // What is to be read one by one is chosen one by one.
      const box = row.querySelector("input[type=checkbox]");
      if (!target.checked || !("singly" in box.dataset)) box.checked = target.checked;
    }
  }
  if (queue()?.contains(target) || choosing()?.contains(target)) count();
});

// A list of lines to choose from: j and k move from line to line, x chooses one. Its links lead elsewhere, so they are only stood on.
const choosing = () => document.querySelector("[data-choosing]");
document.addEventListener("keydown", (event) => {
  // From the first moment on, before anything on the page was stood on.
  const isHere = choosing()?.contains(event.target) || (choosing() && event.target === document.body);
  if (!["j", "k", "x"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || !isHere) return;
  const list = rows();
  const at = list.findIndex((row) => row.contains(document.activeElement));
  event.preventDefault();
  if (event.key === "x") list[at]?.querySelector("input[type=checkbox]")?.click();
  else list[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), list.length - 1)]?.querySelector("a").focus();
});
function offerChoice() {
  count();
  for (const box of document.querySelectorAll("[data-select-all]")) box.hidden = false;
}
if (choosing()) offerChoice();
document.addEventListener("htmx:afterSwap", () => choosing() && offerChoice());
function stand() {
  if (document.activeElement === document.body && !document.querySelector('[aria-invalid="true"]')) queue().focus({ preventScroll: true });
}
if (queue()) {
  chooseAgain();
  offerChoice();
  // The keys work from the first moment, and after a verdict the keyboard goes on where it was. An address that ends with #panel takes it away once more.
  stand();
  addEventListener("load", stand);
}

// Approving many goes on by itself, a step at a time, until somebody stops it.
const step = document.querySelector("[data-goes-on]");
if (step) {
  const timer = setTimeout(() => step.requestSubmit(), 600);
  step.querySelector("[data-stop]").addEventListener("click", () => clearTimeout(timer));
}
