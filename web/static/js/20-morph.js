// morph makes what is on the page like what the server says, touching only what
// differs, so that focus, selection, scroll and what is half-typed stay.
// take tells of a control that what stands in it was sent, so that the server's
// value counts; what was typed since then stays.

const ownClasses = ["at", "fresh", "next", "on", "down"];

function morph(from, to, take) {
  morphAttributes(from, to);
  if (from instanceof HTMLInputElement || from instanceof HTMLTextAreaElement || from instanceof HTMLSelectElement) {
    if (!(from instanceof HTMLSelectElement)) { morphControl(from, to, take); return; }
    const own = !take?.(from) && (from === document.activeElement || dirty(from)) ? from.value : null;
    morphChildren(from, to, take);
    from.value = own ?? to.value;
    return;
  }
  morphChildren(from, to, take);
}

function morphAttributes(from, to) {
  const keep = new Set(["open"]);
  if (from.matches("[data-live-show], [data-live-why], [data-back]")) keep.add("hidden");
  if (from.matches(".metro")) keep.add("data-sound");
  if (from.matches("[data-metro-sound]")) keep.add("aria-pressed");
  if (from.matches("table.work a.pt")) keep.add("tabindex");
  const own = ownClasses.filter(c => from.classList.contains(c));
  for (const { name, value } of [...to.attributes]) {
    if (!keep.has(name) && from.getAttribute(name) !== value && !(name === "class" && own.length)) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!keep.has(name) && !to.hasAttribute(name) && !(name === "class" && own.length)) from.removeAttribute(name);
  }
  if (own.length) {
    const wanted = [...to.classList, ...own].join(" ");
    if (from.className !== wanted && typeof from.className === "string") from.className = wanted;
  }
}

function dirty(el) {
  if (el instanceof HTMLSelectElement) return el.selectedIndex !== Math.max(0, [...el.options].findIndex(o => o.defaultSelected));
  if (el.type === "checkbox" || el.type === "radio") return el.checked !== el.defaultChecked;
  return el.value !== el.defaultValue;
}

function stateOf(el) { return el.type === "checkbox" || el.type === "radio" ? el.checked : el.value; }

// asSent remembers a form as it is sent, and tells later which of its controls
// still hold what was sent.
function asSent(form) {
  const sent = new Map([...form.elements].map(el => [el, stateOf(el)]));
  return el => !sent.has(el) || sent.get(el) === stateOf(el);
}

function morphControl(from, to, take) {
  if (!take?.(from) && (from === document.activeElement || dirty(from))) return;
  if (from.type === "checkbox" || from.type === "radio") {
    if (from.checked !== to.checked) from.checked = to.checked;
    return;
  }
  if (from instanceof HTMLTextAreaElement && from.defaultValue !== to.defaultValue) from.defaultValue = to.defaultValue;
  if (from.value !== to.value) from.value = to.value;
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && (a.nodeType !== 1 || (a.tagName === b.tagName && (a.id || "") === (b.id || "") && a.type === b.type));
}

function place(parent, node, before) {
  if (node.parentNode === parent && parent.moveBefore) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

function morphChildren(from, to, take) {
  const wanted = new Set();
  for (const c of to.children) if (c.id) wanted.add(c.id);
  const byId = new Map();
  for (const c of [...from.children]) {
    if (!c.id) continue;
    if (wanted.has(c.id)) byId.set(c.id, c);
    else c.remove();
  }
  let here = from.firstChild;
  for (const next of [...to.childNodes]) {
    let match = next.nodeType === 1 && next.id ? byId.get(next.id) : null;
    if (match && match.tagName !== next.tagName) { match.remove(); match = null; }
    if (!match) {
      if (here && !(here.nodeType === 1 && here.id && byId.has(here.id)) && sameKind(here, next)) match = here;
    }
    if (!match) {
      from.insertBefore(document.importNode(next, true), here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else place(from, match, here);
    if (match.nodeType === 1) morph(match, next, take);
    else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
  }
  while (here) { const gone = here; here = here.nextSibling; gone.remove(); }
}

// keepPlace runs a change and puts focus, selection and the row under the eye
// back where they were.
function keepPlace(change) {
  const active = document.activeElement, id = active && active.id;
  const row = $("table.work tr.at"), rowId = row && row.id;
  let sel = null;
  try { sel = active && active.selectionStart != null ? [active.selectionStart, active.selectionEnd] : null; } catch { /* some inputs have none */ }
  const anchor = row || active, top = anchor && anchor !== document.body ? anchor.getBoundingClientRect().top : null;
  const inRow = active && active.closest && active.closest("tr[id]"), inRowId = inRow && inRow.id;
  change();
  if (rowId) { const r = document.getElementById(rowId); if (r && !$("table.work tr.at")) r.classList.add("at"); }
  if (active && active !== document.body && document.activeElement !== active) {
    const back = (active.isConnected && active) || (id && document.getElementById(id)) || (inRowId && $(`#${CSS.escape(inRowId)} a.pt`));
    if (back) {
      back.focus({ preventScroll: true });
      if (sel && back.setSelectionRange) try { back.setSelectionRange(...sel); } catch { /* as above */ }
    }
  }
  if (top != null && anchor.isConnected && top >= 0 && top < innerHeight) {
    const moved = anchor.getBoundingClientRect().top - top;
    if (moved) scrollBy(0, moved);
  }
}
