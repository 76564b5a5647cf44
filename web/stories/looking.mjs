// Looking is a fact: a record that is kept closer asks why; glass that is broken
// is told; who looked is answered and signed; a screen locks with what was
// typed kept, on every page and in the form in which it stood, and a colleague
// works at the same desk meanwhile.
import { ok, until } from "./lib.mjs";

const demo = d => d.page.getByRole("button", { name: /Go on \(demo\)/ }).first().click();
const locks = page => page.evaluate(() => { document.body.dataset.idle = "1500"; });

export default async function (room) {
  const gov = await room.desk({ name: "governance" });
  gov.expect(/status of 4\d\d/);
  await gov.signIn("information-governance", "111");
  ok(new URL(gov.page.url()).pathname === "/looks", "governance does not begin at the page of looks");
  await gov.every("looks");

  const nurse = await room.desk({ name: "nurse" });
  nurse.expect(/status of 4\d\d/);
  await nurse.signIn("clinician", "111");
  const link = nurse.page.locator("table.work a.pt").first();
  await link.waitFor();
  const path = new URL(await link.getAttribute("href"), nurse.page.url()).pathname;
  const id = path.split("/")[2];

  // governance marks the case before the nurse opens it
  await gov.page.fill("[name=record]", id);
  await gov.page.selectOption("[name=mark]", "well known");
  await gov.page.fill("#why, [name=why]:visible", "a story");
  await gov.page.getByRole("button", { name: "Watch it" }).click();
  await gov.page.getByText("well known").first().waitFor();

  await nurse.go(new URL(path, nurse.page.url()).href);
  await nurse.page.getByRole("heading", { name: "Say why" }).waitFor();
  await nurse.every("why");
  await nurse.page.fill("[name=_reason_why]", "x");
  await nurse.press("F9");
  await nurse.page.getByText("Say in a few words why").first().waitFor();
  await nurse.page.fill("[name=_reason_why]", "She is on the line now");
  await nurse.press("F9");
  await nurse.page.waitForURL(u => u.pathname === path);
  ok(await nurse.page.locator("h1").first().innerText() !== "Say why", "the reason opens nothing");

  // an administrator breaks the glass; the shift is told at once
  const admin = await room.desk({ name: "administrator" });
  admin.expect(/status of 4\d\d/);
  await admin.signIn("administrator", "111");
  await admin.go(new URL(path, admin.page.url()).href);
  await admin.page.getByRole("heading", { name: "Say why" }).waitFor();
  await admin.page.fill("[name=_reason_why]", "No clinician is here and her husband rings");
  await admin.press("F9");
  await admin.page.waitForURL(u => u.pathname === path);
  await admin.page.getByRole("heading").first().waitFor();
  await admin.shot?.("glass");
  const manager = await room.desk({ name: "manager" });
  await manager.signIn("manager", "111");
  await until(async () => { await manager.go(new URL("/tasks", manager.page.url()).href); return (await manager.page.content()).includes("permission table keeps from them"); }, "the shift manager is not told", 60000);

  // who looked
  await gov.go(new URL("/looks", gov.page.url()).href);
  await gov.page.fill("[name=of]", id);
  await gov.press("F9");
  await gov.page.getByRole("heading", { name: /Who looked at this record/ }).waitFor();
  await gov.page.getByText("She is on the line now").first().waitFor();
  await gov.every("who-looked");
  const report = await gov.page.evaluate(async () => (await fetch(document.querySelector("a[href$='/report']").href)).text());
  ok(/^HOLDFAST WHO LOOKED 1\n/.test(report) && report.includes("\nsignature: ") && report.includes("broke the glass"), "the report is not whole");
  await gov.go(new URL("/looks", gov.page.url()).href);
  await gov.page.getByText("permission table keeps from them").first().waitFor();
  await gov.every("told");
  await twoPages(room, gov, admin, nurse);
  await gov.page.locator("[name=note]").first().fill("Spoke to her: right to do so");
  await gov.page.getByRole("button", { name: "Reviewed" }).first().click();
  await gov.settled();

  await deadlineMoves(room);

  // caps
  await manager.go(new URL("/surge", manager.page.url()).href);
  await manager.every("surge");
  await manager.page.selectOption("[name=role]", "clinician");
  await manager.page.selectOption("[name=hours]", "2");
  await manager.page.fill("[name=why]", "Flood in the valley");
  await manager.press("F9");
  await manager.page.getByText("Flood in the valley").first().waitFor();

  // the screen locks while something is half-typed
  await admin.go(new URL("/staff", admin.page.url()).href);
  await admin.page.fill("[name=name]", "Half-typed Nam");
  await locks(admin.page);
  await admin.page.waitForURL(/sign-in/);
  await admin.page.getByRole("heading", { name: "This screen is locked" }).waitFor();
  await admin.every("locked");
  ok(!(await admin.page.content()).includes("Half-typed"), "what was typed stands on the locked screen");
  await admin.go(new URL("/staff", admin.page.url()).href);
  ok(/sign-in/.test(admin.page.url()), "a locked session opens a page");
  // a colleague works here meanwhile
  await admin.signIn("call-handler", "111");
  ok(new URL(admin.page.url()).pathname.startsWith("/call"), "the colleague does not come in");
  await admin.go(new URL("/staff", admin.page.url()).href);
  ok(!(await admin.page.content()).includes("Half-typed"), "a colleague sees what somebody else typed");
  await admin.go(new URL("/sign-in?next=/staff", admin.page.url()).href);
  await demo(admin);
  await admin.page.waitForURL(u => u.pathname === "/staff");
  await until(async () => (await admin.page.inputValue("[name=name]")) === "Half-typed Nam", "what was typed did not come back");

  // with a real passkey: the screen opens to its own person, to where they were
  await admin.go(new URL("/staff", admin.page.url()).href);
  await admin.page.fill("[name=name]", "J. Sowerby");
  await admin.page.check("[name=role][value=manager]", { force: true });
  await admin.press("F9");
  await admin.settled();
  const line = admin.page.locator("tr", { hasText: "J. Sowerby" });
  await line.waitFor();
  await line.locator("form button").first().click();
  await admin.page.locator("#enrolment-link").waitFor();
  const enrol = (await admin.page.content()).match(/https?:\/\/[^"'<\s]*\/enrol\/[\w-]+/)?.[0];
  const own = await room.desk({ name: "colleague" });
  own.expect(/status of 4\d\d/);
  const cdp = await own.context.newCDPSession(own.page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await own.go(enrol);
  await own.page.getByRole("button", { name: /Make the passkey/ }).click();
  await own.page.waitForURL(/sign-in/);
  await own.page.getByRole("button", { name: /Use your passkey/ }).click();
  await own.page.waitForURL(/board/);
  await own.go(new URL("/surge", own.page.url()).href);
  await own.page.fill("[name=why]", "A bus has cra");
  await locks(own.page);
  await own.page.getByRole("heading", { name: "This screen is locked" }).waitFor();
  const session = (await own.context.cookies()).find(c => c.name === "holdfast").value;
  await own.page.getByRole("button", { name: /Use your passkey/ }).click();
  await own.page.waitForURL(u => u.pathname === "/surge");
  ok((await own.context.cookies()).find(c => c.name === "holdfast").value === session, "coming back begins another session");
  await until(async () => (await own.page.inputValue("[name=why]")) === "A bus has cra", "what was typed did not come back to the passkey's owner");
}

// twoPages: two pages of one browser are half-typed when the first of them locks;
// meanwhile the list on which they stand changes. What was typed comes back to
// the same line, not to the same place.
async function twoPages(room, gov, admin, nurse) {
  const second = await gov.context.newPage();
  await second.goto(gov.page.url(), { waitUntil: "load" });
  await second.fill("[name=of]", "half a num");
  const tasks = () => gov.page.locator("form:has([name=note]) [name=task]").evaluateAll(all => all.map(el => el.value));
  const before = await tasks();
  await gov.page.locator(`form:has([name=task][value="${before[0]}"]) [name=note]`).fill("Spoke to h");
  await locks(gov.page);
  await gov.page.getByRole("heading", { name: "This screen is locked" }).waitFor();
  await second.getByRole("heading", { name: "This screen is locked" }).waitFor();
  await second.close();

  // another look is told meanwhile, and stands before it
  const others = nurse.page.locator("table.work a.pt");
  await nurse.go(new URL("/worklist", nurse.page.url()).href);
  const other = new URL(await others.nth(1).getAttribute("href"), nurse.page.url()).pathname;
  await admin.go(new URL(other, admin.page.url()).href);
  await admin.page.fill("[name=_reason_why]", "He rings as well and nobody is here");
  await admin.press("F9");
  await admin.page.waitForURL(u => u.pathname === other);
  await gov.go(new URL("/sign-in?next=/looks", gov.page.url()).href);
  await demo(gov);
  await gov.page.waitForURL(u => u.pathname === "/looks");
  await until(async () => (await gov.page.inputValue(`form:has([name=task][value="${before[0]}"]) [name=note]`)) === "Spoke to h", "what was typed did not come back to its line");
  await until(async () => (await gov.page.inputValue("[name=of]")) === "half a num", "what was typed on the second page is lost");
  await until(async () => { if ((await tasks())[0] !== before[0]) return true; await gov.page.reload(); return false; }, "the list did not change", 60000);
  await gov.clean();
}

// deadlineMoves: what is in hand changes behind a lock, and the locked screen
// says so without breaking the policy of its own page.
async function deadlineMoves(room) {
  const doctor = await room.desk({ name: "doctor" });
  const manager = await room.desk({ name: "manager-hours" });
  for (const d of [doctor, manager]) d.expect(/status of 4\d\d/);
  await doctor.signIn("clinician", "hours");
  await manager.signIn("manager", "hours");
  const post = (d, path, body) => d.page.evaluate(async ([path, body]) => (await fetch(path, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body })).status, [path, body]);
  const free = await doctor.page.locator("table.work tr[id]").evaluateAll(rows => rows.filter(r => /\bFree\b/.test(r.innerText)).map(r => r.id.replace(/^[a-z]-/, "")));
  ok(free.length > 1, "no two free cases are left");
  for (const id of free.slice(0, 2)) ok(await post(doctor, `/case/${id}/claim`, "") === 200, "a case is not claimed");
  await doctor.go(new URL("/session", doctor.page.url()).href);
  await locks(doctor.page);
  await doctor.page.getByRole("heading", { name: "This screen is locked" }).waitFor();
  const due = () => doctor.page.locator("[data-locked] [data-deadline]").first().getAttribute("data-deadline");
  const hands = async () => Number((await doctor.page.locator("[data-locked]").innerText()).match(/(\d+) open cases? (is|are) in their hands/)?.[1]);
  await until(async () => { await doctor.page.reload(); return await hands() >= 2; }, "both cases are in hand");
  const was = await due(), had = await hands();
  await manager.go(new URL("/worklist", manager.page.url()).href);
  const first = await manager.page.locator(`table.work tr[id]:has([data-deadline="${was}"])`).first().getAttribute("id");
  ok(await post(manager, `/case/${first.replace(/^[a-z]-/, "")}/take-over`, "over_why=Gone+home") === 200, "the case is not taken over");
  await until(async () => {
    await doctor.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    return (await due()) !== was && await hands() === had - 1;
  }, "the locked screen does not hear of it");
  await doctor.clean();
  await doctor.close();
  await manager.close();
}
