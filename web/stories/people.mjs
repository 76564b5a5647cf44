// People and roles: who may do what, somebody moves to another role on a day,
// somebody leaves with a case in hand, and staff come from a file.
import { ok } from "./lib.mjs";

export default async function (room) {
  const clinician = await room.desk({ name: "clinician" });
  clinician.expect(/status of 4\d\d/);
  await clinician.signIn("clinician", "hours");
  const me = (await clinician.page.locator("body").innerText()).match(/Dr [A-Z]\. \w+|[A-Z]\. \w+/)?.[0];
  await clinician.press("n");
  const admin = await room.desk({ name: "administrator" });
  admin.expect(/status of 4\d\d/);
  await admin.signIn("administrator", "hours");
  const at = path => new URL(path, admin.page.url()).href;
  await admin.go(at("/permissions"));
  await admin.every("permissions");
  await admin.page.selectOption("[name=role]", "clinical-governance");
  await admin.press("F9");
  await admin.page.waitForURL(/role=clinical-governance/);
  await admin.shot("permissions-one-role");
  await fromAFile(admin, at);
  await admin.go(at("/staff"));
  await admin.every("staff");
  await firstPages(room);
  await moverAndLeaver(admin, at, me);
}

// firstPages looks at where the roles begin that have few pages.
async function firstPages(room) {
  for (const [role, path] of [["receptionist", "/worklist"], ["clinical-governance", "/worklist"], ["information-governance", "/looks"], ["commissioner", "/figures"], ["host-operator", "/devices"]]) {
    const d = await room.desk({ name: role });
    await d.signIn(role, "hours");
    ok(new URL(d.page.url()).pathname === path, `${role} begins at ${path}`);
    await d.every(role);
    await d.close();
  }
}

async function fromAFile(d, at) {
  await d.go(at("/staff/import"));
  await d.page.fill("[name=rows]", "name,role,from\nM. Osei,doctor,soon\nR. Lund,receptionist,\n");
  await d.press("F9");
  await d.page.getByText(/is no role/).waitFor();
  await d.every("import-mistakes");
  await d.page.fill("[name=rows]", "name,title,registration,role,from,until\nM. Osei,nurse,NMC 12A3456E,clinician,,\nM. Osei,nurse,NMC 12A3456E,shift manager,2199-01-01,\nR. Lund,,,receptionist,,\n");
  await d.press("F9");
  await d.page.getByText(/5 entries would be saved/).waitFor();
  await d.every("import-dry-run");
  await d.press("F10");
  await d.page.getByText(/The same file sent again changes nothing/).waitFor();
  await d.shot("import-done");
}

async function moverAndLeaver(d, at, me) {
  ok(me, "the clinician's name stands on the page");
  await d.page.getByRole("link", { name: "M. Osei" }).click();
  await d.page.waitForURL(/\/staff\/[0-9a-f]+/);
  await d.page.selectOption("[name=give]", "dispatcher");
  await d.page.selectOption("[name=end]", "clinician");
  await d.page.fill("[name=from]", "01/12/2198");
  await d.page.fill("[name=why]", "moves to the base");
  await d.press("F9");
  await d.page.getByText(/Planned/).first().waitFor();
  await d.every("member");
  await d.page.fill("[name=left]", "contract over");
  await d.page.getByRole("button", { name: "They leave" }).click();
  await d.page.getByText(/Ended/).first().waitFor();
  await d.go(at("/staff"));
  await d.page.getByRole("link", { name: me }).first().click();
  await d.page.waitForURL(/\/staff\/[0-9a-f]+/);
  await d.page.fill("[name=left]", "long leave");
  await d.page.getByRole("button", { name: "They leave" }).click();
  await d.page.getByText(/Ended/).first().waitFor();
  await d.every("leaver");
}
