// Numbered forms: two ranges with shares handed out; a form used provisionally
// has its work item; numbers move only by two people; every number is
// accounted for.
import { ok, until } from "./lib.mjs";

export default async function (room) {
  const manager = await room.desk({ name: "manager" });
  manager.expect(/status of 4\d\d/);
  await manager.signIn("manager", "111");
  const at = path => new URL(path, manager.page.url()).href;
  await manager.go(at("/forms"));
  await manager.every("forms");
  await manager.page.fill("[name=what]", "FP10SS pads, treatment room");
  await manager.page.fill("[name=first]", "42010040");
  await manager.page.fill("[name=last]", "42010060");
  await manager.press("F9");
  await manager.page.getByText(/already/).first().waitFor();
  await manager.every("forms-refused", { themes: ["light"] });

  await manager.go(at("/forms"));
  await manager.page.getByRole("link", { name: /Open.*treatment room/ }).click();
  await manager.page.getByText("0 not accounted for").first().waitFor();
  await manager.every("range");
  const range = new URL(manager.page.url()).pathname;
  await manager.go(at(range + "/hand-out"));
  await manager.page.fill("[name=first]", "42010030");
  await manager.page.fill("[name=last]", "42010032");
  await manager.page.selectOption("[name=to]", { label: "Car 2" });
  await manager.press("F9");
  await manager.page.getByText(/does not hold all of these/).first().waitFor();
  await manager.every("hand-out", { themes: ["light"] });

  await decides(manager, at);
  await twoPeople(room, manager, at);
  await clinician(room);
}

// decides: the form of a car that cannot be reached was used provisionally;
// only its holder can confirm it, and the owner refuses with a named person.
async function decides(d, at) {
  await d.go(at("/tasks"));
  await d.page.getByText(/Form 42020004/).first().waitFor();
  await d.go(at("/forms"));
  await d.page.getByRole("link", { name: /Open.*home visits/ }).click();
  await d.page.getByText("Provisional").first().waitFor();
  await d.every("provisional");
  await d.page.getByRole("link", { name: /Decide on/ }).click();
  await d.every("decide");
  ok(!(await d.page.locator("[value=confirm]").count()), "who does not hold a number can confirm it");
}

// twoPeople: who proposed cannot approve; a second person can.
async function twoPeople(room, d, at) {
  await d.go(at("/forms"));
  await d.page.getByRole("link", { name: /Open.*home visits/ }).click();
  const range = new URL(d.page.url()).pathname;
  await d.go(at(range + "/reassign"));
  await d.every("reassign", { themes: ["light"] });
  await d.page.selectOption("[name=lost]", { label: "Car 1" });
  const mine = await d.page.locator("[name=to] option").evaluateAll(all => all.map(o => o.textContent).find(t => t && !/^Car|Choose/.test(t)));
  await d.page.selectOption("[name=to]", { label: mine });
  await d.page.fill("[name=why]", "The car is off the road; the garage has emptied it");
  await d.press("F9");
  await d.page.getByText(/you proposed it/).first().waitFor();
  ok(!(await d.page.getByRole("button", { name: /Approve/ }).count()), "who proposed may approve");
  await d.every("proposed", { themes: ["light"] });
  const second = await room.desk({ name: "administrator" });
  await second.signIn("administrator", "111");
  await second.go(at(range));
  await second.page.getByRole("button", { name: /Approve/ }).click();
  await second.page.getByText(/Approved by/).first().waitFor();
  await d.go(at(range));
  await d.page.getByRole("link", { name: /Decide on/ }).click();
  await d.page.getByLabel("Confirm", { exact: true }).check();
  await d.press("F9");
  await d.page.getByText("Confirmed").first().waitFor();
  await d.every("confirmed");
  await until(async () => { await d.go(at("/tasks")); return !/Form 42020004/.test(await d.page.locator("body").innerText()); }, "the work item ends");
}

// clinician: uses a form of this device.
async function clinician(room) {
  const d = await room.desk({ name: "clinician" });
  d.expect(/status of 4\d\d/);
  await d.signIn("clinician", "111");
  await d.go(new URL("/forms", d.page.url()).href);
  await d.page.getByRole("link", { name: /Open.*treatment room/ }).click();
  await d.page.getByRole("link", { name: /Use, void/ }).click();
  await d.page.fill("[name=first]", "42010021");
  await d.page.getByLabel("Issued").check();
  await d.press("F9");
  await d.page.getByText(/does not hold that number/).first().waitFor();
  await d.every("use");
  await d.page.fill("[name=first]", "42010004");
  await d.press("F9");
  await d.page.getByRole("heading", { name: /What was used/ }).waitFor();
  ok(/42010004/.test(await d.page.locator("body").innerText()), "the form is not on the list");
}
