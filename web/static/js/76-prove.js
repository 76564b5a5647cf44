// A form that waits for a passkey: the key's answer goes along with it. The
// form holds what was typed before, so nothing is typed again.

async function onProve(e) {
  const form = e.target;
  if (!form.dataset.prove) return;
  e.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  form.setAttribute("aria-busy", "true");
  say();
  try {
    const answer = await passkeyAnswer("get", await passkeySend(form.dataset.prove, "{}"));
    form.elements.namedItem("_prove_answer").value = JSON.stringify(answer);
    form.submit();
  } catch (err) {
    say("It was not done yet.", err.name === "Error" && err.message ? err.message : "The key did not answer. Press the button again; what you typed is kept.");
    delete form.dataset.busy;
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", onProve);
