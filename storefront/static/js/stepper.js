// Plus and minus beside a quantity field; without this script the field is a plain number input.
export function steppers(root, changed = () => {}) {
  for (const holder of root.querySelectorAll("[data-stepper]")) {
    const input = holder.querySelector("input");
    const label = holder.querySelector("label")?.textContent ?? "Quantity";
    const button = (sign, words, step) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = sign;
      made.setAttribute("aria-label", `${words}: ${label}`);
      made.addEventListener("click", () => {
        const least = Number(input.min || 0), most = Number(input.max || 99);
        input.value = String(Math.min(most, Math.max(least, Number(input.value || 0) + step)));
        changed(input);
      });
      return made;
    };
    holder.classList.add("stepped");
    input.before(button("−", "Less", -1));
    input.after(button("+", "More", 1));
    input.addEventListener("change", () => changed(input));
  }
}
