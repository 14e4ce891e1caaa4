// Small improvements. Every page works without this file.
const offline = document.getElementById("offline");
let stale = false;
const show = () => {
  if (!offline) return;
  offline.textContent = navigator.onLine
    ? "This page could not be renewed, so what you see may be old. It tries again by itself."
    : "You are offline. What you see may be old, and nothing can be saved.";
  offline.hidden = navigator.onLine && !stale;
};
addEventListener("online", show);
addEventListener("offline", show);
// A part that renews itself stays as it is if the answer is an error or does not come.
addEventListener("htmx:afterRequest", (event) => { stale = !event.detail.successful; show(); });
show();

// The browser's own error page would lose what was typed.
addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  show();
});

// A second click would send the same form once more. The server ignores it, but the page would flicker.
addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.closest("[hx-post]") || form.hasAttribute("hx-post")) return;
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; form.removeAttribute("aria-busy"); }
});

// One check box for all in a list: <input type="checkbox" data-checks="ids">.
addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-checks]");
  if (!all) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${all.dataset.checks}"]`)) box.checked = all.checked;
});
