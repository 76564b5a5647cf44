// What could be read on a desk: a desk joins, is given the open cases, and a site
// node's page says whose, with names to information governance and without to an
// administrator, now and before.
import { ok, until } from "./lib.mjs";
import { join, signIn } from "./several.mjs";

export default async function (room) {
  const first = room.demo.organisations[0];
  const desk = await join(room, "desk");
  try {
    const governance = await signIn(room, first, "information-governance", "governance");
    const page = async (d, at) => {
      await d.go(new URL("/devices", d.page.url()).href);
      await d.page.getByRole("link", { name: /What could be read on it/ }).click();
      if (at) {
        await d.page.fill("[name=at]", at);
        await d.page.keyboard.press("F9");
        await d.page.waitForURL(/at=/);
      }
      return d.page.locator("main").innerText();
    };
    await until(async () => /Case 26-|Case /.test(await page(governance)), "the desk was given cases", 20000);
    await governance.every("01-with-names");
    const text = await page(governance);
    ok(/Could be read there/.test(text) && !/let go of\s*$/.test(text), "what could be read is listed");
    const before = await page(governance, "2020-01-01 00:00");
    ok(/No case and no patient/.test(before), "before, nothing could be read");
    const wrong = await page(governance, "yesterday");
    ok(/Write the moment like/.test(wrong), "a moment that is none is asked for again");
    await governance.every("02-no-moment");
    const administrator = await signIn(room, first, "administrator", "administrator");
    const unnamed = await page(administrator);
    ok(/Names are shown to information governance/.test(unnamed) && !/Case 26-/.test(unnamed), "an administrator is told no names");
    await administrator.every("03-without-names");
  } finally {
    desk.child.kill("SIGTERM");
    await desk.dead;
  }
}
