// The screen locks after a while without a touch, on every page of this
// browser at once. What is half-typed goes to this device's disk first and
// comes back to the same person; nothing of it stays in the browser.

const lock = { touched: Date.now(), told: 0, busy: false, channel: window.BroadcastChannel ? new BroadcastChannel("holdfast-idle") : null };

function idleAfter() { return Number(document.body.dataset.idle) || 0; }

function lockTouch(e) {
  if (!e.isTrusted && e.type !== "click") return;
  if (lockDue()) return; // the touch that wakes a sleeping screen comes too late
  lock.touched = Date.now();
  if (lock.touched - lock.told > 5000) { lock.told = lock.touched; lock.channel?.postMessage({ touched: lock.touched }); }
}

function lockDue() {
  if (!idleAfter() || lock.busy || Date.now() - lock.touched < idleAfter()) return false;
  lockNow("idle");
  return true;
}

function changed(form) {
  return [...form.elements].some(el => el.name && !el.name.startsWith("_") && (
    el.type === "checkbox" || el.type === "radio" ? el.checked !== el.defaultChecked
      : el.tagName === "SELECT" ? [...el.options].some(o => o.selected !== o.defaultSelected) : el.type !== "hidden" && el.value !== el.defaultValue));
}

function formTyped(form) {
  const typed = new URLSearchParams();
  if (form.dataset.draft || form.method === "dialog" || !changed(form)) return "";
  for (const [k, v] of new FormData(form)) if (typeof v === "string" && !k.startsWith("_")) typed.append(k, v);
  return typed.toString();
}

async function lockNow(why) {
  if (lock.busy) return;
  lock.busy = true;
  const body = new URLSearchParams({ why, path: location.pathname });
  for (const form of document.forms) body.append("form", formTyped(form));
  if (!body.getAll("form").some(f => f)) body.delete("form");
  try {
    await Promise.all($$("form[data-draft]").filter(f => draftOf(f).waits).map(draftSave));
    const res = await fetch("/lock", { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(10000) });
    if (res.status >= 500) throw new Error(String(res.status));
    lock.channel?.postMessage({ locked: true });
    lockLeave();
  } catch {
    // The device does not answer: nobody could come back, and nothing typed may
    // be lost, so the page stays and it is tried again.
    say("The screen is to lock.", "This device does not answer. What you typed is still here; it is tried again.");
    lock.busy = false;
    lock.touched = Date.now() - idleAfter() + 5000;
  }
}

function lockLeave() {
  stopLive();
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

// typedBack puts what was half-typed back on the page it stood on.
async function typedBack() {
  if (!idleAfter() || !document.body.hasAttribute("data-typed")) return;
  try {
    const res = await fetch("/screen", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
    const kept = res.ok ? await res.json() : null;
    if (!kept || kept.path !== location.pathname) return;
    kept.forms.forEach((text, i) => fill(document.forms[i], new URLSearchParams(text)));
    await fetch("/screen", { method: "POST", body: new URLSearchParams(), signal: AbortSignal.timeout(10000) });
  } catch { /* it stays on the disk and is looked for when the page comes again */ }
}

function fill(form, typed) {
  if (!form || ![...typed.keys()].length) return;
  for (const el of form.elements) {
    if (!el.name || el.name.startsWith("_") || el.type === "hidden") continue;
    if (el.type === "checkbox" || el.type === "radio") el.checked = typed.getAll(el.name).includes(el.value);
    else if (el.tagName === "SELECT") for (const o of el.options) o.selected = typed.getAll(el.name).includes(o.value);
    else if (typed.has(el.name)) el.value = typed.get(el.name);
    el.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// A locked screen says what is late, to eye and ear, without saying whose.
const alarm = { late: new Set() };

function alarmTick() {
  for (const el of $$("[data-locked] [data-deadline]")) {
    const d = el.dataset.deadline;
    if (Number(d) > now() || alarm.late.has(d)) continue;
    alarm.late.add(d);
    document.title = `Late – ${document.title.replace(/^Late – /, "")}`;
    const live = $("[data-locked-say]");
    if (live) live.textContent = live.dataset.lockedSay;
    alarmSound();
  }
}

function alarmSound() {
  try {
    const ctx = new AudioContext(), o = ctx.createOscillator(), g = ctx.createGain();
    g.gain.value = 0.2;
    o.frequency.value = 880;
    o.connect(g).connect(ctx.destination);
    o.start();
    o.stop(ctx.currentTime + 0.6);
  } catch { /* the sentence stays */ }
}

// What is in hand may change while a screen is locked: that part is read anew.
async function lockedAnew() {
  const box = $("[data-locked]");
  if (!box || document.hidden) return;
  try {
    const res = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
    const fresh = $("[data-locked]", new DOMParser().parseFromString(await res.text(), "text/html"));
    if (fresh) morph(box, document.importNode(fresh, true));
  } catch { /* the clocks go on */ }
}

for (const type of ["keydown", "pointerdown", "pointermove", "wheel", "input"]) document.addEventListener(type, lockTouch, { capture: true, passive: true });
document.addEventListener("visibilitychange", () => { if (!document.hidden) lockDue(); });
document.addEventListener("submit", e => { if (e.target.matches("form[data-locks]")) { e.preventDefault(); lockNow("by hand"); } }, true);
lock.channel?.addEventListener("message", e => {
  if (e.data.touched) lock.touched = Math.max(lock.touched, e.data.touched);
  if (e.data.locked && idleAfter()) lockLeave();
});
addEventListener("pageshow", e => { if (e.persisted && idleAfter()) location.reload(); });
setInterval(() => { lockDue(); alarmTick(); }, 1000);
setInterval(lockedAnew, 20000);
typedBack();
