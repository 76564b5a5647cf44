// How to get into a home is shown for a short time: then it is taken off the
// page, and with it when the page is left or put aside, so that going back shows
// nothing.

const covers = new WeakMap(); // main → when, by the page's own running time

function coverNow(main) {
  for (const el of $$("[data-entry]", main)) el.replaceChildren();
}

function coverTick() {
  const main = $("[data-cover-in]");
  if (!main) return;
  if (!covers.has(main)) covers.set(main, performance.now() + 1000 * Number(main.dataset.coverIn));
  if (performance.now() < covers.get(main)) return;
  coverNow(main);
  location.replace(main.dataset.coverTo);
}

setInterval(coverTick, 250);
addEventListener("pagehide", () => { const main = $("[data-cover-in]"); if (main) coverNow(main); });
addEventListener("pageshow", e => { const main = $("[data-cover-in]"); if (main && e.persisted) location.replace(main.dataset.coverTo); });
