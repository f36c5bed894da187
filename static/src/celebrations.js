// What is celebrated is shown on one page: as soon as it has been, the portal is told. Without this the button does it.
const seen = document.querySelector("[data-seen]");
if (seen) {
  const body = new URLSearchParams(new FormData(seen));
  fetch(seen.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
  seen.addEventListener("submit", (event) => {
    event.preventDefault();
    seen.closest(".celebration").remove();
  });
}
