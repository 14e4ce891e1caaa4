// Sends files from a chooser: an address from the dashboard, the file to the address, then its use. Choices beside it go along.
const id = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

for (const place of document.querySelectorAll("[data-upload]")) {
  const chooser = place.querySelector("input[type=file]");
  const said = place.querySelector("[role=status]");
  const token = place.dataset.token;
  const ask = async (fields) => {
    const body = new URLSearchParams({ csrf: token, commandId: id(), ...fields });
    const answer = await fetch(place.dataset.upload, { method: "POST", body });
    const found = await answer.json().catch(() => ({ message: "The dashboard did not answer. Load the page again." }));
    if (!answer.ok) throw new Error(found.message);
    return found;
  };
  const send = async (file) => {
    const target = await ask({ do: "request", mimeType: file.type, size: file.size });
    const sent = await fetch(target.url, { method: "PUT", body: file, headers: { "content-type": target.mimeType } });
    if (!sent.ok) throw new Error("The file did not arrive. Try again.");
    const chosen = [...place.querySelectorAll("select[name], input[name^='seen.']")].map((each) => [each.name, each.value]);
    await ask({ do: "use", uploadId: target.id, fileName: file.name, ...Object.fromEntries(chosen) });
  };
  const sendAll = async (given) => {
    const files = chooser.multiple ? given : given.slice(0, 1);
    const refused = [];
    place.setAttribute("aria-busy", "true");
    chooser.disabled = true;
    for (const [number, file] of [...files].entries()) {
      said.textContent = `Sending ${number + 1} of ${files.length}: ${file.name} …`;
      try { await send(file); } catch (error) { refused.push(`${file.name}: ${error instanceof TypeError ? "The connection is lost. Try again." : error.message}`); }
    }
    chooser.disabled = false;
    place.removeAttribute("aria-busy");
    if (refused.length === 0) { location.reload(); return; }
    said.textContent = refused.join(" ");
    said.classList.add("error");
  };
  chooser.addEventListener("change", () => { if (chooser.files.length) sendAll([...chooser.files]); });
  place.addEventListener("dragover", (event) => { event.preventDefault(); place.dataset.over = "yes"; });
  place.addEventListener("dragleave", () => { delete place.dataset.over; });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    delete place.dataset.over;
    const files = [...event.dataTransfer.files];
    if (files.length) sendAll(files);
  });
}
