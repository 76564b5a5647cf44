// What is known before a call: a GP writes the agreed plan of somebody who
// rings often, the third call goes to a clinician by itself and goes on by
// that plan, and a child is asked about by itself. By keys where a key is named.
import { ok, until } from "./lib.mjs";

const text = d => d.page.locator("body").innerText();

export default async function (room) {
  const doctor = await room.desk({ name: "doctor" });
  const handler = await room.desk({ name: "handler" });
  for (const d of [doctor, handler]) d.expect(/status of 4\d\d/);
  await doctor.signIn("clinician", "111");
  await handler.signIn("call-handler", "111");
  const at = (d, path) => new URL(path, d.page.url()).href;

  // the first two calls about him go to the questions
  const first = await call(handler, at, "Cough again, no better");
  ok(/\/ask/.test(handler.page.url()), `the second contact goes to ${handler.page.url()}`);
  await doctor.go(at(doctor, first.replace("/call/", "/case/")));
  ok(/2 other contacts|1 other contact/.test(await text(doctor)), "the case does not say how often he was in contact");
  await doctor.shot("case", { full: true });

  // the plan is written by keys from the case
  await doctor.press("k");
  await doctor.page.getByRole("heading", { name: "Write a note or plan" }).waitFor();
  await doctor.page.getByRole("link", { name: "Agreed plan for frequent calls" }).click();
  await doctor.page.fill("[name=text]", "Rings when alone in the evening: ten minutes, and a word about tomorrow");
  await doctor.page.fill("[name=part3]", "Any chest pain, any fever");
  await doctor.press("F9");
  await doctor.page.getByText("Write who decided this").first().waitFor();
  ok((await doctor.page.inputValue("[name=part3]")) === "Any chest pain, any fever", "what was typed is lost after a mistake");
  await doctor.every("plan-mistake", { sizes: [[768, 1024]], themes: ["light"] });
  await doctor.page.fill("[name=author]", "Dr P. Whitlock");
  await doctor.page.fill("[name=from]", "Millrace Practice");
  await doctor.press("F9");
  await doctor.page.locator(".t-plans", { hasText: "ten minutes" }).waitFor();
  await doctor.every("plans");

  // the third contact goes to a clinician by itself, with what was before it
  const third = await call(handler, at, "Cough, and cannot sleep", async () => {
    await handler.page.locator("#again", { hasText: "goes to a clinician" }).waitFor();
    ok(/ten minutes, and a word/.test(await text(handler)), "the agreed plan is not on the call");
    await handler.every("call", { themes: ["light"] });
  });
  ok(third.length > 0 && /\/repeat$/.test(new URL(handler.page.url()).pathname), `the third contact goes to ${handler.page.url()}`);
  ok(/Cough again, no better/.test(await text(handler)), "the call before is not shown");
  await handler.every("repeat");
  await handler.press("Alt+P");
  await handler.page.waitForURL(/\/ask/);
  await doctor.go(at(doctor, third.replace("/call/", "/case/")));
  ok(/By the agreed plan of Dr P. Whitlock/.test(await text(doctor)), "the clinician does not read why questions were asked");
  ok(/Dx34/.test(await text(doctor)), "the case does not wait for a clinician");

  await child(doctor, at);
}

// call takes a call about him by keys as far as it goes on, and gives its path.
async function call(d, at, why, meanwhile = async () => {}) {
  const p = d.page;
  await d.go(at(d, "/call"));
  await p.fill("[name=number]", "01632 960 418");
  await p.fill("[name=place]", "11 Tenter Row, Coldwater QX4 7TD");
  const pick = (name, value) => p.locator(`input[type=radio][name=${name}][value=${value}]`).evaluate(e => e.click());
  for (const [name, value] of [["awake", "yes"], ["breathing", "yes"], ["bleeding", "no"]]) await pick(name, value);
  await p.waitForURL(/\/call\/[0-9a-f]{32}/);
  const path = new URL(p.url()).pathname;
  for (const [name, value] of [["caller", "patient"], ["look", "yes"], ["ring", "yes"]]) await pick(name, value);
  await p.fill("[name=first]", "Wilfred");
  await p.fill("[name=last]", "Tansley");
  await p.fill("[name=born]", "03 02 1948");
  await p.fill("[name=why]", why);
  const one = p.locator("#trace tr", { hasText: "TANSLEY, Wilfred" }).first().locator("input[type=radio]");
  await one.waitFor({ state: "attached" });
  await one.evaluate(e => e.click());
  await p.locator("#known", { hasText: "Notes and plans" }).waitFor();
  await meanwhile();
  await d.press("F9");
  await p.waitForURL(/\/(ask|repeat)$/);
  return path;
}

// child finds a case about a child and waits until CP-IS has answered there.
async function child(d, at) {
  await d.go(at(d, "/worklist"));
  const cases = await d.page.locator("table.work a.pt").evaluateAll(all => all.map(a => new URL(a.href).pathname));
  for (const path of cases) {
    await d.go(at(d, path));
    if (!/Child protection information/.test(await text(d))) continue;
    await until(async () => { await d.go(at(d, path)); return /Information is held|It answered that it holds no plan/.test(await text(d)); }, "CP-IS answers");
    ok(/Parental responsibility/.test(await text(d)), "parental responsibility is not asked for");
    await d.page.getByText("Safeguarding referral", { exact: true }).click();
    await d.page.getByLabel("To whom").waitFor();
    await d.axe("safeguarding");
    await d.shot("child-refer", { full: true });
    return;
  }
  ok(false, "no case of the demo is about a child");
}
