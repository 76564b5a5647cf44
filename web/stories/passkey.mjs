// A new colleague: the administrator adds them and makes an enrolment link;
// they make a passkey on their own desk and sign in with it; the link is spent.
import { ok } from "./lib.mjs";

export default async function (room) {
  const admin = await room.desk({ name: "administrator" });
  await admin.signIn("administrator", "111");
  await admin.go(new URL("/staff", admin.page.url()).href);
  await admin.every("staff");
  const p = admin.page;
  await p.fill("[name=name]", "J. Sowerby");
  await p.fill("[name=title]", "nurse");
  await p.check("[name=role][value=clinician]", { force: true });
  await p.keyboard.press("F9");
  await admin.settled();
  const row = p.locator("tr", { hasText: "J. Sowerby" });
  await row.waitFor();
  await row.locator("form button").first().click();
  await p.locator("#enrolment-link").waitFor();
  const link = (await p.content()).match(/https?:\/\/[^"'<\s]*\/enrol\/[\w-]+/)?.[0];
  ok(link, "no enrolment link is shown");
  await admin.axe("link");

  const own = await room.desk({ name: "colleague" });
  const cdp = await own.context.newCDPSession(own.page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await own.go(link);
  await own.every("enrol");
  await own.page.getByRole("button", { name: /Make the passkey/ }).click();
  await own.page.getByText(/signed in|sign in/i).filter({ visible: true }).first().waitFor();
  await own.page.waitForFunction(() => !location.pathname.startsWith("/enrol") || document.body.innerText.match(/sign in/i));
  await own.go(new URL("/sign-in", link).href);
  await own.every("sign-in");
  await own.page.getByRole("button", { name: /Use your passkey/ }).click();
  await own.page.waitForURL(/worklist/);
  ok((await own.page.locator(".frame").innerText()).includes("J. Sowerby"), "the frame does not say who is at work");
  await own.clean();

  const stranger = await room.desk({ name: "stranger" });
  stranger.expect(/status of 40\d/);
  await stranger.go(link);
  await stranger.page.getByRole("button", { name: /Make the passkey/ }).click();
  await stranger.page.getByText(/has been used/).first().waitFor();
}
