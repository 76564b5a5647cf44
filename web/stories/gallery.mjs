// node gallery.mjs URL CONTROL OUT: looks at every component of package web in
// a real browser. Started by its Go test, which serves the made-up pages.
import { Room, ok, same, until } from "./lib.mjs";

const [base, control, out] = process.argv.slice(2);
const host = new URL(base).host;
const act = async (what) => (await fetch(control + what)).text();
const room = await Room.open({ out });
const steps = [];
const step = (name, run) => steps.push([name, run]);

async function desk(opts = {}) {
  const d = await room.desk({ hosts: [host], ...opts });
  await d.go(base + "/as");
  return d;
}
const at = (d, path) => d.go(base + path);
const checked = (d, name) => d.page.evaluate(n => document.querySelector(`input[name="${n}"]:checked`)?.value ?? null, name);
const focused = d => d.page.evaluate(() => document.activeElement?.closest("tr")?.id || document.activeElement?.id || document.activeElement?.name || "");

step("every page, each size and light", async () => {
  const d = await desk();
  for (const p of ["sign-in", "call", "triage", "worklist", "case", "report", "frames"]) { await at(d, "/" + p); await d.every(p); }
  d.expect(/404/);
  await at(d, "/nothing");
  await d.every("refusal");
  await at(d, "/triage#cpr");
  await d.every("drawer");
  await at(d, "/worklist");
  await d.press("?");
  await d.every("keys");
});

step("clocks say the same as the server", async () => {
  const d = await desk();
  await at(d, "/breach");
  const all = await d.page.evaluate(() => [...document.querySelectorAll("[data-want]")].map(p => { const t = p.querySelector(".ttb"); return [p.dataset.want, t.textContent + "|" + t.className.replace("ttb ", "")]; }));
  ok(all.length > 15, "no deadlines on the page");
  for (const [want, got] of all) same(got, want, "deadline");
});

step("answers by key alone, and the draft is kept", async () => {
  const d = await desk({ keyboardOnly: true });
  await at(d, "/call");
  await d.press("y", "y", "n");
  same([await checked(d, "awake"), await checked(d, "breathing"), await checked(d, "bleeding")], ["yes", "yes", "no"], "answers");
  await d.press("ArrowUp");
  same(await checked(d, "bleeding"), "no", "an arrow changed an answer");
  await d.press("u");
  same(await checked(d, "breathing"), "unsure", "the group in hand was not answered");
  await d.tabTo("#f-first");
  await d.type("Nyu");
  same(await checked(d, "awake"), "yes", "typing answered a question");
  await until(async () => (await act("/do/drafts")).includes("first=Nyu"), "the draft reaches the device");
  ok(/Saved as you type \d\d:\d\d:\d\d/.test(await d.page.textContent("[data-saved]")), "the page does not say when the draft was saved");
  await at(d, "/call");
  same(await d.page.inputValue("#f-first"), "Nyu", "the draft did not come back");
  same(await checked(d, "breathing"), "unsure", "the draft's answer did not come back");
  await d.clean();
});

step("mistakes come back with everything that was typed", async () => {
  const d = await desk();
  d.expect(/422/);
  await at(d, "/call");
  await d.page.fill("#f-number", "01632 960 418");
  await d.page.fill("#f-last", "Tansley");
  await d.press("F9");
  await until(() => d.page.$("#f-place[aria-invalid]"), "the mistake is shown");
  same(await d.page.inputValue("#f-last"), "Tansley", "last name");
  same(await focused(d), "f-place", "focus on the first mistake");
  ok((await d.page.title()).startsWith("Mend first"), "the title does not say it");
  await d.axe("two mistakes");
  await d.shot("mistakes");
  await d.page.fill("#f-number", "");
  await d.press("F9");
  await until(() => d.page.$("#errors"), "three mistakes have a summary");
  await d.axe("three mistakes");
  await d.shot("summary");
});

step("a refusal or a silent device loses nothing", async () => {
  const d = await desk();
  d.expect(/409|500|ERR_|Failed to load/);
  await at(d, "/call");
  await d.page.fill("#f-number", "01632 960 418");
  await d.page.fill("#f-place", "11 Tenter Row");
  await d.page.fill("#f-ring_back", "busy");
  await d.press("F9");
  await until(async () => (await d.page.textContent("#said")).includes("Ruth Ashdown has this call"), "the refusal is said");
  same(await d.page.inputValue("#f-place"), "11 Tenter Row", "typed place");
  await d.page.fill("#f-ring_back", "07700 900512");
  const silent = r => r.request().method() === "POST" ? r.abort() : r.fallback(); // the page may ask for itself again
  await d.page.route("**/call", silent);
  await d.press("F9");
  await until(async () => (await d.page.textContent("#said")).includes("No answer from this device"), "silence is said");
  await d.page.unroute("**/call", silent);
  same(await d.page.inputValue("#f-ring_back"), "07700 900512", "typed number");
  await d.shot("silent");
  await d.press("F9");
  await until(() => new URL(d.page.url()).pathname === "/triage", "the form goes on");
  same(await act("/do/once"), "1", "the call was taken once");
  same((await act("/do/drafts")).includes("Tenter"), false, "a draft stayed behind");
});

step("rows: keys walk, changes wait, focus stays", async () => {
  const d = await desk({ keyboardOnly: true });
  await at(d, "/worklist");
  await d.press("j", "j", "j", "j");
  same(await focused(d), "r4", "row after four J");
  await act("/do/change");
  await until(async () => (await d.page.textContent("[data-live-held]")) === "1 new, 1 moved up", "what waits is said");
  same(await d.page.textContent("#r6 td:last-child"), "Dr Pemberton, opened now", "a cell in place");
  ok(await d.page.$("#r6.fresh"), "a changed row is marked");
  same(await d.page.$("#r99"), null, "a new row moved the list under the hand");
  await d.shot("held");
  const top = () => d.page.evaluate(() => Math.round(document.querySelector("#r4").getBoundingClientRect().top));
  const before = await top();
  await d.press(".");
  await until(() => d.page.$("#r99"), "shown when asked");
  same(await focused(d), "r4", "focus after showing");
  ok(Math.abs(await top() - before) <= 30, "the row in hand moved away");
  await until(async () => (await d.page.textContent("[data-live-held]")) === "", "nothing waits");
  const order = await d.page.evaluate(() => [...document.querySelectorAll("#cases tr:not(.grp)")].map(r => r.dataset.order));
  same(order, [...order].sort(), "order after showing");
  await d.shot("shown");
  await d.press("/");
  same(await focused(d), "f-find", "find");
  await d.type("jkt");
  same(await d.page.inputValue("#f-find"), "jkt", "letters in a field are letters");
  await d.press("Escape", "j");
  same(await focused(d), "r4", "back in the list");
  await d.press("Enter");
  await d.page.waitForURL("**/case");
  await d.clean();
});

step("a silent stream is said, and unsaid", async () => {
  const d = await desk();
  d.expect(/503|ERR_|Failed to load|EventSource/);
  await at(d, "/worklist");
  await d.page.waitForTimeout(500);
  await act("/do/cut?on=1");
  await until(() => d.page.$("#strip-cut"), "the page says that it is cut off", 8000);
  ok((await d.page.textContent("#kept")).startsWith("Not connected since"), "the frame says it too");
  await d.axe("cut");
  await d.shot("cut");
  await act("/do/cut?on=0");
  await until(async () => !(await d.page.$("#strip-cut")), "and that it is back", 12000);
  await until(async () => (await d.page.textContent("#kept")).includes("All saved and safe"), "the frame is well again");
});

step("letters off, theme, Esc", async () => {
  const d = await desk({ keyboardOnly: true });
  await at(d, "/worklist");
  await d.press("?");
  ok(await d.page.$("#keysheet[open]"), "the keys panel opens");
  await d.page.evaluate(() => document.querySelector("input[name=_letters][value=off]").click());
  await d.page.evaluate(() => document.querySelector("input[name=_theme][value=dark]").click());
  await d.press("Escape");
  ok(!(await d.page.$("#keysheet[open]")), "Esc closes it");
  await d.press("?");
  ok(!(await d.page.$("#keysheet[open]")), "a switched-off key did something");
  same(await d.page.evaluate(() => document.documentElement.dataset.theme), "dark", "theme");
  await at(d, "/call");
  same(await d.page.evaluate(() => [document.documentElement.dataset.theme, document.documentElement.dataset.letters]), ["dark", "off"], "kept on this desk");
  await d.press("y");
  same(await checked(d, "awake"), null, "a letter answered though letters are off");
  await d.press("Alt+1");
  await d.page.waitForURL("**/worklist");
});

step("the metronome keeps 110 a minute", async () => {
  const d = await desk();
  await at(d, "/triage");
  await d.press("Alt+c");
  ok(await d.page.$("#cpr[open]"), "the drawer opens");
  const beats = () => d.page.evaluate(() => Number(document.querySelector(".metro").dataset.beats || 0));
  await until(async () => (await beats()) >= 1, "it beats");
  const n = await beats(), t = Date.now();
  await d.page.waitForTimeout(4000);
  const rate = ((await beats()) - n) / (Date.now() - t) * 60000;
  ok(rate > 95 && rate < 125, `it beats ${rate.toFixed(0)} a minute`);
  await d.press("m");
  same(await d.page.getAttribute("[data-metro-sound]", "aria-pressed"), "false", "mute");
  await d.shot("cpr");
  await d.press("Escape");
  ok(!(await d.page.$("#cpr[open]")), "Esc closes the drawer");
});

step("a session that ends leaves the page as it is", async () => {
  const d = await desk();
  d.expect(/401/);
  await at(d, "/case");
  await d.page.fill("#f-note", "Half a note");
  await d.page.waitForTimeout(700);
  await d.context.clearCookies();
  await d.press("F9");
  await until(async () => (await d.page.textContent("#said")).includes("You are signed out"), "the form says it");
  same(await d.page.inputValue("#f-note"), "Half a note", "what was typed");
  ok((await d.page.getAttribute("#said a", "href")).startsWith("/sign-in"), "a way to sign in");
});

step("the guards themselves bite", async () => {
  const bites = async (what, run) => { try { await run(); } catch { return; } throw new Error(`${what} was not noticed`); };
  const fresh = async (opts) => { const d = await desk(opts); await at(d, "/case"); return d; };
  let d = await fresh();
  await d.page.evaluate(() => { const i = document.createElement("img"); i.src = "/static/none.svg"; document.querySelector("main").append(i); });
  await bites("an image without words", () => d.axe());
  await d.page.evaluate(() => { const p = document.createElement("pre"); p.textContent = "x".repeat(900); document.querySelector("main").append(p); });
  await bites("a page too wide", () => d.noSidewaysScroll());
  d.wrong = [];
  d = await fresh();
  await d.page.evaluate(() => { const s = document.createElement("script"); s.append("window.bad = 1"); document.body.append(s); });
  await bites("an inline script", () => d.clean());
  same(await d.page.evaluate(() => window.bad ?? 0), 0, "an inline script ran");
  d.wrong = [];
  d = await fresh();
  await d.page.evaluate(() => { try { document.querySelector("main").innerHTML = "<p>from text"; } catch { /* as it should */ } });
  ok(!(await d.page.innerText("main")).includes("from text"), "markup was made of text");
  await bites("markup made of text", () => d.clean());
  d.wrong = [];
  d = await fresh();
  await d.page.evaluate(() => fetch("http://elsewhere.localhost:1/").catch(() => {}));
  await bites("a request elsewhere", () => d.clean());
  d.wrong = [];
  d = await fresh({ keyboardOnly: true });
  await d.page.mouse.click(5, 300);
  await bites("a mouse", () => d.clean());
  d.wrong = [];
});

let status = 0;
const only = process.env.STEP;
for (const [name, run] of steps) {
  if (only && !name.includes(only)) continue;
  try {
    await run();
    for (const d of [...room.desks]) await d.close();
    console.log(`holds: ${name}`);
  } catch (e) {
    status = 1;
    console.log(`DOES NOT HOLD: ${name}\n${e.stack ?? e}`);
    const d = room.desks.at(-1);
    await d?.page.screenshot({ path: `${out}/failed.png` }).catch(() => {});
  }
}
await room.close().catch(e => { status = 1; console.log(e.message); });
process.exit(status);
