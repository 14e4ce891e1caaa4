// Listing: a choice applies at once; on wide screens the filters are open.
const filters = document.querySelector("[data-filters]");
const form = document.querySelector("[data-auto]");
const wide = window.matchMedia("(min-width: 62rem)");

const unfold = () => { if (wide.matches) filters.open = true; };
if (filters) {
  unfold();
  wide.addEventListener("change", unfold);
}
form?.addEventListener("change", (event) => {
  if (event.target.matches("select, [type=radio], [type=checkbox]") && wide.matches) form.requestSubmit();
});
