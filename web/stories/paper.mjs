// Paper: a case that was written on paper while nothing else was there is typed
// in with its picture, found again, compared with the paper by a second person,
// reported to the GP and closed. Nobody is sent anywhere by it.
import { ok } from "./lib.mjs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const picture = fileURLToPath(new URL("../../docs/pictures/worklist.png", import.meta.url));

export default async function (room) {
  await readFile(picture);
  const handler = await room.desk({ name: "call-handler" });
  handler.expect(/status of 422/);
  await handler.signIn("call-handler", "111");
  const at = path => new URL(path, handler.page.url()).href, page = handler.page;
  await handler.go(at("/paper"));
  await handler.every("nothing", { themes: ["light"] });
  await handler.press("n");
  await page.waitForURL(/paper\/new/);
  await handler.every("empty");

  // Bad input: said at the fields, and everything typed is there again.
  await page.fill("[name=at]", "half past two");
  await page.fill("[name=history]", "Earache since the morning, no fever");
  await handler.press("Control+Enter");
  await page.getByText("Hours and minutes, as 19:40").first().waitFor();
  ok(await page.inputValue("[name=history]") === "Earache since the morning, no fever", "what was typed is gone");
  await handler.every("to-mend");

  const typed = {
    at: "14:10", ended_at: "14:32", author: "Nurse P. Varma", form_number: "0412", first: "Edith", last: "Wren", born: "4 5 1951", practice: "Weir Practice",
    number: "01632 960 418", place: "3 Weir Cottages, Dunsett QX4 2AB", why: "Earache since the morning", diagnosis: "Otitis externa", plan: "Paracetamol, keep it dry",
    worse: "Fever, swelling behind the ear: 111", expect: "Better in three days", saidback: "Edith",
  };
  for (const [name, value] of Object.entries(typed)) await page.fill(`[name=${name}]`, value);
  await page.selectOption("[name=wrote]", { label: "A clinician" });
  await page.getByText("The patient was told what to do and what to ring for").click();
  await page.selectOption("[name=outcome]", { label: "Advice given" });
  await page.setInputFiles("[name=pictures]", picture);
  await handler.shot("typed", { full: true });
  await handler.press("Control+Enter");
  await page.getByText(/Entered as case \d\d-/).waitFor();
  const mine = await page.getByRole("link", { name: "Open it" }).getAttribute("href");
  await handler.every("entered");
  ok(!(await page.getByText("half-typed").count()), "the paper that was sent still counts as half-typed");

  const clinician = await room.desk({ name: "clinician" });
  await clinician.signIn("clinician", "111");
  await clinician.go(at("/worklist"));
  ok(/Check the paper/.test(await clinician.page.locator("body").innerText()), "the case is on no list");
  await clinician.go(at("/paper"));
  await clinician.page.getByRole("link", { name: /WREN, Edith/ }).click();
  await clinician.page.getByRole("heading", { name: "What was typed in" }).waitFor();
  const drawn = await clinician.page.locator("img.sheet-pic").evaluate(i => i.complete && i.naturalWidth > 0);
  ok(drawn, "the picture of the paper is not shown");
  await clinician.every("check");
  await clinician.press("Control+Enter");
  await clinician.page.waitForURL(/report/);
  ok(/Checked against the paper by/.test(await clinician.page.locator("body").innerText()), "the report does not say how the case came to be on record");
  await clinician.every("report", { themes: ["light"] });

  await clinician.go(at("/tasks"));
  ok(/^\/case\/[0-9a-f]{32}$/.test(mine) && !(await clinician.page.locator(`a[href="${mine}"]`).count()), "somebody is asked to do something about it");
}
