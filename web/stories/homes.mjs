// How to get into a home: kept apart, opened for a visit by whoever makes it and
// in an emergency at once, shown for a short time, taken off the page, told to
// the shift manager, and changed. By keys where a key is named.
import { ok, until } from "./lib.mjs";

const text = d => d.page.locator("body").innerText();

export default async function (room) {
  const doctor = await room.desk({ name: "doctor" });
  doctor.expect(/status of 4\d\d/);
  await doctor.signIn("clinician", "hours");
  const at = path => new URL(path, doctor.page.url()).href;
  const visit = await findCase(doctor, at);
  await doctor.every("case", { themes: ["light"] });

  // without a visit it does not open, and the page says for whom it does
  await doctor.press("w");
  await doctor.page.getByRole("heading", { name: /Way into the home of/ }).waitFor();
  const home = new URL(doctor.page.url()).pathname;
  ok(/It opens for whoever has a visit/.test(await text(doctor)), "it is not said for whom it opens");
  ok(!(await doctor.page.getByRole("button", { name: /for your visit/ }).count()), "it opens without a visit");
  await doctor.every("home");

  // with the visit
  await doctor.go(at(visit));
  await doctor.page.getByLabel("Home", { exact: true }).check();
  await doctor.press("e");
  await doctor.page.getByRole("heading", { name: /Consultation/ }).first().waitFor();
  await doctor.go(at(home));
  await doctor.page.getByRole("button", { name: /for your visit/ }).waitFor();
  await doctor.press("F9");
  await doctor.page.getByRole("heading", { name: "How to get in" }).first().waitFor();
  const code = (await text(doctor)).match(/C\d\d\dX/)?.[0];
  ok(code, "the code is not shown to whoever makes the visit");
  await doctor.every("shown");
  await doctor.page.emulateMedia({ media: "print" });
  ok(!(await text(doctor)).includes(code), "the code is printed");
  ok(/not printed/.test(await text(doctor)), "the paper does not say why");
  await doctor.page.emulateMedia({ media: null });

  // covered by key; going back shows nothing
  await doctor.press("F9");
  await doctor.page.getByRole("heading", { name: /Who opened it/ }).waitFor();
  ok(!(await text(doctor)).includes(code), "it is shown though it is covered");
  await doctor.page.goBack();
  await doctor.settled();
  await until(async () => /Open it|Who opened it/.test(await text(doctor)), "going back leads to the home");
  ok(!(await text(doctor)).includes(code), "going back shows the code");
  await doctor.every("covered", { themes: ["light"] });

  await byItself(doctor, at, home, code);
  await emergency(room, home, code);
  await watched(room, home);
  await changed(doctor, at, home, code);
}

// findCase looks for an open case of somebody whose way in is kept and that
// nobody has.
async function findCase(d, at) {
  const cases = await d.page.locator("table.work a.pt").evaluateAll(all => all.map(a => new URL(a.href).pathname));
  for (const path of cases) {
    await d.go(at(path));
    if (/How to get in is on record/.test(await text(d)) && await d.page.getByRole("button", { name: /Start consultation/ }).count()) return path;
  }
  ok(false, "no case of the demo has a way in kept");
}

// byItself: left alone, the page takes the code off and leads back.
async function byItself(d, at, home, code) {
  await d.go(at(home));
  await d.press("F9");
  await d.page.getByRole("heading", { name: "How to get in" }).first().waitFor();
  ok((await text(d)).includes(code), "it is not shown again");
  await d.page.locator("main[data-cover-in]").evaluate(m => { const soon = m.cloneNode(true); soon.dataset.coverIn = "1"; m.replaceWith(soon); });
  await d.page.getByRole("heading", { name: "Who opened it" }).waitFor({ timeout: 5000 });
  ok(!(await text(d)).includes(code), "time does not take it off");
}

// emergency: somebody without the visit says why, by keys, and it opens.
async function emergency(room, home, code) {
  const handler = await room.desk({ name: "handler" });
  handler.expect(/status of 4\d\d/);
  await handler.signIn("call-handler", "hours");
  await handler.go(new URL(home, handler.page.url()).href);
  await handler.page.getByRole("button", { name: /Emergency/ }).click();
  await handler.page.getByText(/why somebody must get in at once/).first().waitFor();
  await handler.every("emergency-why", { themes: ["light"] });
  await handler.page.fill("[name=reason]", "Crew at the door, no answer");
  await handler.page.getByRole("button", { name: /Emergency/ }).click();
  await handler.page.getByRole("heading", { name: "How to get in" }).first().waitFor();
  ok((await text(handler)).includes(code), "an emergency does not open it");
  await handler.close();
}

// watched: the shift manager has a task and the list, and takes note; the home
// is to be changed, because no emergency stood on the case.
async function watched(room, home) {
  const manager = await room.desk({ name: "manager" });
  manager.expect(/status of 4\d\d/);
  await manager.signIn("manager", "hours");
  const at = path => new URL(path, manager.page.url()).href;
  await manager.go(at("/tasks"));
  await manager.page.getByText(/opened the way into a home in an emergency/).first().waitFor();
  await manager.go(at("/homes"));
  await manager.page.getByText(/no emergency stands on the case/).first().waitFor();
  await manager.every("homes");
  await manager.page.getByRole("button", { name: /Taken note/ }).first().click();
  await until(async () => { await manager.go(at("/tasks")); return !/opened the way into a home/.test(await text(manager)); }, "the task ends");
  await manager.go(at(home));
  await manager.page.fill("[name=note]", "The daughter is told");
  await manager.page.getByRole("button", { name: "Note it" }).click();
  await manager.page.getByText(/The daughter is told/).first().waitFor();
  await manager.every("to-be-changed", { themes: ["light"] });
  await manager.close();
}

// changed: another code is kept; the old one is gone, and the home off the list.
async function changed(d, at, home, old) {
  await d.go(at(home));
  await d.press("c");
  await d.page.getByRole("heading", { name: /Keep how to get into/ }).waitFor();
  await d.every("keep");
  await d.page.fill("[name=code]", "C999X");
  await d.page.fill("[name=why]", "was C123X 4711");
  await d.press("F9");
  await d.page.getByText(/write no code/).first().waitFor();
  await d.page.fill("[name=why]", "Changed by the family");
  await d.press("F9");
  await d.page.getByText(/Changed by the family/).first().waitFor();
  ok(/Nothing says that others may know it/.test(await text(d)), "the home is still to be changed");
  await d.press("F9");
  await d.page.getByRole("heading", { name: "How to get in" }).first().waitFor();
  const page = await text(d);
  ok(page.includes("C999X") && !page.includes(old), "the old code is shown, or the new one is not");
  await d.go(at("/more-homes"));
  await d.every("more");
}
