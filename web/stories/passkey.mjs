// A new colleague: the administrator adds them and makes an enrolment link;
// they make a passkey on their own desk and sign in with it; the link is spent.
// Later a dangerous act asks for the passkey again, and the form waits.
import { ok, same } from "./lib.mjs";

export default async function (room) {
  const admin = await room.desk({ name: "administrator" });
  await admin.signIn("administrator", "111");
  await admin.go(new URL("/staff", admin.page.url()).href);
  await admin.every("staff");
  const p = admin.page;
  await p.fill("[name=name]", "J. Sowerby");
  await p.fill("[name=title]", "nurse");
  await p.check("[name=role][value=manager]", { force: true });
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
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await own.go(link);
  await own.every("enrol");
  await own.page.getByRole("button", { name: /Make the passkey/ }).click();
  await own.page.getByText(/signed in|sign in/i).filter({ visible: true }).first().waitFor();
  await own.page.waitForFunction(() => !location.pathname.startsWith("/enrol") || document.body.innerText.match(/sign in/i));
  await own.go(new URL("/sign-in", link).href);
  await own.every("sign-in");
  await signedIn(own);
  ok((await own.page.locator(".frame").innerText()).includes("J. Sowerby"), "the frame does not say who is at work");
  await own.clean();
  await admin.close();
  await stepUp(room, own, on => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: on }));

  const stranger = await room.desk({ name: "stranger" });
  stranger.expect(/status of 40\d/);
  await stranger.go(link);
  await stranger.page.getByRole("button", { name: /Make the passkey/ }).click();
  await stranger.page.getByText(/has been used/).first().waitFor();
}

// signedIn presses the button and says how long it is to the first page, as the
// person sees it: the key's part is the virtual one's, which answers at once. What
// the device took is from request to first byte of each answer.
async function signedIn(own) {
  const p = own.page, asked = new Map();
  const finished = r => {
    const { requestStart, responseStart } = r.timing();
    if (!new URL(r.url()).pathname.startsWith("/static/")) asked.set(new URL(r.url()).pathname, responseStart - requestStart);
  };
  p.on("requestfinished", finished);
  const button = p.getByRole("button", { name: /Use your passkey/ });
  await button.waitFor();
  await p.evaluate(() => addEventListener("submit", () => sessionStorage.setItem("pressed", performance.timeOrigin + performance.now()), true));
  await button.click();
  await p.waitForURL(/board/);
  await p.waitForLoadState("load");
  const took = await p.evaluate(() => {
    const pressed = Number(sessionStorage.getItem("pressed")), [page] = performance.getEntriesByType("navigation");
    sessionStorage.removeItem("pressed");
    return performance.timeOrigin + (page.loadEventStart || performance.now()) - pressed;
  });
  p.off("requestfinished", finished);
  ok(took > 0 && asked.has("/sign-in/begin") && asked.has("/sign-in/finish"), "the way in was not measured");
  const parts = [...asked].filter(([, ms]) => ms >= 0).map(([path, ms]) => `${path} ${ms.toFixed(0)}`);
  console.log(`passkey: ${took.toFixed(0)} ms from the button to the first page; the device answered in (ms) ${parts.join(", ")}`);
}

// stepUp: lifting a cap ten minutes after the passkey was last shown asks for it
// again. What was typed waits, and is done once, when the key has verified who
// holds it and not before.
async function stepUp(room, own, verifies) {
  const p = own.page, why = "A bus has crashed at Coldwater";
  own.expect(/status of 403|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/);
  await own.go(new URL("/surge", p.url()).href);
  await p.selectOption("[name=role]", "clinician");
  await p.selectOption("[name=hours]", "2");
  await p.fill("[name=why]", why);
  await room.later(10);
  await own.press("F9");
  await p.getByRole("heading", { name: "Show that it is you" }).waitFor();
  ok(!(await p.innerText("main")).includes(why), "what waits stands on the page that asks");
  await own.every("prove", { sizes: [[768, 1024]] });
  await own.shot("prove");
  const other = await room.desk({ name: "another manager" });
  await other.signIn("manager", "111");
  const done = async () => {
    await other.go(new URL("/surge", other.page.url()).href);
    return other.page.getByText(why).count();
  };

  // Nobody's finger: the browser gives no answer.
  await verifies(false);
  await own.press("F9");
  await p.getByText("It was not done yet.").waitFor();
  await own.axe("the key did not answer");
  // A page that asks the key not to verify gets an answer; the device refuses it.
  await p.evaluate(() => {
    const P = PublicKeyCredential, read = P.parseRequestOptionsFromJSON.bind(P);
    P.parseRequestOptionsFromJSON = o => read({ ...o, userVerification: "discouraged" });
  });
  await own.press("F9");
  await p.getByText("The passkey's answer does not hold").waitFor();
  await own.shot("prove-refused");
  same(await done(), 0, "lifted without the passkey");

  await verifies(true);
  await own.press("F9");
  await p.waitForURL(u => u.pathname === "/surge");
  await p.getByText(why).first().waitFor();
  await own.shot("proved");
  same(await done(), 1, "lifted with the passkey");
  // It does not ask again so soon.
  await p.selectOption("[name=role]", "call-handler");
  await p.selectOption("[name=hours]", "1");
  await p.fill("[name=why]", "More of the same");
  await own.press("F9");
  await p.getByText("More of the same").first().waitFor();
}
