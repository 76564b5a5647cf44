// A made-up Saturday: 1,000 calls through the real front door while the clock
// runs 240 times as fast. 990 of them are worked by the program's own load, by
// what stands on the pages; 10 here in the browser, by keys and fields. At the
// end every call is closed, handed on, or waits where somebody sees it; nobody
// is nowhere.
import { ok, same, until } from "./lib.mjs";
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const program = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../build/holdfast");
const calls = Number(process.env.HOLDFAST_CALLS ?? 990), rate = Number(process.env.HOLDFAST_RATE ?? 2.75), mine = Math.min(10, calls);

export const before = () => ({ clock: "2026-11-21T06:00:00Z,x240", after: () => {} });

// load works the other calls and gives what became of them.
function load(data) {
  return new Promise((done, fail) => {
    const child = spawn(program, ["load", "--data", data, "--calls", String(calls), "--rate", String(rate), "--settle", "30s", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", b => { out += b; });
    child.on("error", fail);
    child.on("close", code => {
      try { done({ code, ...JSON.parse(out) }); } catch { fail(new Error(`the load ended with status ${code}`)); }
    });
  });
}

export default async function (room) {
  const d = await room.desk({ name: "call-handler" });
  d.expect(/status of 4\d\d/);
  await d.signIn("call-handler", "111");
  const at = p => new URL(p, d.page.url()).href;
  const rest = load(room.demo.data);
  rest.catch(() => {}); // told below
  const numbers = [];
  for (let n = 0; n < mine; n++) {
    numbers.push(await call(d, at, n));
    await d.page.waitForTimeout(1000 * Math.max(0, calls / rate / mine - 8));
  }
  const out = await rest;
  console.log(`saturday: ${out.calls} calls by the load, ${out.requests} requests, median ${out.median_ms} ms, p99 ${out.p99_ms} ms, slowest ${out.slowest_ms} ms, ${Math.round(out.seconds)} s`);
  console.log(`saturday: how they went ${JSON.stringify(out.kinds)}`);
  console.log(`saturday: where they stand ${JSON.stringify(out.ended)}`);
  console.log(`saturday: refused ${JSON.stringify(out.refused, null, 1)}`);
  same(out.calls, calls, "calls that the load accounts for");
  same(out.nowhere, 0, "calls that are nowhere");
  same(out.failed, 0, "answers that were faults of the program");
  same(Object.values(out.ended).reduce((a, b) => a + b, 0), calls, "calls by where they stand");
  same(out.code, 0, "the load's own verdict");

  // The ten of this desk: each has a number, and stands somewhere.
  same(new Set(numbers).size, mine, "case numbers given here");
  await d.go(at("/mycalls"));
  if (/sign-in/.test(d.page.url())) { await d.signIn("call-handler", "111"); await d.go(at("/mycalls")); }
  const page = await d.page.locator("body").innerText();
  ok(page.includes(numbers.at(-1)), `the last call of this desk, ${numbers.at(-1)}, is not among its own`); // the list goes back to the beginning of the shift
  await d.every("mycalls", { themes: ["light"] });
  const m = await room.desk({ name: "manager" });
  await m.signIn("manager", "111");
  await m.go(at("/board"));
  await m.every("board");
  await m.go(at("/worklist"));
  await m.every("worklist", { themes: ["light"] });
}

// call takes one call in the browser and leaves it where it belongs.
async function call(d, at, n) {
  const p = d.page;
  await d.go(at("/call"));
  if (!(await p.locator("[name=number]").count())) { await d.signIn("call-handler", "111"); await d.go(at("/call")); } // a new shift
  await p.fill("[name=number]", `01632 960 7${String(n).padStart(2, "0")}`);
  await p.fill("[name=place]", `${n} Tenter Row, Coldwater QX4 7TD`);
  for (const [name, value] of [["awake", "yes"], ["breathing", "yes"], ["bleeding", "no"]]) await p.check(`[name=${name}][value=${value}]`, { force: true });
  await p.waitForURL(/\/call\/[0-9a-f]{32}/);
  await p.check("[name=caller][value=patient]", { force: true });
  await p.fill("[name=first]", "Saturday");
  await p.fill("[name=last]", `Caller${n}`);
  await p.fill("[name=born]", `${1 + n} 5 19${50 + n}`);
  await p.selectOption("[name=sex]", n % 2 ? "male" : "female");
  await p.check("[name=look][value=yes]", { force: true });
  await p.fill("[name=why]", "Sore throat since Thursday, drinking well");
  await p.fill("[name=practice]", "Millrace Practice");
  await p.fill("[name=ring_back]", "01632 960 418");
  const number = (await p.locator(".first-clock").innerText()).match(/26-\d{3}-\d{3}-\d{3}/);
  ok(number, "the call has no number");
  await p.keyboard.press("F9");
  await p.waitForURL(/\/ask/);
  if (await p.locator("input[name=set]").count()) {
    if (!(await p.locator("input[name=set]:checked").count())) await p.locator("input[name=set]").first().check({ force: true });
    await p.keyboard.press("F9");
    await d.settled();
  }
  for (let round = 0; round < 40 && /\/ask/.test(p.url()); round++) {
    if (await p.locator("button[value=finish]").count()) { await p.keyboard.press("F9"); await p.waitForURL(/\/outcome/); break; }
    for (const q of await p.locator("ol.qs li.q").all()) {
      const no = q.locator("input[type=radio][value=no]");
      // the page may already show the next questions: then these are answered
      await ((await no.count()) ? no : q.locator("input[type=radio]").first()).check({ force: true, timeout: 2000 }).catch(() => {});
    }
    await p.keyboard.press("F9");
    await d.settled();
    await p.waitForTimeout(250);
  }
  await until(async () => /\/outcome/.test(p.url()), "the questions come to an outcome", 5000);
  const service = p.locator("li.svc:not(.shut) input[name=service]").first();
  if (await service.count()) { await service.check({ force: true }); await p.keyboard.press("F9"); await d.settled(); }
  return number[0];
}
