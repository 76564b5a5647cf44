// The telephone: a call that comes is offered and touches nothing; it opens with
// its number; the ambulance is asked for in few keys and seconds from the answer;
// the caller rings off and the page says so; the board counts. Silence of the
// exchange is said, and calls go on by hand.
import { ok, until } from "./lib.mjs";
import https from "node:https";
import { readFile } from "node:fs/promises";

export default async function (room) {
  const door = room.demo.organisations.find(o => o.kind === "111").telephone;
  ok(door?.url, "the demo tells of no telephone door");
  const [ca, cert, key] = await Promise.all([door.ca, door.cert, door.key].map(f => readFile(f)));
  const agent = new https.Agent({ ca, cert, key, keepAlive: true });
  let n = 0, ahead = 0;
  const say = (...events) => new Promise((done, fail) => {
    const at = new Date(Date.parse(room.clock.split(",")[0]) + performance.now() + ahead).toISOString();
    const body = JSON.stringify({ sent: at, events: events.map(e => ({ event: `s${++n}`, at, ...e })) });
    const req = https.request(door.url, { method: "POST", agent, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, res => {
      let said = "";
      res.on("data", b => { said += b; });
      res.on("end", () => res.statusCode === 200 ? done(JSON.parse(said)) : fail(new Error(`${res.statusCode} ${said}`)));
    });
    req.on("error", fail);
    req.end(body);
  });
  await say({ call: "w1", what: "offered", number: "+447700900701" }, { call: "w1", what: "queued" }, { call: "w2", what: "offered", withheld: true });

  const ruth = await room.desk({ name: "handler", keyboardOnly: true });
  await ruth.signIn("call-handler", "111");
  await ruth.page.getByText("Say which telephone is yours").waitFor();
  await ruth.tabTo("#f-extension");
  await ruth.type("2104");
  await ruth.press("Enter");
  await ruth.page.getByText("No other call on extension 2104").waitFor();

  // half-typed, and a call comes: nothing moves, nothing is lost, the cursor stays
  await ruth.tabTo("#f-caller_name");
  await ruth.type("Moira Tans");
  const before = await ruth.page.locator("#f-caller_name").boundingBox();
  await say({ call: "c1", what: "offered", number: "+447700900555" }, { call: "c1", what: "queued" }, { call: "c1", what: "answered", extension: "2104" });
  await ruth.page.getByText("07700 900 555 on your telephone since").waitFor();
  await ruth.type("ley");
  const after = await ruth.page.locator("#f-caller_name").boundingBox();
  ok(await ruth.page.inputValue("#f-caller_name") === "Moira Tansley", "what was being typed is lost when a call comes");
  ok(await ruth.page.evaluate(() => document.activeElement.id) === "f-caller_name", "the cursor has moved");
  ok(Math.abs(before.y - after.y) < 1, `the form moved by ${after.y - before.y} px`);
  await ruth.every("phone-offer", { themes: ["light"] });

  // by one key to the call's own page, its number filled in, and to the ambulance
  const began = Date.now();
  let keys = 0;
  const press = async k => { keys++; await ruth.press(k); };
  await press("Alt+a");
  await ruth.page.waitForURL(/\/call\?tel=/);
  ok(await ruth.page.inputValue("#f-number") === "07700 900 555", "the number is not filled in");
  ok(await ruth.page.inputValue("#f-caller_name") === "", "another call's words are on the page");
  await until(() => ruth.page.evaluate(() => document.activeElement.id === "f-place"), "the cursor is where the patient's place is asked");
  await ruth.type("Fell gate NY 123 456");
  keys++;
  await press("F2");
  await ruth.page.getByText(/ambulance requested/).first().waitFor();
  console.log(`answered call to ambulance request: ${keys} steps (offer taken, place, F2), ${Date.now() - began} ms`);
  ok(keys <= 6, `${keys} answers to the request`);
  await ruth.press("Escape");
  await say({ call: "c1", what: "joined", extension: "2204" });
  await ruth.page.getByText("Also on the call: extension 2204").waitFor();
  await say({ call: "c1", what: "ended", recording: "rec/c1" });
  await ruth.page.getByText("Caller gone").first().waitFor();
  await ruth.every("phone-gone", { themes: ["dark"], sizes: [[768, 1024]] });
  const id = new URL(ruth.page.url()).pathname.split("/")[2];
  await ruth.go(new URL(`/case/${id}`, ruth.page.url()).href);
  await ruth.page.getByText("after the answer").first().waitFor();
  await ruth.page.getByText("rec/c1").first().waitFor();
  await ruth.every("phone-case", { themes: ["light"], sizes: [[1440, 900]] });

  // the half-typed call is still there
  await ruth.go(new URL("/call", ruth.page.url()).href);
  ok(await ruth.page.inputValue("#f-caller_name") === "Moira Tansley", "the half-typed call is lost");

  const manager = await room.desk({ name: "manager" });
  await manager.signIn("manager", "111");
  await manager.go(new URL("/board", manager.page.url()).href);
  await manager.page.getByText("calls waiting").waitFor();
  await manager.page.getByText("How calls count").click();
  await say({ call: "w1", what: "abandoned" }); // within the first 30 s: terminated, not abandoned
  await manager.page.locator("#b-phone tr", { hasText: "Terminated" }).locator("td", { hasText: "1" }).waitFor();
  await manager.page.getByText("abandoned, 0 of 3").waitFor();
  await manager.every("phone-board", { themes: ["dark"], sizes: [[768, 1024]] });
}
