// Small improvements. Every page works without this file.
const offline = document.getElementById("offline");
if (offline) {
  const show = () => { offline.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}

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
