// Live pages. Rows are morphed in place; what would move rows under the hand
// waits until it is asked for, or nobody has touched the list for a while.

const live = { source: null, heard: 0, cut: 0, retry: 0, hide: 0, url: "" };
const held = { fresh: new Set(), up: new Set(), down: new Set(), gone: new Set(), touched: 0, guard: 0, busy: false };
const handsOff = 20000; // ms without a touch after which held changes show themselves
const silent = 40000;   // ms without a beat after which the page says so

function startLive() {
  const url = document.body.dataset.live || "";
  if (live.source && live.url === url) return;
  stopLive();
  live.url = url;
  if (!url || document.hidden) return;
  const es = live.source = new EventSource(url);
  es.addEventListener("beat", e => heard(JSON.parse(e.data), true));
  es.addEventListener("parts", e => { const d = JSON.parse(e.data); heard(d); keepPlace(() => d.fragments.forEach(applyPart)); heldSay(); tick(); });
  es.addEventListener("anew", e => { heard(JSON.parse(e.data)); lookAnew(false); });
  es.addEventListener("ended", signedOut);
  es.onerror = () => {
    if (!live.cut) live.cut = now();
    if (es.readyState === EventSource.CLOSED && live.source === es) {
      live.source = null;
      clearTimeout(live.retry);
      live.retry = setTimeout(() => lookAnew(false).then(startLive), 3000);
    }
    cutSay();
  };
}

function stopLive() {
  live.source?.close();
  live.source = null;
  clearTimeout(live.retry);
}

// signedOut keeps the page as it is and says how to go on.
function signedOut() {
  const path = document.body.dataset.signIn || "/";
  stopLive();
  delete document.body.dataset.live;
  live.url = "";
  say(words.endedWhat, words.endedDo, { href: `${path}?next=${encodeURIComponent(location.pathname + location.search)}`, text: words.signIn });
}

function heard(d, beat) {
  setClock(d.now);
  const was = live.cut;
  live.heard = performance.now();
  live.cut = 0;
  if (beat && d.kept) {
    const kept = $("#kept"), strips = $("#strips");
    if (kept) { kept.className = `kept ${d.kept.level}`.trim(); setText($("span", kept), d.kept.words); }
    if (strips) { const t = markupInto(document.createElement("div"), d.kept.strips); t.id = "strips"; t.className = "strips"; morph(strips, t); }
  }
  live.shown = d.now;
  if (was) { cutSay(); lookAnew(false); }
}

function beatCheck() {
  if (!live.url || document.hidden || !live.heard) return;
  if (!live.cut && performance.now() - live.heard > silent) { live.cut = live.shown; cutSay(); }
}

// cutSay says that the page no longer hears its device, or hears it again.
function cutSay() {
  const old = $("#strip-cut"), word = $("[data-live-word]"), dot = $(".live i");
  setText(word, live.cut ? words.cut : words.live);
  dot?.classList.toggle("cut", !!live.cut);
  if (!live.cut) { old?.remove(); return; }
  const since = hhmm(live.cut), shown = hhmm(live.shown || live.cut), kept = $("#kept");
  if (kept) { kept.className = "kept stop"; setText($("span", kept), words.notConnected + since); }
  if (old || !$("#strips")) return;
  const strip = document.createElement("div"), b = document.createElement("b"), span = document.createElement("span");
  strip.id = "strip-cut";
  strip.className = "strip part";
  strip.setAttribute("role", "status");
  b.textContent = words.cutWhat(since, shown);
  span.textContent = words.cutDo;
  strip.append(b, span);
  $("#strips").append(strip);
}

function onVisible() {
  clearTimeout(live.hide);
  if (document.hidden) { live.hide = setTimeout(stopLive, 5000); return; }
  if (live.url && !live.source) { startLive(); lookAnew(false); }
}

function parsePart(html) {
  return markupInto(document.createElement("template"), html).content.firstElementChild;
}

function applyPart(f) {
  const el = document.getElementById(f.id);
  if (!f.html) {
    if (!el) { held.fresh.delete(f.id); return; }
    if (!el.closest("[data-held]")) { el.remove(); return; }
    el.setAttribute("data-gone", "");
    if (f.gone) setText(el.lastElementChild, f.gone);
    held.gone.add(f.id);
    return;
  }
  const next = parsePart(f.html);
  if (!next) return;
  if (!el) { if (f.into && document.getElementById(f.into)) held.fresh.add(f.id); return; }
  held.gone.delete(f.id);
  if (el.closest("[data-held]")) moved(el, next, f.order || next.dataset.order || "");
  const before = el.textContent;
  morph(el, next);
  if (el.tagName === "TR" && el.textContent !== before) {
    el.classList.add("changed");
    setTimeout(() => el.classList.remove("changed"), 150);
    if (!el.classList.contains("at")) el.classList.add("fresh");
  }
}

// moved keeps a row where it is and remembers that it belongs elsewhere.
function moved(el, next, order) {
  const was = el.dataset.order || "";
  held.up.delete(el.id);
  held.down.delete(el.id);
  if (order !== was) {
    const others = $$("[data-order]", el.parentNode).filter(r => r !== el && r.classList.contains("grp") === el.classList.contains("grp")).map(r => r.dataset.order);
    const rank = o => others.filter(x => x < o).length;
    if (rank(order) < rank(was)) held.up.add(el.id);
    if (rank(order) > rank(was)) held.down.add(el.id);
  }
  if (was) next.dataset.order = was;
}

// drifted counts rows that time has carried out of the group they stand in.
function drifted() {
  let n = 0, kind = null;
  for (const tr of $$("tbody[data-held] tr")) {
    if (tr.dataset.kind != null) { kind = tr.dataset.kind; continue; }
    const c = $(".ttb[data-deadline]", tr);
    if (kind && c && !c.classList.contains(kind) && !held.up.has(tr.id) && !held.down.has(tr.id)) n++;
  }
  return n;
}

function heldWords() {
  const out = [], n = drifted();
  if (held.fresh.size) out.push(words.isNew(held.fresh.size));
  if (held.up.size) out.push(words.up(held.up.size));
  if (held.down.size) out.push(words.down(held.down.size));
  if (held.gone.size) out.push(words.gone(held.gone.size));
  if (n) out.push(words.nowLate(n));
  return out.join(", ");
}

function heldSay() {
  const text = heldWords(), show = $("[data-live-show]"), why = $("[data-live-why]");
  setText($("[data-live-held]"), text);
  if (show) show.hidden = !text;
  if (why) why.hidden = !text;
}

function touchList() { held.touched = performance.now(); }
function heldGuard() { return performance.now() < held.guard; }
function heldTick() {
  if (!$("tbody[data-held]")) return;
  heldSay();
  if (heldWords() && !held.busy && !live.cut && performance.now() - held.touched > handsOff) { held.guard = performance.now() + 5000; lookAnew(true).then(() => { held.guard = performance.now() + 700; }); }
}

function dropHeld() { for (const s of [held.fresh, held.up, held.down, held.gone]) s.clear(); }

// lookAnew asks for the page again. all: show everything in its place;
// else rows stay where they are and only what they say changes.
async function lookAnew(all) {
  if (held.busy) { held.again = true; return; }
  held.busy = true;
  try {
    const res = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15000) });
    if (res.redirected && new URL(res.url).pathname !== location.pathname) { signedOut(); return; }
    const doc = pageOf(await res.text());
    const main = $("#main", doc), here = $("#main");
    if (!res.ok || $("[data-refusal]", doc) || !main || !here || !res.url.startsWith(location.origin + location.pathname)) return;
    if (!all && $("tbody[data-held]", here)) keepPlace(() => partsFrom(main));
    else { dropHeld(); keepPlace(() => morph(here, main)); }
    for (const id of ["who"]) { const a = document.getElementById(id), b = $("#" + id, doc); if (a && b) morph(a, b); }
    ready();
  } catch { /* the stream itself says that the device is silent */ } finally {
    held.busy = false;
    heldSay();
    if (held.again) { held.again = false; setTimeout(() => lookAnew(all), 1000); }
  }
}

function partsFrom(main) {
  for (const list of $$("tbody[data-held]")) {
    const other = list.id && main.querySelector("#" + CSS.escape(list.id));
    if (!other) continue;
    const there = new Set();
    for (const tr of $$("tr[id]", other)) {
      there.add(tr.id);
      if (!tr.classList.contains("grp")) applyPart({ id: tr.id, into: list.id, order: tr.dataset.order, html: tr.outerHTML });
    }
    for (const tr of $$("tr[id]", list)) if (!there.has(tr.id) && !tr.classList.contains("grp")) applyPart({ id: tr.id });
  }
}
