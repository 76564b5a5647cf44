// Passkeys. A form with data-passkey asks this device for options, lets the
// browser ask the person, and sends the answer on. What goes wrong is said on
// the page; nothing is kept here.

async function passkeySend(url, body) {
  const res = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: AbortSignal.timeout(20000) });
  const out = await res.json();
  if (!res.ok) throw new Error(out.say || "");
  return out;
}

async function passkeyAnswer(kind, options) {
  const P = window.PublicKeyCredential;
  if (!P?.parseRequestOptionsFromJSON || !navigator.credentials) throw new Error("This browser knows no passkeys. Use a newer one.");
  return kind === "create"
    ? navigator.credentials.create({ publicKey: P.parseCreationOptionsFromJSON(options.publicKey) })
    : navigator.credentials.get({ publicKey: P.parseRequestOptionsFromJSON(options.publicKey) });
}

async function onPasskey(e) {
  const form = e.target;
  if (!form.dataset.passkey) return;
  e.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  form.setAttribute("aria-busy", "true");
  say();
  try {
    const answer = await passkeyAnswer(form.dataset.passkey, await passkeySend(form.dataset.begin, "{}"));
    const to = new URL(form.getAttribute("action"), location.href), role = form.elements.namedItem("role");
    if (role?.value) to.searchParams.set("role", role.value);
    location.assign((await passkeySend(to, JSON.stringify(answer))).next);
  } catch (err) {
    const asked = err.name === "NotAllowedError" || err.name === "InvalidStateError";
    say(form.dataset.passkey === "create" ? "No passkey was made." : form.dataset.failed ?? "You are not signed in.",
      err.name === "InvalidStateError" ? "This key holds a passkey for you already. Sign in with it."
        : asked ? "The key did not answer. Press the button again." : err.name === "Error" && err.message ? err.message : "This device did not answer. Press the button again.");
  } finally {
    delete form.dataset.busy;
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", onPasskey);
