// Passkeys: asks the dashboard for options and the browser for an answer, and sends the form with it.
// The forms are hidden in a browser that has no passkeys.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));

const made = async (options) => {
  options.user.id = bytes(options.user.id);
  options.excludeCredentials = known(options.excludeCredentials);
  const { response } = await navigator.credentials.create({ publicKey: options });
  return { clientDataJson: response.clientDataJSON, attestationObject: response.attestationObject };
};
const signed = async (options) => {
  options.allowCredentials = known(options.allowCredentials);
  const { rawId, response } = await navigator.credentials.get({ publicKey: options });
  return {
    credentialId: rawId,
    clientDataJson: response.clientDataJSON,
    authenticatorData: response.authenticatorData,
    signature: response.signature,
  };
};
const REASONS = {
  NotAllowedError: "The device gave no passkey, or took too long. Nothing was changed.",
  InvalidStateError: "This device has a passkey of your account already.",
  SecurityError: "Passkeys work only at the dashboard's own address.",
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const said = form.querySelector("[role=status]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    said.classList.remove("error");
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.passkey, { method: "POST", body });
      const found = await answer.json().catch(() => ({ message: "The dashboard did not answer. Load the page again." }));
      if (!answer.ok) throw new Error(found.message);
      const options = { ...found.publicKey, challenge: bytes(found.publicKey.challenge) };
      const parts = await (options.user ? made(options) : signed(options));
      for (const [name, part] of Object.entries(parts)) form.elements[name].value = text(part);
      form.submit();
    } catch (error) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      said.textContent = REASONS[error.name] ?? error.message;
      said.classList.add("error");
    }
  });
}
