// The whole job again, and no mouse: every act has a key, every field is
// reached by Tab.
import { ok, until } from "./lib.mjs";
import { patient } from "./first-call.mjs";

export default async function (room) {
  const handler = await room.desk({ name: "handler", keyboardOnly: true });
  const doctor = await room.desk({ name: "doctor", keyboardOnly: true });
  await doctor.signIn("clinician", "hours");
  await handler.signIn("call-handler", "111");

  await field(handler, "number", "01632 960 418");
  await field(handler, "place", patient.place);
  await handler.press("Escape", "y", "y", "n"); // the three first questions
  await choose(handler, "caller", "patient");
  await choose(handler, "with", "yes");
  await field(handler, "first", patient.first);
  await field(handler, "last", patient.last);
  await field(handler, "born", patient.born);
  await handler.tabTo("[name=sex]");
  await handler.type("Male");
  await choose(handler, "look", "yes");
  await field(handler, "why", patient.why);
  const here = handler.page;
  ok(await here.isChecked("[name=awake][value=yes]") && await here.isChecked("[name=bleeding][value=no]"), "Y and N answer the first questions");
  await handler.press("F9");
  await here.waitForURL(/\/ask/);
  await questions(handler);
  await handler.press("F9");
  await here.waitForURL(/\/outcome/);
  await handler.press("1", "F9"); // the first service, send
  await until(async () => (await here.getByText(/receipt/i).count()) > 0, "the referral is on its way", 10000);
  await handler.clean();

  const list = doctor.page;
  await until(async () => (await list.getByText(/new|FALKNER/).count()) > 0, "the case reaches the other list", 10000);
  await doctor.press(".", "/");
  await doctor.type("falkner");
  await doctor.press("Enter");
  await list.waitForURL(/find=falkner/);
  await list.locator("table.work tr", { hasText: "FALKNER" }).waitFor();
  await doctor.tabTo("table.work a.pt");
  await doctor.press("Enter");
  await list.waitForURL(/\/case\//);
  await doctor.press("e");
  await list.waitForURL(/\/consult/);
  await consult(doctor);
  await list.waitForURL(/\/report/);
  await list.getByText("ECG and review of chest pain.").first().waitFor();
  await doctor.press("F9"); // printed and on its way
  await doctor.settled();
  await doctor.clean();
}

async function field(d, name, text) {
  await d.tabTo(`[name=${name}]`);
  await d.press("Control+A");
  await d.type(text);
}

// choose answers one group of radio buttons by Tab, Space and arrows.
async function choose(d, name, value) {
  await d.tabTo(`[name=${name}]`);
  await d.press("Space");
  for (let i = 0; i < 8; i++) {
    if (await d.page.isChecked(`[name=${name}][value="${value}"]`)) return;
    await d.press("ArrowRight");
  }
  ok(false, `${name} cannot be set to ${value} by keys`);
}

async function questions(d) {
  const p = d.page;
  for (let round = 0; round < 40; round++) {
    if (await p.locator("button[value=finish]").count()) return;
    const asked = await p.$$eval("ol.qs li.q", all => all.map(q => {
      const radios = [...q.querySelectorAll("input[type=radio]")];
      const values = radios.map(r => r.value);
      return { name: radios[0].name, value: ["12h-to-72h", "no"].find(v => values.includes(v)) ?? values[0] };
    }));
    ok(asked.length > 0, "neither a question nor the end of them");
    for (const q of asked) await choose(d, q.name, q.value);
    const before = await p.locator("#group").innerText();
    await d.press("F9");
    await until(async () => (await p.locator("#group").innerText().catch(() => before)) !== before, "the next question");
  }
}

async function consult(d) {
  await field(d, "history", "Tight chest for ten minutes on Thursday evening. None since.");
  await field(d, "diagnosis", "Chest pain, resolved");
  await field(d, "plan", "Own GP for an ECG on Monday.");
  await d.tabTo("[name=outcome]");
  await d.type("Own GP");
  await field(d, "expect", "No more pain.");
  await field(d, "worse", "999 at once if the pain comes back.");
  await field(d, "saidback", "Idris");
  await field(d, "gp_action", "ECG and review of chest pain.");
  await d.tabTo("[name=actionby]");
  await d.press("ArrowDown");
  await d.press("Control+Enter");
}
