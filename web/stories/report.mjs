// From the end of a contact to the GP's desk: advice on paper in Welsh and large
// print, the report with what is to be done first, the list of reports that
// wait, a correction; a professional's call that begins with its own form.
import { ok, until } from "./lib.mjs";

const text = d => d.page.locator("body").innerText();

export default async function (room) {
  const doctor = await room.desk({ name: "doctor" });
  doctor.expect(/status of 4\d\d/);
  await doctor.signIn("clinician", "hours");
  const at = path => new URL(path, doctor.page.url()).href;
  await doctor.press("t");
  await doctor.page.waitForURL(/\/case\/[0-9a-f]{32}$/);
  const path = new URL(doctor.page.url()).pathname;
  await doctor.settled();
  await treat(doctor.page);
  await doctor.settled();
  const sheet = await text(doctor);
  ok(/For action: 1 thing/.test(sheet) && sheet.indexOf("ECG and review") < sheet.indexOf("For information"), "what is to be done does not stand first");
  await doctor.every("report", { themes: ["light"] });

  // advice to take home: nothing goes by text where no machine carries it
  await doctor.go(at(path));
  await doctor.press("l");
  await doctor.page.getByRole("heading", { name: "Tell the patient" }).waitFor();
  ok(/No machine here carries texts or e-mail/.test(await text(doctor)), "it is not said that nothing carries texts");
  await doctor.press("F9");
  await doctor.settled();
  await until(async () => /Choose how/.test(await text(doctor)), "a letter without a way is taken");
  await doctor.page.check("[name=route][value=paper]", { force: true });
  await doctor.page.check("[name=language][value=cy]", { force: true });
  await doctor.page.check("[name=large]");
  await doctor.every("tell", { themes: ["light"] });
  await doctor.press("F9");
  await until(async () => /to be printed and given/.test(await text(doctor)), "what was written is not listed");
  await doctor.page.getByRole("link", { name: "Beth i'w wneud" }).click();
  await doctor.page.getByRole("heading", { name: /Beth i'w wneud/ }).waitFor();
  await doctor.every("letter", { sizes: [[768, 1024]], themes: ["light"] });
  await doctor.page.getByRole("button", { name: /Printed and given/ }).click();
  await until(async () => /given by hand/.test(await text(doctor)), "it is not said that it was given");

  // the list, and a correction
  await doctor.go(at("/reports"));
  await until(async () => /1 without a receipt/.test(await text(doctor)), "the report is not on the list");
  await doctor.every("reports", { themes: ["light"] });
  await doctor.go(at(path + "/report"));
  await doctor.page.getByText("Correct it").click();
  await doctor.page.fill("[name=why]", "Wrong day");
  await doctor.page.getByRole("button", { name: /Take it back/ }).click();
  await doctor.page.getByText(/no longer stands/).first().waitFor();
  await doctor.settled();
  await doctor.press("F9");
  await until(async () => /Printed and on its way\./.test(await text(doctor)), "the print is not put down");

  // somebody has died: asked in one form, refused in words, nothing lost
  await doctor.go(at(path + "/form/death"));
  await doctor.page.fill("[name=words]", "Found by her son");
  await doctor.press("F9");
  await doctor.settled();
  await until(async () => /say this/.test(await text(doctor)), "it is not said what is missing");
  ok((await doctor.page.inputValue("[name=words]")) === "Found by her son", "what was typed is lost");
  await doctor.every("death", { themes: ["dark"] });
  await doctor.go(at(path + "/wrong-patient"));
  await doctor.every("wrong", { sizes: [[1440, 900]], themes: ["light"] });
}

// treat finishes a consultation that asks the GP for something.
async function treat(p) {
  await p.keyboard.press("e");
  await p.waitForURL(/\/consult/);
  for (const [name, value] of [["history", "Tight chest on Thursday evening. None since."], ["diagnosis", "Chest pain, resolved"], ["plan", "Own GP for an ECG."],
    ["expect", "No more pain."], ["worse", "999 at once if the pain comes back."], ["saidback", "Idris"], ["gp_action", "ECG and review of chest pain."]]) await p.fill(`[name=${name}]`, value);
  await p.selectOption("[name=outcome]", "gp-in-hours");
  await p.locator("[name=actionby]").selectOption({ index: 1 });
  if (await p.locator("[name=mode]:checked").count() === 0) await p.check("[name=mode][value=phone]", { force: true });
  await p.keyboard.press("Control+Enter");
  await p.waitForURL(/\/report/);
}
