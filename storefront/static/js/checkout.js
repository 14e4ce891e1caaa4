// Checkout: another country shows its delivery price at once. Without a script, the button beside it does.
const country = document.querySelector("#country");
const update = document.querySelector("[data-update]");
if (country && update) {
  update.hidden = true;
  country.addEventListener("change", () => country.form.requestSubmit(update));
}
