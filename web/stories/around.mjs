// All the other pages: the emergency key from an empty call, a half-typed call
// that outlives its browser, and every page that the whole job does not pass.
import { ok, until } from "./lib.mjs";

export default async function (room) {
  const handler = await room.desk({ name: "handler" });
  handler.expect(/status of 4\d\d/);
  await handler.signIn("call-handler", "111");
  await halfTyped(room, handler);
  await emergency(handler);
  for (const [name, path] of [["mycalls", "/mycalls"], ["services", "/services"], ["session", "/session"], ["no-such-page", "/no-such-page"], ["forbidden", "/staff"]]) {
    await handler.go(new URL(path, handler.page.url()).href);
    await handler.every(name);
  }
  const manager = await room.desk({ name: "manager" });
  manager.expect(/status of 4\d\d/);
  await manager.signIn("manager", "111");
  ok(new URL(manager.page.url()).pathname === "/board", "a manager lands on the board");
  await manager.every("board");
  await manager.go(new URL("/tasks", manager.page.url()).href);
  await manager.page.getByText(/Ring ambulance control/).first().waitFor();
  await manager.every("tasks");
  await manager.go(new URL("/drills", manager.page.url()).href);
  await manager.every("rehearsals");
  await manager.go(new URL("/emergency", manager.page.url()).href);
  await manager.every("emergency");
}

// halfTyped closes the browser in the middle of a call and opens another with
// the same session: what was typed is there.
async function halfTyped(room, d) {
  await d.page.fill("[name=place]", "Lay-by after the second bridge");
  await d.page.fill("[name=why]", "Fell from a ladder");
  await until(async () => /Saved as you type/.test(await d.page.locator("body").innerText()), "the draft is saved");
  const state = await d.context.storageState();
  const again = await room.browser.newContext({ storageState: state });
  const page = await again.newPage();
  await page.goto(d.page.url());
  ok(await page.inputValue("[name=place]") === "Lay-by after the second bridge" && await page.inputValue("[name=why]") === "Fell from a ladder", "a half-typed call is lost with its browser");
  await again.close();
}

// emergency presses one key with only a place known.
async function emergency(d) {
  await d.press("F2");
  await d.page.waitForURL(/\/call\/[0-9a-f]+/);
  await d.page.getByText(/Stay on the line/).first().waitFor();
  await d.every("emergency-key", { sizes: [[1440, 900], [768, 1024]], themes: ["light"] });
}
