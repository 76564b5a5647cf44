// The clinical queue by its keys: an outcome that goes by itself is validated,
// an attempt is written down and shown on the list, a manager puts a case first
// and the list says so.
import { ok, until } from "./lib.mjs";

// opens a row of a list that says something; -1 is the last.
async function opens(d, path, words, nth = 0) {
  await d.go(new URL(path, d.page.url()).href);
  const row = d.page.locator("#cases tr", { hasText: words }).nth(nth);
  await row.waitFor();
  const name = (await row.locator("a.pt").innerText()).trim();
  await row.locator("a.pt").focus();
  await d.press("Enter");
  await d.page.waitForURL(/\/case\/[0-9a-f]+$/);
  return name;
}

async function says(d, words) { await until(async () => (await d.page.locator("main").innerText()).includes(words), `${d.name}: the page says “${words}”`); }

export default async function (room) {
  const nurse = await room.desk({ name: "nurse", keyboardOnly: true });
  await nurse.signIn("clinician", "111");
  await opens(nurse, "/worklist?show=validate&free=yes", "Goes by itself", -1);
  await says(nurse, "Goes by itself");
  await nurse.every("case-held");
  await nurse.press("v");
  await says(nurse, "Validated:");
  await nurse.shot("case-validated");

  await opens(nurse, "/worklist?show=speak&free=yes", "Ring back", -1);
  await nurse.press("a");
  await nurse.tabTo("[name=r_how]");
  await nurse.press("ArrowRight"); // no answer
  await nurse.tabTo("[name=r_note]");
  await nurse.type("Rang out, no voicemail");
  await nurse.every("case-rang", { sizes: [[768, 1024]], themes: ["dark"] });
  await nurse.tabTo(`form[action$="/rang"] button`);
  await nurse.press("Enter");
  await says(nurse, "Tried 1 of 3");
  await nurse.go(new URL("/worklist?show=speak", nurse.page.url()).href);
  await says(nurse, "Tried 1 of 3, next");
  await nurse.every("worklist-queue");

  const manager = await room.desk({ name: "manager" });
  await manager.signIn("manager", "111");
  const put = await opens(manager, "/worklist?show=speak&free=yes", "Ring back", -1);
  await manager.press("p");
  await manager.tabTo("[name=o_why]");
  await manager.type("Alone with two children");
  await manager.press("Enter");
  await says(manager, "Put first");
  await manager.go(new URL("/worklist", manager.page.url()).href);
  const row = manager.page.locator("#cases tr", { hasText: put }).first();
  await row.waitFor();
  ok((await row.innerText()).includes("Put first"), "the list does not say that a case was put first");
  await manager.go(new URL("/board", manager.page.url()).href);
  await says(manager, "wait for a clinician");
  await manager.every("board-queue", { sizes: [[1440, 900]], themes: ["light"] });
}
