// Drafts: what is half-typed goes to this device's disk 400 ms after a pause,
// so that closing the browser loses nothing. Nothing is kept in the browser.

const drafts = new WeakMap(); // form → { timer, flying, again, sent, since }

function draftOf(form) {
  if (!drafts.has(form)) drafts.set(form, {});
  return drafts.get(form);
}

function onInput(e) {
  const form = e.target.form || e.target.closest?.("form");
  if (form?.dataset.draft && !e.target.name?.startsWith("_")) draftSoon(form, 400);
}

function draftSoon(form, wait) {
  const d = draftOf(form);
  if (d.sent) return;
  d.waits = true;
  clearTimeout(d.timer);
  d.timer = setTimeout(() => draftSave(form), wait);
}

function draftBody(form) {
  const body = new URLSearchParams();
  for (const [k, v] of new FormData(form)) if (typeof v === "string" && !k.startsWith("_")) body.append(k, v);
  return draftMark(form, body);
}

// draftMark says which draft this is and which sending of it, by the device's
// clock: an older one that comes later must not replace a newer one.
function draftMark(form, body) {
  const d = draftOf(form);
  d.seq = Math.max(Math.floor(now()), (d.seq || 0) + 1);
  body.set("_draft", form.dataset.draft);
  body.set("_seq", String(d.seq));
  return body;
}

async function draftSave(form) {
  const d = draftOf(form);
  if (d.sent || !form.isConnected) return;
  if (d.flying) { d.again = true; return; }
  d.waits = false;
  d.flying = new AbortController();
  try {
    const res = await fetch("/draft", { method: "POST", body: draftBody(form), signal: AbortSignal.any([d.flying.signal, AbortSignal.timeout(10000)]) });
    if (!res.ok) throw new Error(String(res.status));
    d.since = 0;
    draftSay(form, words.savedAt + await res.text(), false);
  } catch {
    if (d.sent) return;
    d.since ||= now();
    draftSay(form, words.notSavedSince + hhmm(d.since) + words.keepOpen, true);
    draftSoon(form, 5000);
  } finally {
    d.flying = null;
    if (d.again) { d.again = false; draftSoon(form, 100); }
  }
}

function draftSay(form, text, bad) {
  for (const el of $$("[data-saved]", form)) { setText(el, text); el.classList.toggle("bad", bad); }
}

// A form that is being sent leaves no draft behind it: it carries a higher
// number than any of its drafts still on their way.
function draftSent(form, data) {
  if (!form.dataset.draft) return;
  const d = draftOf(form);
  d.sent = true;
  d.waits = false;
  clearTimeout(d.timer);
  d.flying?.abort();
  draftMark(form, data);
}

function draftBack(form) {
  if (!form.dataset.draft) return;
  draftOf(form).sent = false;
  draftSoon(form, 400);
}

// A page that came after sending starts its drafts anew.
function draftsFresh() {
  for (const form of $$("form[data-draft]")) { draftOf(form).sent = false; draftSay(form, "", false); }
}

// The page is being left with something unsaved: hand it over at once.
function draftsLeave() {
  for (const form of $$("form[data-draft]")) {
    const d = draftOf(form);
    if (d.waits && !d.sent) { d.waits = false; navigator.sendBeacon("/draft", draftBody(form)); }
  }
}
