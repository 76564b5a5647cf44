// ready makes the page that is shown ready; it may run often.
function ready() {
  const html = document.documentElement;
  if (html.dataset.now) { setClock(html.dataset.now); html.removeAttribute("data-now"); }
  clock.rate = Number(html.dataset.rate) || 1;
  clock.zone = zoneOf(html.dataset.zone);
  for (const b of $$("[data-back]")) b.hidden = history.length < 2;
  const first = $("table.work tr.at") || rows()[0];
  if (first) toRow(first, false);
  markNext();
  startLive();
  tick();
}

function start() {
  touchList();
  live.shown = Number(document.documentElement.dataset.now) || Date.now();
  ready();
  focusErrors();
  if (location.hash.length > 1) openDialog(location.hash.slice(1));
  openNow();
  setInterval(tick, 1000);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", metroClickOn);
  document.addEventListener("click", onClick);
  document.addEventListener("click", e => { if (e.target.closest("[data-live-show]")) lookAnew(true); });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("input", onInput);
  document.addEventListener("change", e => {
    const el = e.target;
    if (el.dataset?.set) onSet(el);
    if (el.hasAttribute?.("data-submits")) el.form?.requestSubmit();
    markNext();
  });
  document.addEventListener("focusin", e => {
    const row = e.target.closest?.("table.work tbody[data-held] tr");
    if (row) { touchList(); if (!row.classList.contains("at")) toRow(row, false); }
    markNext();
  });
  document.addEventListener("pointermove", e => { if (e.target.closest?.("tbody[data-held]")) touchList(); }, { passive: true });
  document.addEventListener("visibilitychange", onVisible);
  addEventListener("pagehide", () => { draftsLeave(); stopLive(); });
  addEventListener("pageshow", e => { if (e.persisted) { startLive(); lookAnew(false); } });
  addEventListener("popstate", () => location.reload());
}

start();
