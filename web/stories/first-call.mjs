// The whole job: a call handler takes a call, triages it and refers it; the
// other organisation's clinician sees it arrive without reloading, treats the
// patient and reports to the GP. Every page is looked at in each size and
// light, and by axe.
import { ok, until } from "./lib.mjs";

export const patient = { first: "Idris", last: "Falkner", born: "12 05 1961", place: "3 Weir Cottages, Dunsett QX4 2AB", why: "Tightness in the chest on Thursday evening, gone since" };

export default async function (room) {
  const handler = await room.desk({ name: "handler" });
  const doctor = await room.desk({ name: "doctor" });
  for (const d of [handler, doctor]) d.expect(/status of 422/); // mistakes come back as pages of their own

  await handler.page.goto(new URL("/", room.demo.organisations[0].url).href);
  await handler.every("01-sign-in");
  await doctor.signIn("clinician", "hours");
  await doctor.every("05-worklist");
  const before = await doctor.page.locator("table.work tbody tr[id]").count();

  await handler.signIn("call-handler", "111");
  await takeCall(handler);
  await askAll(handler);
  await refer(handler);

  await until(async () => (await doctor.page.getByText(/new/i).count()) > 0 || (await doctor.page.getByText("FALKNER").count()) > 0,
    "the referral reaches the other organisation's list", 10000);
  await until(async () => {
    await doctor.press(".");
    return (await doctor.page.locator("table.work tr", { hasText: "FALKNER" }).count()) === 1;
  }, "the case stands on the list", 10000);
  ok((await doctor.page.locator("table.work tbody tr[id]").count()) > before, "the list has not grown");
  await doctor.shot("05-worklist-arrived");
  await until(async () => (await handler.page.getByText(/receipt|arrived/i).count()) > 0, "the receipt shows at the sender", 10000);
  await handler.shot("04-receipt");

  await doctor.page.waitForTimeout(1000); // clicks right after rows moved are taken for the row that stood there
  await doctor.page.locator("table.work tr", { hasText: "FALKNER" }).locator("a.pt").click();
  await doctor.page.waitForURL(/\/case\//);
  await doctor.page.getByText("Tightness in the chest").first().waitFor();
  await doctor.every("06-case");
  await consult(doctor);
  await doctor.every("08-gp-report");
}

// takeCall fills in one call, as it is told, and goes on to the questions.
export async function takeCall(d) {
  const p = d.page;
  await d.every("02-call-empty");
  await p.fill("[name=number]", "01632 960 418");
  await p.fill("[name=place]", patient.place);
  for (const [name, value] of [["awake", "yes"], ["breathing", "yes"], ["bleeding", "no"]]) await p.check(`[name=${name}][value=${value}]`, { force: true });
  await p.waitForURL(/\/call\/[0-9a-f]{32}/); // they go to the device at once, and the call has a page of its own
  await p.check("[name=caller][value=patient]", { force: true });
  await p.check("[name=with][value=yes]", { force: true });
  await p.fill("[name=first]", patient.first);
  await p.fill("[name=last]", patient.last);
  await p.fill("[name=born]", patient.born);
  await p.selectOption("[name=sex]", "male");
  await p.check("[name=look][value=yes]", { force: true });
  await p.fill("[name=why]", patient.why);
  await p.fill("[name=practice]", "Millrace Practice");
  await p.fill("[name=ring_back]", "01632 9604");
  await p.keyboard.press("F9");
  await d.settled();
  await p.getByText(/digits? missing/).first().waitFor();
  ok((await p.inputValue("[name=why]")) === patient.why, "what was typed is lost after a mistake");
  await d.every("02-call-mistake");
  const number = (await p.locator(".first-clock").innerText()).match(/26-\d{3}-\d{3}-\d{3}/);
  ok(number, "the call has no number");
  await p.fill("[name=ring_back]", "01632 960 418");
  for (const name of ["ring", "text", "voicemail"]) await p.check(`[name=${name}][value=yes]`, { force: true });
  await p.keyboard.press("F9");
  await p.waitForURL(/\/ask/);
  return number[0];
}

// askAll chooses chest pain and answers every question; the pain was one to
// three days ago and nothing else is wrong.
export async function askAll(d) {
  const p = d.page;
  await d.every("03-choose");
  const set = p.locator("input[name=set][value=chest-pain]");
  if (await set.count() && !(await set.isChecked())) await set.check({ force: true });
  for (const other of await p.locator("input[name=set]:checked").all()) if ((await other.getAttribute("value")) !== "chest-pain") await other.uncheck({ force: true });
  await p.keyboard.press("F9");
  await d.settled();
  let pictured = false;
  for (let round = 0; round < 40; round++) {
    if (await p.locator("button[value=finish]").count()) break;
    const groups = await p.locator("ol.qs li.q").all();
    ok(groups.length > 0, "neither a question nor the end of them");
    for (const q of groups) {
      const recent = q.locator("input[type=radio][value='12h-to-72h']"), no = q.locator("input[type=radio][value=no]");
      const best = (await recent.count()) ? recent : (await no.count()) ? no : q.locator("input[type=radio]").first();
      await best.check({ force: true });
    }
    if (groups.length > 1 && !pictured) { pictured = true; await d.every("03-questions"); }
    await p.keyboard.press("F9");
    await d.settled();
    await p.waitForTimeout(50);
  }
  await p.locator("button[value=finish]").waitFor();
  await d.every("03-settled");
  await p.keyboard.press("F9");
  await p.waitForURL(/\/outcome/);
}

// refer sends the case to the first service of the other organisation.
export async function refer(d) {
  const p = d.page;
  await d.every("04-outcome");
  const theirs = p.locator("li.svc:not(.shut)", { hasText: "Tarn Valley Out of Hours" }).first();
  const first = p.locator("li.svc:not(.shut)").first();
  await theirs.locator("input[name=service]").check({ force: true });
  if ((await first.innerText()) !== (await theirs.innerText())) await p.locator("[name=passed-over]").selectOption({ index: 1 });
  await p.keyboard.press("F9");
  await d.settled();
  await p.getByText(/sent|on its way|receipt/i).first().waitFor();
}

// consult treats the patient and finishes with a report to the GP.
export async function consult(d) {
  const p = d.page;
  await p.keyboard.press("e");
  await p.waitForURL(/\/consult/);
  await p.fill("[name=history]", "Tight chest for ten minutes on Thursday evening after supper. None since. Walks two miles a day.");
  await p.fill("[name=examination]", "Speaks in full sentences on the phone.");
  for (const [name, value] of [["respiratory_rate", "14"], ["spo2", "97"], ["systolic", "128"], ["pulse", "74"], ["temperature", "36.8"]]) await p.fill(`[name=${name}]`, value);
  await p.check("[name=oxygen][value=no]", { force: true });
  await p.check("[name=consciousness][value=A]", { force: true });
  await p.check("[name=scale][value='1']", { force: true });
  await p.locator("button[value=score]").click();
  await d.settled();
  await p.getByText(/NEWS2/).first().waitFor();
  await p.fill("[name=diagnosis]", "Chest pain, resolved");
  await p.fill("[name=plan]", "Own GP for an ECG on Monday.");
  await p.selectOption("[name=outcome]", "gp-in-hours");
  await p.keyboard.press("Control+Enter");
  await d.settled();
  ok((await p.inputValue("[name=plan]")) === "Own GP for an ECG on Monday.", "what was typed is lost after a mistake");
  await d.every("07-consultation-mistake");
  await p.fill("[name=expect]", "No more pain.");
  await p.fill("[name=worse]", "999 at once if the pain comes back or lasts 15 minutes.");
  await p.fill("[name=saidback]", "Idris");
  await p.fill("[name=gp_action]", "ECG and review of chest pain.");
  await p.locator("[name=actionby]").selectOption({ index: 1 });
  if (await p.locator("[name=mode]:checked").count() === 0) await p.check("[name=mode][value=phone]", { force: true });
  await d.every("07-consultation");
  await p.keyboard.press("Control+Enter");
  await p.waitForURL(/\/report/);
  await p.getByText("ECG and review of chest pain.").first().waitFor();
}
