// The files of this folder are joined in the order of their names and served as
// one script. It needs no other, runs under script-src 'self', keeps nothing
// about anybody in the browser, and every page works without it but for what
// moves: keys, clocks, drafts, live rows.

const words = {
  late: "late", left: "left", noDeadline: "No deadline",
  savedAt: "Saved as you type ", saving: "Saving as you type",
  notSavedSince: "Not saved as you type since ", keepOpen: ". Keep this page open.",
  notConnected: "Not connected since ",
  cutWhat: (since, shown) => `Not connected to this device since ${since}, showing ${shown}.`,
  cutDo: "Clocks go on. What you type stays on this page until the device answers.",
  endedWhat: "You are signed out on this desk.", endedDo: "What is on this page stays. Sign in again to go on.",
  signIn: "Sign in",
  noAnswer: "No answer from this device.",
  noAnswerOnce: "It is not known whether it was done. Press again: it is done once only. What you typed is still here.",
  noAnswerPost: "It is not known whether it was done. Look before you do it again. What you typed is still here.",
  noAnswerGet: "What you see is as before. Press again.",
  live: "Live.", cut: "Not live.",
  isNew: n => `${n} new`, up: n => `${n} moved up`, down: n => `${n} moved down`,
  gone: n => `${n} left the list`, nowLate: n => `${n} nearer or late`,
  soundOff: "No sound on this desk",
};

// Markup is made of text in these two functions alone: the policy of the pages
// (trusted-types) lets no other code do it. What they are given was drawn by this
// device, with everything that a person typed escaped there.
const drawn = window.trustedTypes?.createPolicy("holdfast", { createHTML: s => s }) ?? { createHTML: s => s };
const pageOf = text => new DOMParser().parseFromString(drawn.createHTML(text), "text/html");
const markupInto = (el, text) => { el.innerHTML = drawn.createHTML(text); return el; };

const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];

// The device's clock: what it said last, and what has passed here since.
const clock = { base: Date.now(), at: performance.now(), rate: 1, zone: undefined };

function setClock(ms) { clock.base = Number(ms) || Date.now(); clock.at = performance.now(); }
function now() { return clock.base + (performance.now() - clock.at) * clock.rate; }

function zoneOf(name) {
  try { new Intl.DateTimeFormat("en-GB", { timeZone: name }); return name; } catch { return undefined; }
}
function hhmm(ms) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock.zone }).format(ms);
}
function dayOf(ms) {
  const p = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: clock.zone })
    .formatToParts(ms).map(x => [x.type, x.value]));
  return `${p.weekday} ${p.day} ${p.month.slice(0, 3)}`;
}

// The same kinds and words as the server's (breach.go, codes.Span); a test holds them equal.
function breachKind(deadline, at) {
  const left = deadline - at;
  if (left < 0) return "late";
  if (left <= 10 * 60000) return "due";
  if (left <= 30 * 60000) return "soon";
  return "ok";
}
function spanWords(ms) {
  const s = Math.floor(ms / 1000), two = n => String(n).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 24 * 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor(s % 3600 / 60))}`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}
function breachWords(deadline, at) {
  const left = deadline - at;
  return left < 0 ? `${spanWords(-left)} ${words.late}` : `${spanWords(left)} ${words.left}`;
}
function callClock(since, at) {
  const s = Math.max(0, Math.floor((at - since) / 1000)), two = n => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s % 3600 / 60))}:${two(s % 60)}`;
}

function setText(el, text) { if (el && el.textContent !== text) el.textContent = text; }
function swapClass(el, from, to) { if (!el.classList.contains(to)) { el.classList.remove(...from); el.classList.add(to); } }

const kinds = ["late", "due", "soon", "ok"];

// tick writes every clock of the page anew; text changes only when it differs.
function tick() {
  const t = now();
  for (const el of $$("[data-deadline]")) {
    const d = Number(el.dataset.deadline);
    setText(el, breachWords(d, t));
    swapClass(el, kinds, breachKind(d, t));
  }
  for (const el of $$("[data-bar]")) {
    const [from, to] = el.dataset.bar.split(" ").map(Number);
    const used = to <= from || t >= to ? 100 : Math.max(0, Math.min(100, Math.floor((t - from) * 100 / (to - from))));
    const v = $(".v", el);
    if (v && v.getAttribute("width") !== String(used)) v.setAttribute("width", String(used));
    swapClass(el, kinds, breachKind(to, t));
  }
  for (const el of $$("[data-since]")) setText(el, callClock(Number(el.dataset.since), t));
  setText($("[data-clock]"), hhmm(t));
  setText($("[data-day]"), dayOf(t));
  beatCheck();
  heldTick();
}

// say puts one sentence under the frame, above everything that was typed.
function say(what, more, act) {
  const box = $("#said");
  if (!box) return;
  box.replaceChildren();
  if (!what) return;
  const strip = document.createElement("div");
  strip.className = "strip stop";
  strip.setAttribute("role", "alert");
  const b = document.createElement("b"), span = document.createElement("span");
  b.textContent = what;
  span.textContent = more || "";
  strip.append(b, span);
  if (act) {
    const end = document.createElement("span"), a = document.createElement("a");
    end.className = "end";
    a.href = act.href;
    a.textContent = act.text;
    end.append(a);
    strip.append(end);
  }
  box.append(strip);
}
