// Three devices of one organisation: the demo's site node, a second site node
// and a desk, each a process of its own. Calls are taken on all three while
// links are cut and processes killed; afterwards every device has every call,
// says so, and the journals hold.
import { spawn, execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ok, same, until } from "./lib.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const holdfast = path.join(root, "build/holdfast");

// join starts another device of the 111 provider, or starts it again.
export async function join(room, kind) {
  const home = room.demo.data, data = path.join(home, "more", kind);
  const args = ["demo", "--join", path.join(home, "111"), "--data", data, "--json", "--listen", "127.0.0.1:0", "--clock", room.clock, ...(kind === "desk" ? ["--desk"] : [])];
  const child = spawn(holdfast, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", b => { said = (said + b).slice(-8000); });
  const line = await new Promise((done, fail) => {
    child.on("close", code => fail(new Error(`the ${kind} ended with status ${code}\n${said}`)));
    createInterface({ input: child.stdout }).once("line", done);
  });
  const dead = new Promise(r => child.on("close", r));
  return { kind, data, child, dead, ...JSON.parse(line) };
}

function status(data) { return JSON.parse(execFileSync(holdfast, ["org", "status", "--data", data, "--json"], { encoding: "utf8" })); }

export async function signIn(room, device, role, name) {
  const d = await room.desk({ name, hosts: [new URL(device.url).host] });
  d.expect(/status of 422/);
  d.expect(/Failed to load resource|net::ERR|ERR_/); // devices are killed on purpose
  await d.go(device.signin[role]);
  return d;
}

// takeCall takes a call as far as its case stands on the worklist.
async function takeCall(d, last) {
  const p = d.page;
  await d.go(new URL("/call", p.url()).href);
  await p.fill("[name=number]", "01632 960 418");
  await p.fill("[name=place]", "3 Weir Cottages, Dunsett QX4 2AB");
  const pick = (name, value) => p.locator(`input[type=radio][name=${name}][value=${value}]`).evaluate(e => e.click());
  for (const [name, value] of [["awake", "yes"], ["breathing", "yes"], ["bleeding", "no"]]) await pick(name, value);
  await p.fill("[name=first]", "Idris");
  await p.fill("[name=last]", last);
  await p.fill("[name=born]", "12 05 1961");
  await p.selectOption("[name=sex]", "male");
  for (const [name, value] of [["look", "yes"], ["caller", "patient"], ["with", "yes"]]) await pick(name, value);
  await p.fill("[name=why]", "Tightness in the chest on Thursday evening, gone since");
  await p.fill("[name=practice]", "Millrace Practice");
  await p.fill("[name=ring_back]", "01632 960 418");
  for (const name of ["ring", "text", "voicemail"]) await pick(name, "yes");
  await p.keyboard.press("F9");
  await p.waitForURL(/\/ask/);
  const said = await p.locator("body").innerText(); // the first answers are sent while the rest is typed: nothing of it may be lost
  for (const what of [last.toUpperCase(), "12 May 1961", "Weir Cottages"]) ok(said.includes(what), `${what} was typed and not taken down`);
}

// sees waits until a clinician's list shows a patient.
async function sees(d, last, within = 8000) {
  await until(async () => {
    await d.go(new URL("/worklist", d.page.url()).href).catch(() => {});
    return (await d.page.getByText(last.toUpperCase()).count()) > 0;
  }, `${d.name} sees ${last}`, within);
}

async function kept(d) { return d.page.locator("#kept").innerText().catch(() => ""); }

export default async function (room) {
  const first = room.demo.organisations[0];
  let second = await join(room, "site"), desk = await join(room, "desk");
  try {
    const handlers = { first: await signIn(room, first, "call-handler", "handler-first"), second: await signIn(room, second, "call-handler", "handler-second"), desk: await signIn(room, desk, "call-handler", "handler-desk") };
    const doctors = { first: await signIn(room, first, "clinician", "doctor-first"), second: await signIn(room, second, "clinician", "doctor-second"), desk: await signIn(room, desk, "clinician", "doctor-desk") };

    await takeCall(handlers.desk, "Deskone");
    await takeCall(handlers.first, "Firstone");
    await takeCall(handlers.second, "Secondone");
    for (const d of Object.values(doctors)) for (const who of ["Deskone", "Firstone", "Secondone"]) await sees(d, who);
    await doctors.desk.every("01-all-three-see-all");

    process.kill(room.pid, "SIGSTOP"); // the first site node hangs: the desk is on its own, the second too
    await takeCall(handlers.desk, "Alonedesk");
    await takeCall(handlers.second, "Alonesecond");
    await sees(doctors.desk, "Alonedesk");
    await sees(doctors.second, "Alonesecond");
    await until(async () => /not safe/.test(await handlers.desk.page.locator("header, .frame").first().innerText()), "the desk says that entries are not safe", 40000);
    await handlers.desk.every("02-desk-on-its-own");
    second.child.kill("SIGKILL");
    await second.dead;
    await takeCall(handlers.desk, "Lastdesk");
    process.kill(room.pid, "SIGCONT");
    await until(async () => { try { return status(desk.data).unsafe === 0; } catch { return false; } }, "what the desk wrote alone is safe", 40000);
    second = await join(room, "site");
    doctors.second = await signIn(room, second, "clinician", "doctor-second-again");
    for (const who of ["Alonedesk", "Alonesecond", "Lastdesk"]) for (const d of Object.values(doctors)) await sees(d, who, 30000);

    desk.child.kill("SIGKILL");
    await desk.dead;
    desk = await join(room, "desk");
    doctors.desk = await signIn(room, desk, "clinician", "doctor-desk-again");
    for (const who of ["Deskone", "Firstone", "Secondone", "Alonedesk", "Alonesecond", "Lastdesk"]) await sees(doctors.desk, who);
    await until(async () => /All saved and safe/.test(await doctors.first.page.locator("body").innerText()), "the first site says that all is safe", 20000);
    await doctors.first.shot("03-all-safe");

    await until(() => {
      const a = status(path.join(room.demo.data, "111")), b = status(second.data);
      return a.vector === b.vector && a.state !== "" && a.state === b.state && a.unsafe === 0 && b.unsafe === 0;
    }, "both site nodes hold the same and fold it to the same", 40000);
    same(status(desk.data).forks, [], "forks");
    const manager = await signIn(room, second, "manager", "manager-second");
    await manager.go(new URL("/devices", manager.page.url()).href);
    ok((await manager.page.locator("tbody tr").count()) === 3, "the page of devices lists three");
    await manager.every("04-devices");
  } finally {
    for (const one of [second, desk]) { one.child.kill("SIGTERM"); await one.dead; }
  }
  for (const one of [second, desk]) execFileSync(holdfast, ["verify", one.data]);
  ok(true, "");
}
