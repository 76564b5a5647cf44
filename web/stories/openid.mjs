// An identity provider at the door: a certified one (oidc-provider), running here
// on loopback with its own login page. A nurse links her account after her
// passkey, signs in by it on her own browser and on no other, and goes on by
// passkey when the provider is gone.
import { createServer } from "node:http";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import Provider from "oidc-provider";
import { ok } from "./lib.mjs";

// before starts the provider's door and says how the demo knows it. The time of
// this story is the machine's: tokens are of now.
export async function before() {
  const here = { asked: 0, handle: (_, res) => res.writeHead(503).end() };
  here.server = createServer((req, res) => { here.asked++; here.handle(req, res); });
  await new Promise(r => here.server.listen(0, "127.0.0.1", r));
  here.issuer = `http://localhost:${here.server.address().port}`;
  here.dir = await mkdtemp(path.join(tmpdir(), "holdfast-openid-"));
  const file = path.join(here.dir, "providers.yaml");
  await writeFile(path.join(here.dir, "secret"), "a secret of this story\n");
  await chmod(path.join(here.dir, "secret"), 0o600);
  await writeFile(file, `providers:\n  - {name: trust, title: Fellside Trust, issuer: "${here.issuer}", client_id: holdfast, client_secret_file: secret}\n`);
  here.stop = async () => { here.server.closeAllConnections(); await new Promise(r => here.server.close(r)); };
  return { here, clock: "now,x1", args: ["--providers", file], after: async () => { await here.stop().catch(() => {}); await rm(here.dir, { recursive: true, force: true }); } };
}

// open makes the provider known to the demo's address, which is not known before.
function open(here, base) {
  const provider = new Provider(here.issuer, {
    clients: [{ client_id: "holdfast", client_secret: "a secret of this story", redirect_uris: [`${base}/sign-in/from/trust`] }],
    cookies: { keys: ["of this story"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  });
  here.handle = provider.callback();
}

async function key(desk) {
  const cdp = await desk.context.newCDPSession(desk.page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
}

export default async function (room) {
  const { here } = room.before;
  const began = Date.now();
  const host = new URL(here.issuer).host;
  const admin = await room.desk({ name: "administrator" });
  await admin.signIn("administrator", "111");
  const base = new URL(admin.page.url()).origin;
  open(here, base);
  const at = (desk, path) => desk.go(base + path);

  await at(admin, "/staff");
  await admin.page.fill("[name=name]", "J. Sowerby");
  await admin.page.check("[name=role][value=clinician]", { force: true });
  await admin.page.keyboard.press("F9");
  const row = admin.page.locator("tr", { hasText: "J. Sowerby" });
  await row.locator("form button").first().click();
  const link = (await admin.page.locator("#enrolment-link").innerText()).trim();

  const nurse = await room.desk({ name: "nurse", hosts: [host, "fonts.googleapis.com"] });
  await nurse.context.route("https://fonts.googleapis.com/**", r => r.fulfill({ contentType: "text/css", body: "" })); // the provider's own page asks for it
  nurse.expect(new RegExp(`${host}`)); // what its pages complain of is not ours
  await key(nurse);
  await nurse.go(link);
  await nurse.page.getByRole("button", { name: /Make the passkey/ }).click();
  await nurse.page.waitForURL(/sign-in/);
  const byPasskey = async () => {
    await nurse.page.getByRole("button", { name: /Use your passkey/ }).click();
    await nurse.page.waitForURL(u => u.origin === base && !u.pathname.startsWith("/sign-in"));
  };
  const signOut = async () => {
    await at(nurse, "/session");
    await nurse.page.getByRole("button", { name: /^Sign out/ }).click();
    await nurse.page.waitForURL(/sign-in/);
  };
  // atProvider types into the provider's own page until it sends the browser back.
  const atProvider = async name => {
    await nurse.page.waitForURL(u => u.host === host);
    await nurse.page.fill("[name=login]", name);
    await nurse.page.fill("[name=password]", "any");
    await nurse.page.locator("[type=submit]").click();
    const agree = nurse.page.getByRole("button", { name: "Continue" });
    await Promise.race([agree.waitFor().catch(() => {}), nurse.page.waitForURL(u => u.origin === base)]);
    if (new URL(nurse.page.url()).host === host) await agree.click();
    await nurse.page.waitForURL(u => u.origin === base);
    const after = new URL(nurse.page.url());
    ok(!after.searchParams.has("code") && !after.searchParams.has("state"), "code and state stay in the address");
  };
  await byPasskey();

  // She links her account, and comes back to the page she left.
  await at(nurse, "/session");
  await nurse.page.getByRole("link", { name: /Accounts at other services/ }).click();
  ok(here.asked === 0, "the provider was asked before anybody pressed a button");
  await nurse.axe("accounts");
  await nurse.page.getByRole("link", { name: /Link your account at Fellside Trust/ }).click();
  await atProvider("sowerby-7731");
  await nurse.page.getByRole("rowheader", { name: "sowerby-7731" }).waitFor();
  await nurse.every("accounts-linked", { themes: ["light"] });
  await signOut();

  // In by it, on this browser; the provider asks who it is although she was there.
  await nurse.every("sign-in-with-provider", { sizes: [[768, 1024]] });
  await nurse.page.getByRole("link", { name: /Sign in with Fellside Trust/ }).click();
  await atProvider("sowerby-7731");
  await nurse.page.waitForURL(/worklist/);
  ok((await nurse.page.locator(".frame").innerText()).includes("J. Sowerby"), "the frame does not say who is at work");
  await nurse.clean();

  // What changes ways in asks for the passkey all the same.
  nurse.expect(/status of (403|503)/);
  await at(nurse, "/session/accounts");
  await nurse.page.getByRole("heading", { name: "Show that it is you" }).waitFor();
  await signOut();

  // Somebody else's account is nobody's here.
  await nurse.page.getByRole("link", { name: /Sign in with Fellside Trust/ }).click();
  await atProvider("nobody-of-ours");
  await nurse.page.getByText(/nobody’s on the staff list/).waitFor();
  await nurse.axe("an account of nobody");

  // A browser that is not known is not even sent there.
  const home = await room.desk({ name: "home" });
  home.expect(/status of 403/);
  await at(home, "/sign-in");
  const asked = here.asked;
  await home.page.getByRole("link", { name: /Sign in with Fellside Trust/ }).click();
  await home.page.getByText(/not known here yet/).waitFor();
  ok(here.asked === asked, "the provider was asked for a browser that is not known");
  await home.axe("a browser not known");

  // The provider is gone: the page says so, and the passkey opens.
  await here.stop();
  const pressed = Date.now();
  await at(nurse, "/sign-in");
  await nurse.page.getByRole("link", { name: /Sign in with Fellside Trust/ }).click();
  await nurse.page.getByText(/does not answer this machine now/).waitFor();
  console.log(`openid: a provider that is gone is said in ${((Date.now() - pressed) / 1000).toFixed(1)} s`);
  await nurse.every("provider-gone", { sizes: [[1440, 900]], themes: ["dark"] });
  await byPasskey();
  await nurse.page.waitForURL(/worklist/);

  await at(admin, "/staff");
  ok((await admin.page.locator("#ways-news").innerText()).includes("was linked to J. Sowerby by themselves"), "administrators are not told of the link");
  await admin.page.getByRole("link", { name: "J. Sowerby" }).click();
  await admin.page.getByRole("rowheader", { name: "sowerby-7731" }).waitFor();
  await admin.every("staff-accounts", { sizes: [[1440, 900]], themes: ["light"] });
  for (const d of [admin, nurse, home]) await d.clean();
  console.log(`openid: the demo was ready in ${(room.ready / 1000).toFixed(1)} s, the story took ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
