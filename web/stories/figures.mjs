// Figures that only a running demo can give, printed one a line: how soon it
// is ready, what memory it holds, and how long a change takes to another
// browser's screen.
import { ok } from "./lib.mjs";

export default async function (room) {
  console.log(`demo ready, fresh data: ${room.ready} ms`);
  console.log(`memory after start: ${await room.memory()} MB resident`);
  const nurse = await room.desk({ name: "nurse" });
  const manager = await room.desk({ name: "manager" });
  await nurse.signIn("clinician", "hours");
  await manager.signIn("manager", "hours");
  await manager.go(new URL("/worklist", manager.page.url()).href);
  const spans = [];
  for (let i = 0; i < 8; i++) {
    const free = await manager.page.$$eval("table.work tr[id]", rows => rows.filter(r => /\bFree\b/.test(r.innerText)).map(r => r.id));
    ok(free.length > 0, "no free case is left to claim");
    const row = manager.page.locator(`[id="${free[0]}"]`);
    const seen = row.getByText(/Rees-Marlow/).waitFor({ timeout: 5000 });
    const began = Date.now();
    const status = await nurse.page.evaluate(async id => (await fetch(`/case/${id}/claim`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" })).status, free[0].replace(/^[a-z]-/, ""));
    ok(status === 200, `the claim was answered with ${status}`);
    await seen;
    spans.push(Date.now() - began);
    await manager.page.waitForTimeout(400);
  }
  spans.sort((a, b) => a - b);
  console.log(`change to another browser's screen: median ${spans[4]} ms, worst of ${spans.length} ${spans.at(-1)} ms`);
}
