// Parts: a field that was left asks the device for the parts of the page that
// hang on it, such as who the patient may be. What was typed stays as it is.

const parts = { timer: 0, flying: null, waits: 0 };

function partsSoon(e) {
  const form = e.target.form, box = form && $("[data-parts]", form);
  if (!box || !box.dataset.partsOf.split(" ").includes(e.target.name)) return;
  clearTimeout(parts.timer);
  parts.waits = 0;
  parts.timer = setTimeout(() => partsAsk(form, box), 120);
}

async function partsAsk(form, box) {
  const names = box.dataset.partsOf.split(" "), data = new URLSearchParams();
  for (const [k, v] of new FormData(form)) if (typeof v === "string" && names.includes(k)) data.append(k, v);
  parts.flying?.abort();
  const flying = parts.flying = new AbortController();
  try {
    const res = await fetch(box.dataset.parts + "?" + data, { headers: { Accept: "text/html" }, signal: flying.signal });
    const doc = pageOf(await res.text());
    if (!res.ok || $("[data-refusal]", doc) || !form.isConnected) return;
    keepPlace(() => {
      for (const next of [...doc.body.children]) {
        const here = next.id && document.getElementById(next.id);
        if (here) morph(here, next);
        else if (next.id && next.matches("dialog")) document.body.append(document.importNode(next, true));
      }
    });
    markNext();
    partsWait();
  } catch { /* the page works without them; going on asks again */ }
}

// A part that waits for somebody outside is asked for again a few times.
function partsWait() {
  const waits = $("[data-parts-wait]"), form = waits?.closest("form"), box = form && $("[data-parts]", form);
  if (!box || parts.waits++ >= 15) return;
  clearTimeout(parts.timer);
  parts.timer = setTimeout(() => form.isConnected && partsAsk(form, box), 600);
}

// The three first questions go to the device as soon as they say enough: a
// threat does not wait for the next key.
function lifeSoon(e) {
  const box = e.target.closest?.("[data-life]"), send = box && $("[data-life-send]", box);
  if (!send || e.target.type !== "radio") return;
  const said = name => $(`input[name=${name}]:checked`, box)?.value || "";
  const awake = said("awake"), breathing = said("breathing"), bleeding = said("bleeding");
  const bad = (breathing && (breathing !== "yes" || (awake && awake !== "yes"))) || bleeding === "yes";
  if (bad || (awake && breathing && bleeding)) e.target.form.requestSubmit(send);
}

// A page may say which drawer is open on it from the start.
function openNow() {
  const id = $("[data-opens-now]")?.dataset.opensNow;
  if (!id) return;
  for (const d of $$("dialog[open]")) if (d.id !== id) d.close();
  openDialog(id);
}

document.addEventListener("change", partsSoon);
document.addEventListener("change", lifeSoon);
partsWait();
