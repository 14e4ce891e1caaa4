// Listing: a choice applies at once; on small screens the filters start folded.
const filters = document.querySelector("[data-filters]");
const form = document.querySelector("[data-auto]");
const wide = window.matchMedia("(min-width: 62rem)");

const fold = () => { if (wide.matches) filters.open = true; };
if (filters) {
  if (!wide.matches) filters.open = false;
  wide.addEventListener("change", fold);
}
form?.addEventListener("change", (event) => {
  if (event.target.matches("select, [type=radio], [type=checkbox]") && wide.matches) form.requestSubmit();
});
