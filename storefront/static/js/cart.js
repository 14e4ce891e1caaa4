// Cart: a changed quantity is sent by itself, after a short rest.
import { steppers } from "./stepper.js";

const form = document.querySelector("[data-cart]");
if (form) {
  let rest;
  steppers(form, () => {
    clearTimeout(rest);
    rest = setTimeout(() => form.requestSubmit(), 500);
  });
}
