// A desk whose authority runs out: every page says so before and after, open
// work goes on, a search and another record do not; two people renew it, and an
// administrator at the site node prints the sealed paper and looks through what
// was written meanwhile.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { createInterface } from "node:readline";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ok, until } from "./lib.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const holdfast = path.join(root, "build/holdfast");

const clock = (room, hours) => new Date(Date.parse(room.clock.split(",")[0]) + hours * 3600e3).toISOString().replace(/\.\d+/, "") + ",x1";
const folder = room => path.join(room.demo.data, "more", "desk");

// start runs a device until it is ready.
async function start(args) {
  const child = spawn(holdfast, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", b => { said = (said + b).slice(-8000); });
  const dead = new Promise(r => child.on("close", r));
  const line = await new Promise((done, fail) => {
    dead.then(code => fail(new Error(`the desk ended with status ${code}\n${said}`)));
    createInterface({ input: child.stdout }).once("line", done);
  });
  return { line, async stop() { child.kill("SIGTERM"); await dead; } };
}

// joined starts a desk that hears its site node.
async function joined(room) {
  const one = await start(["demo", "--join", path.join(room.demo.data, "111"), "--data", folder(room), "--desk", "--json", "--listen", "127.0.0.1:0", "--clock", clock(room, 0)]);
  return { ...JSON.parse(one.line), stop: one.stop };
}

// alone starts it so many hours later by its own clock, with a site node at an
// address where nobody listens, or at the true one.
async function alone(room, hours, site = "127.0.0.1:9") {
  const one = await start(["desk", "--demo", "--data", folder(room), "--site", site, "--listen", "127.0.0.1:0", "--clock", clock(room, hours)]);
  const signin = {};
  for (const role of ["clinician", "call-handler"]) {
    await until(async () => { signin[role] = await link(room, role).catch(() => ""); return signin[role] !== ""; }, "the desk gives sign-in links", 15000);
  }
  return { url: signin.clinician, signin, stop: one.stop };
}

// link asks the desk at its control socket for a sign-in link.
function link(room, role) {
  return new Promise((done, fail) => {
    const req = request({ socketPath: path.join(folder(room), "control.sock"), path: "/link", method: "POST" }, res => {
      let all = "";
      res.on("data", b => { all += b; });
      res.on("end", () => { try { done(JSON.parse(all).url); } catch { fail(new Error(all)); } });
    });
    req.on("error", fail);
    req.end(JSON.stringify({ role }));
  });
}

async function signIn(room, device, role, name) {
  const d = await room.desk({ name, hosts: [new URL(device.url).host] });
  d.expect(/status of 4\d\d|net::ERR|ERR_/);
  await d.go(device.signin[role]);
  return d;
}
const to = (d, where) => d.go(new URL(where, d.page.url()).href);

export default async function (room) {
  let one = await joined(room);
  try {
    // With a site node in reach: it lasts, and nothing in the frame speaks of it.
    let nurse = await signIn(room, one, "clinician", "nurse");
    await until(async () => { await to(nurse, "/worklist"); return (await nurse.page.locator("[id^=row-], tbody tr, .row").count()) > 0; }, "the desk has open work", 15000);
    await to(nurse, "/authority");
    await nurse.page.getByText(/Lasts until/).first().waitFor();
    ok((await nurse.page.locator("#strip-authority").count()) === 0, "a strip speaks of authority though all is well");
    await one.stop();

    // Nobody in reach for eleven and a half hours: the frame says so before.
    one = await alone(room, 11.5);
    nurse = await signIn(room, one, "clinician", "nurse-before");
    await to(nurse, "/worklist");
    await nurse.page.getByText(/This desk’s authority runs out at/).waitFor();
    await nurse.shot("01-an-hour-before");
    await one.stop();

    // After: open work goes on, the rest is closed, and it says how it is renewed.
    one = await alone(room, 14);
    nurse = await signIn(room, one, "clinician", "nurse-after");
    const handler = await signIn(room, one, "call-handler", "handler-after");
    await to(nurse, "/worklist");
    await nurse.page.getByText(/This desk’s authority ran out at/).waitFor();
    await nurse.every("02-without-authority", { sizes: [[1440, 900]], themes: ["light"] });
    const open = await nurse.page.locator("a[href^='/case/']").first().getAttribute("href");
    await to(nurse, open);
    ok(!/Not for you|closed here/.test(await nurse.page.locator("main").innerText()), "an open case is closed");
    await to(handler, "/call");
    await handler.page.fill("[name=first]", "Idris");
    await handler.page.fill("[name=last]", "Penhallow");
    await handler.page.fill("[name=born]", "12 05 1961");
    await handler.page.locator("input[type=radio][name=look][value=yes]").evaluate(e => e.click());
    await handler.page.getByText(/Trace did not answer/).waitFor();
    await handler.page.getByText(/searches and other records are closed here/).first().waitFor();
    await handler.shot("03-a-new-call-goes-on");
    await to(nurse, "/authority");
    await nurse.every("04-how-to-renew");

    // A code that is none, then two people.
    await nurse.page.fill("[name=code]", "0000-0000-0000-0000-0000");
    await nurse.page.getByRole("button", { name: "Renew with this code" }).click();
    await nurse.page.getByText(/not a code that can be used/).first().waitFor();
    await nurse.axe("a code that is none");
    await nurse.page.selectOption("[name=second]", { index: 1 });
    await nurse.page.getByRole("button", { name: "Both of us renew it" }).click();
    await nurse.page.getByText(/Lasts until/).first().waitFor();
    ok((await nurse.page.locator("#strip-authority").count()) === 0, "the strip stays after it was renewed");
    await nurse.shot("05-renewed");

    // At the site node: the sealed paper, and what was written meanwhile.
    await one.stop();
    one = await alone(room, 14.1, (await readFile(path.join(room.demo.data, "111", "devices.address"), "utf8")).trim());
    const admin = await room.desk({ name: "administrator" });
    await admin.signIn("administrator", "111");
    await until(async () => { await to(admin, "/authority"); return (await admin.page.getByRole("link", { name: /Review/ }).count()) > 0; }, "the site knows what was written without authority", 30000);
    await admin.every("06-authority-of-desks");
    await admin.page.getByRole("link", { name: /Review/ }).first().click();
    await admin.page.getByText(/Written while this desk’s authority had run out/).first().waitFor();
    await admin.shot("07-look-through");
    await to(admin, "/authority");
    await admin.page.getByRole("button", { name: "Print it" }).click();
    const prove = admin.page.getByRole("button", { name: /it is me|That is me|Show that/i });
    if (await prove.count()) await prove.first().click();
    await admin.page.locator("#lease-codes li").first().waitFor();
    await admin.every("08-sealed-paper");
  } finally {
    await one.stop().catch(() => {});
  }
}
