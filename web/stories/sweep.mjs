// Opens pages that hold what attackers typed, each as the person whose session is
// given on standard input, in a browser whose profile lies on the disk. Fails when
// anything ran, a dialog opened, the policy had to stop something, or another
// host was asked. Pages are touched as a person would: focus, pointer, scrolling.
import { chromium } from "playwright-core";

let text = "";
for await (const part of process.stdin) text += part;
const { profile, desks } = JSON.parse(text);
const wrong = new Set();
let pages = 0, requests = 0;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, locale: "en-GB",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
await context.addInitScript(() => {
  window.__hits = [];
  window.__ran = what => window.__hits.push(`ran: ${what}`);
  document.addEventListener("securitypolicyviolation", e => window.__hits.push(`stopped: ${e.violatedDirective} ${e.blockedURI}`));
});
const own = new Set(desks.map(d => new URL(d.origin).host));
context.on("request", r => {
  requests++;
  const u = new URL(r.url());
  if (!own.has(u.host)) wrong.add(`asked another host: ${u.protocol}//${u.host}`);
});
try {
  for (const d of desks) {
    await context.clearCookies();
    await context.addCookies([{ name: "holdfast", value: d.cookie, url: d.origin, httpOnly: true, sameSite: "Lax" }]);
    const page = await context.newPage();
    page.on("dialog", async m => { wrong.add(`a dialog: ${m.message().slice(0, 80)}`); await m.dismiss(); });
    page.on("pageerror", e => wrong.add(`script error: ${e.message}`));
    for (const path of d.paths) {
      const res = await page.goto(d.origin + path, { waitUntil: "load" });
      pages++;
      if (res && res.status() >= 500) wrong.add(`${path.replace(/[0-9a-f]{32}/g, "*")}: ${res.status()}`);
      const hits = await page.evaluate(async () => {
        const can = document.cookie;
        for (const el of document.querySelectorAll("body *")) {
          for (const kind of ["mouseover", "mouseenter", "focus", "error", "load", "animationstart"]) el.dispatchEvent(new Event(kind));
        }
        for (const el of document.querySelectorAll("input:not([type=hidden]), textarea, summary")) el.focus({ preventScroll: true });
        await new Promise(r => setTimeout(r, 20));
        const kept = JSON.stringify({ ...localStorage, ...sessionStorage });
        return [...window.__hits, ...(can ? [`a script can read a cookie: ${can.slice(0, 20)}`] : []), ...(/Qzxv|90041[78]/.test(kept) ? ["what was typed lies in the browser's storage"] : [])];
      });
      for (const h of hits) wrong.add(`${path.replace(/[0-9a-f]{32}/g, "*")}: ${h}`);
    }
    await page.close();
  }
} finally {
  await context.close();
}
if (pages < 20) wrong.add(`only ${pages} pages were opened`);
if (wrong.size) { console.error([...wrong].join("\n")); process.exit(1); }
console.log(`${pages} pages, ${requests} requests: nothing ran, nobody else was asked`);
