// The screen locks after a while without a touch, on every page of this
// browser at once. What is half-typed on each goes to this device's disk first
// and comes back to the same person, into the same form; nothing of it stays in
// the browser.

const lock = {
  touched: Date.now(), told: 0, busy: false, kept: false, tab: crypto.randomUUID?.() ?? String(Math.random()).slice(2),
  channel: window.BroadcastChannel ? new BroadcastChannel("holdfast-idle") : null,
};

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

// formTyped is what was typed into a form, but for passwords; "" when nothing
// was, when it is kept elsewhere already, or when its page says that it is never
// kept half-typed.
function formTyped(form) {
  const typed = new URLSearchParams(), d = draftOf(form);
  if (form.method === "dialog" || form.hasAttribute("data-unkept") || d.sent || !changed(form)) return "";
  if (form.dataset.draft && !d.waits && !d.flying) return "";
  const quiet = new Set([...form.elements].filter(el => el.type === "hidden" || el.type === "password").map(el => el.name));
  for (const [k, v] of new FormData(form)) if (typeof v === "string" && !k.startsWith("_") && !quiet.has(k)) typed.append(k, v);
  return typed.toString();
}

// What a form carries that changes with every look at the page.
const ofTheMoment = ["seen", "opened"];

// formOf says which form it is, whatever its place on the page: where it goes
// and what it says without being typed, which is what it is about.
function formOf(form) {
  const to = new URL(form.getAttribute("action") || "", location.href), about = new URLSearchParams();
  for (const el of form.elements) {
    if (el.type === "hidden" && el.name && !el.name.startsWith("_") && !ofTheMoment.includes(el.name)) about.append(el.name, el.value);
  }
  about.sort();
  return `${to.pathname}${to.search} ${about}`;
}

// typedKeep has this device keep what is half-typed here, though the session be
// locked already. When it can't be kept it throws: the page must stay.
async function typedKeep() {
  const body = new URLSearchParams({ session: document.body.dataset.session || "", path: location.pathname, tab: lock.tab });
  for (const form of document.forms) {
    const text = formTyped(form);
    if (text) { body.append("form", formOf(form)); body.append("text", text); }
  }
  if (!body.has("text") && !lock.kept) return;
  lock.kept = true;
  gone(await fetch("/screen/typed", { method: "POST", body, signal: AbortSignal.timeout(10000) }));
}

// gone throws unless it was done, or the session is gone and nothing can be.
function gone(res) {
  if (res.ok || res.type === "opaqueredirect" || res.status === 401) return;
  throw new Error(res.status < 500 ? "refused" : "silent");
}

async function lockNow(why) {
  if (lock.busy) return;
  lock.busy = true;
  try {
    await Promise.all($$("form[data-draft]").filter(f => draftOf(f).waits).map(draftSave));
    await typedKeep();
    gone(await fetch("/lock", { method: "POST", body: new URLSearchParams({ why }), redirect: "manual", signal: AbortSignal.timeout(10000) }));
    lock.channel?.postMessage({ locked: true });
    lockLeave();
  } catch (e) {
    lockStays(e);
    lock.busy = false;
    lock.touched = Date.now() - idleAfter() + 5000;
  }
}

// lockToo leaves a page whose session another page of this browser has locked,
// when what is half-typed here is kept.
async function lockToo() {
  if (lock.busy) return;
  lock.busy = true;
  try {
    await typedKeep();
    lockLeave();
  } catch (e) {
    lockStays(e);
    setTimeout(() => { lock.busy = false; lockToo(); }, 5000);
  }
}

// lockStays says why the page stays: nobody could come back, or what is typed
// would be lost. It is tried again.
function lockStays(e) {
  say("The screen is to lock.", e.message === "refused"
    ? "What you typed on this page can’t be kept: it is too much. Save some of it, and the screen locks."
    : "This device does not answer. What you typed is still here; it is tried again.");
}

function lockLeave() {
  stopLive();
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

// typedBack puts what was half-typed back into the forms in which it stood. What
// finds no such form is shown and stays on the disk.
async function typedBack() {
  if (!idleAfter() || !document.body.hasAttribute("data-typed")) return;
  const path = location.pathname;
  try {
    const res = await fetch(`/screen?${new URLSearchParams({ path })}`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
    if (!res.ok) return;
    const filled = new Set(), done = new URLSearchParams({ path }), left = [], kept = await res.json();
    for (const one of kept.forms) {
      const typed = new URLSearchParams(one.text);
      const form = [...document.forms].find(f => !filled.has(f) && formOf(f) === one.form && !(f.contains(document.activeElement) && changed(f)));
      if (form) filled.add(form);
      if (form && fill(form, typed)) done.append("done", one.id);
      else left.push(...[...typed.values()].filter(v => v.trim()));
    }
    if (kept.lost) {
      say("Something you typed on this page before the screen locked can’t be read by this program.",
        ["It can’t be put back; look over what you had written. This machine keeps it for 30 days: ask whoever looks after it.", ...left].join(" · "));
      done.append("done", "lost");
    } else if (left.length) say("Some of what you typed before the screen locked has no place on this page now. It is kept:", left.join(" · "));
    if (done.has("done")) await fetch("/screen", { method: "POST", body: done, signal: AbortSignal.timeout(10000) });
  } catch { /* it stays on the disk and is looked for when the page comes again */ }
}

// fill puts what was typed into a form and tells whether all of it found its
// place.
function fill(form, typed) {
  for (const el of form.elements) {
    if (!el.name || el.name.startsWith("_") || el.type === "hidden" || el.type === "password") continue;
    if (el.type === "checkbox" || el.type === "radio") el.checked = typed.getAll(el.name).includes(el.value);
    else if (el.tagName === "SELECT") for (const o of el.options) o.selected = typed.getAll(el.name).includes(o.value);
    else if (typed.has(el.name)) el.value = typed.get(el.name);
    el.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const same = s => String(s).replace(/\r\n?/g, "\n"), now = new FormData(form);
  return [...typed].every(([k, v]) => now.getAll(k).some(x => same(x) === same(v)));
}

// A locked screen says what is late, to eye and ear, without saying whose.
const alarm = { late: new Set() };

function alarmTick() {
  const late = $$("[data-locked] [data-deadline]").map(el => el.dataset.deadline).filter(d => Number(d) <= now());
  const live = $("[data-locked-say]");
  if (live && late.length) setText(live, live.dataset.lockedSay);
  for (const d of late) {
    if (alarm.late.has(d)) continue;
    alarm.late.add(d);
    document.title = `Late – ${document.title.replace(/^Late – /, "")}`;
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
    const fresh = $("[data-locked]", pageOf(await res.text()));
    if (fresh) morph(box, document.importNode(fresh, true));
  } catch { /* the clocks go on */ }
}

for (const type of ["keydown", "pointerdown", "pointermove", "wheel", "input"]) document.addEventListener(type, lockTouch, { capture: true, passive: true });
document.addEventListener("visibilitychange", () => { if (!document.hidden) { lockDue(); lockedAnew(); } });
document.addEventListener("submit", e => { if (e.target.matches("form[data-locks]")) { e.preventDefault(); lockNow("by hand"); } }, true);
lock.channel?.addEventListener("message", e => {
  if (e.data.touched) lock.touched = Math.max(lock.touched, e.data.touched);
  if (e.data.locked && idleAfter()) lockToo();
});
addEventListener("pageshow", e => { if (e.persisted && idleAfter()) location.reload(); });
setInterval(() => { lockDue(); alarmTick(); }, 1000);
setInterval(lockedAnew, 20000);
typedBack();
