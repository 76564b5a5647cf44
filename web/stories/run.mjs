// node run.mjs NAME [--live]: starts a demo, tells the story NAME against it and
// leaves its pictures in build/stories/NAME/. The demo stands still unless
// --live is given. Status 0: the story holds; 1: it does not; 2: no such story.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdtemp, readFile, rm, access } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Room } from "./lib.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const [name, ...flags] = process.argv.slice(2);

if (!/^[a-z0-9-]+$/.test(name ?? "")) { console.error("usage: node run.mjs NAME [--live]"); process.exit(2); }
const file = path.join(here, `${name}.mjs`);
try { await access(file); } catch { console.error(`There is no story ${name}.`); process.exit(2); }

// lastSaturdayEvening is when stories play: an evening on which the out-of-hours
// service is open, whatever the time is here.
export function lastSaturdayEvening(now = new Date()) {
  const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), 18, 20));
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 1) % 7) - (now.getUTCDay() === 6 ? 7 : 0));
  return at.toISOString().replace(/\.\d+/, "");
}

// startDemo runs a demo in a folder and waits until it is ready.
async function startDemo({ data, listen = "127.0.0.1:0", clock = `${lastSaturdayEvening()},x1`, still = true, within = 60000, before = null }) {
  const args = ["demo", "--json", "--data", path.join(data, "demo"), "--listen", listen, "--clock", clock, ...(still ? ["--still"] : []), ...(before?.args ?? [])];
  const child = spawn(path.join(root, "build/holdfast"), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", b => { said = (said + b).slice(-20000); });
  const ended = new Promise(r => child.on("close", code => r(code)));
  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10000);
    const code = await ended;
    clearTimeout(late);
    return code;
  };
  try {
    const line = await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`the demo was not ready within ${within} ms`)), within);
      child.on("error", e => { clearTimeout(timer); fail(e); });
      ended.then(code => { clearTimeout(timer); fail(new Error(`the demo ended with status ${code}\n${said}`)); });
      createInterface({ input: child.stdout }).once("line", l => { clearTimeout(timer); done(l); });
    });
    const memory = async () => Math.round(Number((await readFile(`/proc/${child.pid}/status`, "utf8")).match(/VmRSS:\s+(\d+)/)[1]) / 1024);
    return { demo: JSON.parse(line), stop, memory, pid: child.pid, clock, said: () => said };
  } catch (e) {
    if (child.pid) await stop();
    throw e;
  }
}

const began = Date.now();
const data = await mkdtemp(path.join(tmpdir(), "holdfast-story-")), still = !flags.includes("--live");
let status = 0, room = null, running = null, before = null;

// later stops the demo and starts it again where it was, so many minutes later
// by its clock. Desks stay open and sessions go on.
async function later(minutes) {
  const passed = Date.now() - began + minutes * 60000, { host } = new URL(running.demo.organisations[0].url);
  const code = await running.stop();
  if (code !== 0) throw new Error(`the demo ended with status ${code}`);
  const clock = new Date(Date.parse(lastSaturdayEvening()) + passed).toISOString().replace(/\.\d+/, "") + ",x1";
  running = await startDemo({ data, clock, still, before, listen: `127.0.0.1:${host.split(":")[1]}` });
  Object.assign(room, { demo: running.demo, memory: running.memory, pid: running.pid, clock });
}

try {
  const story = await import(file);
  before = await story.before?.(); // what a story needs beside the demo, and how the demo is told of it
  running = await startDemo({ data, still, before, ...(before?.clock ? { clock: before.clock } : {}) });
  const ready = Date.now() - began;
  room = await Room.open({ demo: running.demo, out: path.join(root, "build/stories", name) });
  Object.assign(room, { ready, before, memory: running.memory, pid: running.pid, clock: running.clock, later });
  await story.default(room);
} catch (e) {
  status = 1;
  console.error(`${name}: does not hold\n${e.stack ?? e}`);
  if (room) for (const d of room.desks) await d.page.screenshot({ path: path.join(room.out, `failed-${d.name}.png`) }).catch(() => {});
  if (running) console.error(running.said());
} finally {
  if (room) await room.close().catch(e => { status = 1; console.error(`${name}: ${e.message}`); });
  if (running) {
    const code = await running.stop();
    if (code !== 0) { status = 1; console.error(`${name}: the demo ended with status ${code}`); }
  }
  await before?.after();
  await rm(data, { recursive: true, force: true });
}
if (status === 0) console.log(`${name}: holds (${((Date.now() - began) / 1000).toFixed(1)} s), pictures in build/stories/${name}/`);
process.exit(status);
