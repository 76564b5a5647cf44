// The doors: password and code as second choice, a recovery paper, a colleague
// who vouches, a doctor admitted for one shift; and keys that verify nobody.
import { createHmac } from "node:crypto";
import { ok, same } from "./lib.mjs";

const PASSWORD = "harbour lantern violet spoon";

// totp gives the code of a secret at a moment in ms (RFC 6238).
function totp(secret, ms) {
  const bits = [...secret].map(c => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map(b => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(ms / 30000)));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

// key gives a desk a security key; uv: it verifies who holds it.
async function key(desk, { uv = true, transport = "internal" } = {}) {
  const cdp = await desk.context.newCDPSession(desk.page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport, hasResidentKey: true, hasUserVerification: uv, isUserVerified: uv, automaticPresenceSimulation: true } });
  return { cdp, authenticatorId, verifies: on => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: on }) };
}

// now is the time by the demo's clock, as its pages say it.
const now = page => page.evaluate(async () => Number((await (await fetch("/sign-in")).text()).match(/data-now="(\d+)"/)[1]));
const links = async page => (await page.locator("#enrolment-link").innerText()).trim();

export default async function (room) {
  const admin = await room.desk({ name: "administrator" });
  await admin.signIn("administrator", "111");
  const base = new URL(admin.page.url()).origin;
  const at = (desk, path) => desk.go(base + path);

  // enrol makes a passkey by a link and signs in with it.
  async function enrol(desk, link) {
    await desk.go(link);
    await desk.page.getByRole("button", { name: /Make the passkey/ }).click();
    await desk.page.waitForURL(/sign-in/);
    await signIn(desk);
  }
  async function signIn(desk) {
    await at(desk, "/sign-in");
    await desk.page.getByRole("button", { name: /Use your passkey/ }).click();
    await desk.page.waitForURL(u => !u.pathname.startsWith("/sign-in"));
  }
  async function signOut(desk) {
    await at(desk, "/session");
    await desk.page.getByRole("button", { name: /^Sign out/ }).click();
    await desk.page.waitForURL(/sign-in/);
  }
  async function colleague(name, role) {
    await at(admin, "/staff");
    await admin.page.fill("[name=name]", name);
    await admin.page.fill("[name=title]", "nurse");
    await admin.page.check(`[name=role][value=${role}]`, { force: true });
    await admin.page.keyboard.press("F9");
    const row = admin.page.locator("tr", { hasText: name });
    await row.waitFor();
    await row.locator("form button").first().click();
    await admin.page.locator("#enrolment-link").waitFor();
    return links(admin.page);
  }

  // A key that verifies nobody enrols nothing.
  const nurse = await room.desk({ name: "nurse" });
  const link = await colleague("J. Sowerby", "clinician");
  const weak = await key(nurse, { uv: false, transport: "usb" });
  await nurse.go(link);
  await nurse.page.getByRole("button", { name: /Make the passkey/ }).click();
  await nurse.page.getByText(/No passkey was made/).first().waitFor();
  await weak.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: weak.authenticatorId });
  const strong = await key(nurse);
  await enrol(nurse, link);

  // Nor does one sign in that fails to verify: nobody's finger, nobody's PIN.
  await signOut(nurse);
  await strong.verifies(false);
  await nurse.page.getByRole("button", { name: /Use your passkey/ }).click();
  await nurse.page.getByText(/You are not signed in/).first().waitFor();
  await strong.verifies(true);
  await signIn(nurse);

  // Password and code, confirmed by a first code.
  await at(nurse, "/session");
  await nurse.every("session");
  await nurse.page.getByRole("link", { name: /Set up password and code/ }).click();
  const secret = (await nurse.page.locator("#authenticator-secret").innerText()).replaceAll(" ", "");
  await nurse.every("password-and-code");
  nurse.expect(/status of 4\d\d/);
  await nurse.page.fill("[name=login]", "j sowerby");
  await nurse.page.fill("[name=password]", "short");
  await nurse.page.fill("[name=code]", totp(secret, await now(nurse.page)));
  await nurse.page.keyboard.press("F9");
  await nurse.page.getByText(/At least 12 characters/).first().waitFor();
  await nurse.axe("a short password");
  await nurse.page.fill("[name=password]", PASSWORD);
  await nurse.page.fill("[name=code]", totp(secret, await now(nurse.page)));
  await nurse.page.keyboard.press("F9");
  await nurse.page.getByText("As j sowerby").waitFor();

  // The recovery paper, shown once.
  await nurse.page.getByRole("button", { name: /Print new recovery codes/ }).click();
  await nurse.page.locator("#recovery-codes li").first().waitFor();
  const codes = await nurse.page.locator("#recovery-codes code").allInnerTexts();
  same(codes.length, 8, "codes on the paper");
  await nurse.every("recovery-paper");
  await nurse.page.emulateMedia({ media: "print" });
  await nurse.shot("recovery-paper-printed");
  await nurse.page.emulateMedia({ media: "screen" });
  await signOut(nurse);

  // In again by password and code, on this browser.
  async function byCode(desk, code) {
    await at(desk, "/sign-in");
    await desk.page.getByText("Sign in with password and code").first().click();
    await desk.page.fill("[name=login]", "J Sowerby");
    await desk.page.fill("[name=password]", PASSWORD);
    await desk.page.fill("[name=code]", code);
    if (desk === nurse) await desk.every("sign-in-by-code");
    await desk.page.getByRole("button", { name: /Sign in with password and code/ }).click();
  }
  // The code that confirmed the authenticator is spent: the next step's is not.
  await at(nurse, "/sign-in");
  const next = totp(secret, await now(nurse.page) + 30000);
  await byCode(nurse, next);
  await nurse.page.waitForURL(/worklist/);
  await nurse.clean();

  // On a browser that nobody of the organisation used, the same three open nothing.
  const home = await room.desk({ name: "home" });
  home.expect(/status of 403/);
  await byCode(home, next);
  await home.page.getByText(/not known here yet/).waitFor();
  await home.axe("a browser not known");

  // There the paper enrols a passkey, and nothing else.
  await at(home, "/sign-in");
  await home.page.getByText("Your passkey is not with you").click();
  await home.page.getByRole("link", { name: /recovery paper/ }).click();
  await home.every("recover");
  await key(home);
  const spend = async code => {
    await home.page.fill("[name=code]", code);
    await home.page.getByRole("button", { name: /Enrol a new passkey/ }).click();
  };
  await spend(codes[0].toLowerCase().replaceAll("-", " "));
  await home.page.waitForURL(/enrol/);
  await home.page.getByRole("button", { name: /Make the passkey/ }).click();
  await home.page.waitForURL(/sign-in/);
  await at(home, "/recover");
  await spend(codes[0]);
  await home.page.getByText(/This code has been used/).waitFor();
  await home.axe("a spent code");
  await signIn(home);

  // A colleague vouches for somebody whose key is lost, with their own.
  await colleague("T. Birkett", "clinician");
  await signOut(nurse);
  await signIn(nurse);
  await at(nurse, "/session");
  await nurse.page.getByRole("link", { name: /Vouch for a colleague/ }).click();
  await nurse.every("vouch");
  await nurse.page.locator("tr", { hasText: "T. Birkett" }).getByRole("button").click();
  await nurse.page.waitForURL(/vouch\/link/);
  await nurse.every("vouched");
  const lost = await room.desk({ name: "colleague" });
  await key(lost);
  await enrol(lost, await links(nurse.page));
  ok((await lost.page.locator(".frame").innerText()).includes("T. Birkett"), "the frame does not say who is at work");

  // A doctor for one shift, admitted by the shift manager, at work in minutes.
  const began = Date.now();
  const manager = await room.desk({ name: "manager" });
  await manager.signIn("manager", "111");
  await at(manager, "/session");
  await manager.page.getByRole("link", { name: /Admit somebody for one shift/ }).click();
  await manager.every("admit");
  manager.expect(/status of 422/);
  await manager.page.fill("[name=name]", "E. Sand");
  await manager.page.fill("[name=title]", "GP");
  await manager.page.selectOption("[name=body]", "GMC");
  await manager.page.fill("[name=number]", "70123");
  await manager.page.fill("[name=hours]", "10");
  await manager.page.keyboard.press("F9");
  await manager.page.getByText(/seven digits/).first().waitFor();
  await manager.axe("a wrong number");
  await manager.page.fill("[name=number]", "7012345");
  await manager.page.keyboard.press("F9");
  await manager.page.locator("#enrolment-link").waitFor();
  await manager.every("admitted");
  const doctor = await room.desk({ name: "doctor" });
  await key(doctor);
  await enrol(doctor, await links(manager.page));
  await doctor.page.waitForURL(/worklist/);
  ok((await doctor.page.locator(".frame").innerText()).includes("E. Sand"), "the frame does not say who is at work");
  console.log(`doors: a doctor is admitted and at the worklist in ${((Date.now() - began) / 1000).toFixed(1)} s`);

  // Administrators see all three.
  await at(admin, "/staff");
  const news = await admin.page.locator("#ways-news").innerText();
  for (const said of ["recovery code of J. Sowerby", "vouched for T. Birkett", "E. Sand is here for one shift", "not checked with the register"]) ok(news.includes(said), `the staff page does not say ${said}`);
  await admin.every("staff-news");
  for (const d of [admin, nurse, home, lost, manager, doctor]) await d.clean();
}
