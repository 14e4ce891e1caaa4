// Product page: thumbnails that do not jump the page, and price and stock of the chosen variant.
import { steppers } from "./stepper.js";

const gallery = document.querySelector("[data-gallery]");
const strip = gallery?.querySelector(".gallery-strip");
const thumbs = [...(gallery?.querySelectorAll(".gallery-thumbs a") ?? [])];

thumbs.forEach((thumb, index) => thumb.addEventListener("click", (event) => {
  event.preventDefault();
  strip.scrollTo({ left: index * strip.clientWidth });
}));

if (strip && thumbs.length) {
  strip.addEventListener("scroll", () => {
    const shown = Math.round(strip.scrollLeft / strip.clientWidth);
    thumbs.forEach((thumb, index) => index === shown ? thumb.setAttribute("aria-current", "true") : thumb.removeAttribute("aria-current"));
  }, { passive: true });
}

const form = document.querySelector("[data-buy]");
if (form) {
  steppers(form);
  const price = document.querySelector("[data-price]");
  const stock = form.querySelector("[data-stock]:not(input)");
  for (const choice of form.querySelectorAll("input[name=variant][type=radio]")) {
    choice.addEventListener("change", () => {
      // The whole of it: what one variant is reduced by, another may not be.
      price.replaceChildren(choice.parentElement.querySelector("template").content.cloneNode(true));
      stock.textContent = choice.dataset.stock;
      stock.parentElement.classList.toggle("stock-low", choice.dataset.stock.startsWith("Only"));
    });
  }
}
