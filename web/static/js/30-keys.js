// Keys. Every act is a link or a control with its key in data-key; a key only
// presses it. Single letters work outside text fields and can be switched off.

const fieldTypes = new Set(["text", "search", "tel", "email", "url", "number", "password", "date", "time", "datetime-local", "month", "week"]);

function typing(el) {
  if (!el) return false;
  return el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement || el.isContentEditable ||
    (el instanceof HTMLInputElement && fieldTypes.has(el.type));
}

function comboOf(e) {
  let k = e.key;
  if (e.altKey && /^(Key|Digit|Numpad)[A-Z0-9]$/.test(e.code)) k = e.code.slice(-1);
  if (k === "Escape") k = "Esc";
  if (k === " ") k = "Space";
  if (k.length === 1) k = k.toUpperCase();
  return (e.ctrlKey || e.metaKey ? "Ctrl+" : "") + (e.altKey ? "Alt+" : "") + k;
}

function seen(el) { return !el.disabled && el.getClientRects().length > 0; }

function scope() {
  const open = $$("dialog[open]");
  return open.length ? open[open.length - 1] : document;
}

function withKey(combo, root) {
  return $$("[data-key]", root).find(el => el.dataset.key.toUpperCase() === combo.toUpperCase() && seen(el.matches("input") ? el.closest("label, .f, span") || el : el));
}

function press(el) {
  if (typing(el)) { el.focus(); el.select?.(); return; }
  el.click();
  if (el.matches("input")) el.focus();
}

function onKey(e) {
  if (e.isComposing || e.defaultPrevented || e.getModifierState("AltGraph") || (e.ctrlKey && e.altKey)) return;
  const combo = comboOf(e), plain = !e.altKey && !e.ctrlKey && !e.metaKey;
  const el = document.activeElement, single = plain && e.key.length === 1;
  if (plain && combo === "Esc" && typing(el) && scope() === document && !withKey(combo, document)) { el.blur(); return; }
  if (single && (typing(el) || document.documentElement.dataset.letters === "off")) return;
  if (plain && typing(el) && !/^(F\d+|Esc)$/.test(combo)) return;
  const root = scope();
  if (plain && !e.repeat && single && answer(combo, root)) { e.preventDefault(); return; }
  if (plain && (combo === "Delete" || combo === "Backspace") && clearAnswer(el)) { e.preventDefault(); return; }
  if (plain && root === document && (moveQuestion(combo, el) || moveRow(combo))) { e.preventDefault(); return; }
  if (e.repeat) return;
  const hit = rowKey(combo, root) || withKey(combo, root);
  if (!hit) return;
  if (combo === "Enter" && el && el !== document.body && el.matches("a, button, input, select, summary")) return;
  e.preventDefault();
  press(hit);
}

// ---- answers: Y, N, U to the group in hand, else to the first open one

function groups(root) { return $$(".seg[data-answers]", root).filter(seen); }
function answered(seg) { return !!$("input:checked", seg); }

function nextOpen(root) { return groups(root).find(s => !answered(s)) || null; }

function markNext() {
  const root = scope(), inHand = document.activeElement?.closest?.(".seg[data-answers]");
  const target = inHand || nextOpen(root);
  for (const s of $$(".seg.next")) if (s !== target) s.classList.remove("next");
  if (target && !target.classList.contains("next")) target.classList.add("next");
}

function answer(combo, root) {
  const inHand = document.activeElement?.closest?.(".seg[data-answers]");
  const seg = inHand || nextOpen(root);
  const input = seg && $$("input[data-answer]", seg).find(i => i.dataset.answer.toUpperCase() === combo && !i.disabled);
  if (!input) return false;
  choose(input);
  const all = groups(root), rest = all.slice(all.indexOf(seg) + 1).concat(all.slice(0, all.indexOf(seg)));
  const next = rest.find(s => !answered(s));
  ($("input:checked", next || seg) || $("input", next || seg)).focus();
  markNext();
  return true;
}

function choose(input) {
  if (!input.checked) {
    input.checked = true;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function clearAnswer(el) {
  const seg = el?.closest?.(".seg[data-clears]"), input = seg && $("input:checked", seg);
  if (!input) return false;
  input.checked = false;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  markNext();
  return true;
}

// Up and down go to another question: they never change an answer.
function moveQuestion(combo, el) {
  const seg = el?.closest?.(".seg[data-answers]");
  if (!seg || (combo !== "ArrowUp" && combo !== "ArrowDown")) return false;
  const all = groups(document), to = all[all.indexOf(seg) + (combo === "ArrowDown" ? 1 : -1)];
  if (to) ($("input:checked", to) || $("input", to)).focus();
  return true;
}

// ---- rows: one stop for Tab, J K or arrows within

function rows() { return $$("table.work tbody[data-held] tr").filter(r => $("a.pt", r) && seen(r)); }

function toRow(row, focus) {
  for (const r of $$("table.work tr.at")) if (r !== row) { r.classList.remove("at"); r.removeAttribute("aria-current"); }
  row.classList.add("at");
  row.classList.remove("fresh");
  row.setAttribute("aria-current", "true");
  for (const r of rows()) $("a.pt", r).tabIndex = r === row ? 0 : -1;
  if (focus) {
    $("a.pt", row).focus({ preventScroll: true });
    const box = row.getBoundingClientRect(), foot = $("footer.keys")?.offsetHeight || 0, head = row.closest("table").tHead?.offsetHeight || 0;
    if (box.top < head + 4) scrollBy(0, box.top - head - 60);
    else if (box.bottom > innerHeight - foot - 4) scrollBy(0, box.bottom - innerHeight + foot + 60);
  }
}

function moveRow(combo) {
  const step = { J: 1, ARROWDOWN: 1, K: -1, ARROWUP: -1 }[combo.toUpperCase()];
  const all = step ? rows() : [];
  if (!all.length || document.activeElement?.matches?.("input[type=radio]")) return false;
  const at = all.findIndex(r => r.classList.contains("at"));
  const focused = all[at] && all[at].contains(document.activeElement);
  const to = at < 0 ? 0 : focused ? Math.max(0, Math.min(all.length - 1, at + step)) : at;
  touchList();
  toRow(all[to], true);
  return true;
}

// A key in data-row-key belongs to the row that is marked.
function rowKey(combo, root) {
  if (root !== document) return null;
  const at = $("table.work tr.at");
  if (!at) return null;
  const own = $$("[data-row-key]", at).find(el => el.dataset.rowKey.toUpperCase() === combo.toUpperCase());
  if (own) return own;
  return combo === "Enter" ? $("a.pt", at) : null;
}

// ---- dialogs

function openDialog(id) {
  const d = document.getElementById(id);
  if (!(d instanceof HTMLDialogElement) || d.open) return false;
  d.showModal();
  d.scrollTop = 0;
  metroOpened(d);
  markNext();
  return true;
}

function onClick(e) {
  const opener = e.target.closest("[data-opens]");
  if (opener && openDialog(opener.dataset.opens)) { e.preventDefault(); return; }
  const closer = e.target.closest("[data-closes]");
  if (closer && closer.closest("dialog")?.open) { e.preventDefault(); closer.closest("dialog").close(); return; }
  if (e.target.closest("[data-back]")) { history.back(); return; }
  const mend = e.target.closest(".errs a[href^='#']");
  if (mend) {
    const f = document.getElementById(mend.hash.slice(1));
    const to = f && (f.matches("[role=radiogroup]") ? $("input", f) : f);
    if (to) { e.preventDefault(); to.focus(); to.scrollIntoView({ block: "center" }); }
    return;
  }
  const row = e.target.closest("table.work tbody[data-held] tr");
  if (row && $("a.pt", row)) {
    if (e.detail && heldGuard()) { e.preventDefault(); return; } // aimed at a row that has just moved; keys are never early
    toRow(row, !e.target.closest("a, button, input, select"));
  }
}

function onSet(input) {
  const html = document.documentElement, name = input.dataset.set, value = input.value;
  const drop = (name === "letters" && value === "on") || value === "";
  document.cookie = `holdfast-${name}=${drop ? "" : value}; path=/; max-age=${drop ? 0 : 31536000}; samesite=lax`;
  if (drop) delete html.dataset[name]; else html.dataset[name] = value;
}
