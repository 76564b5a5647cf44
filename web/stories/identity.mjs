// Who is calling about whom: the national index answers beside our own list and
// is taken by a person; an interpreter is timed; somebody unknown gets a record,
// which is linked to a known one, read together with it, and unlinked again.
import { ok, until } from "./lib.mjs";

const one = { sizes: [[1440, 900]], themes: ["light"] };
const text = d => d.page.locator("body").innerText();

export default async function (room) {
  const d = await room.desk({ name: "handler" });
  d.expect(/status of 422/);
  await d.signIn("call-handler", "111");
  await traced(d);
  await unknown(d);
}

// begin takes a call as far as the three first questions.
async function begin(d, number, place) {
  const p = d.page;
  await p.fill("[name=number]", number);
  await p.fill("[name=place]", place);
  for (const [name, value] of [["awake", "yes"], ["breathing", "yes"], ["bleeding", "no"]]) await p.check(`[name=${name}][value=${value}]`, { force: true });
  await p.waitForURL(/\/call\/[0-9a-f]{32}/);
}

async function traced(d) {
  const p = d.page;
  await begin(d, "07700 900518", "14 Weir Cottages, Dunsett");
  await p.check("[name=caller][value=patient]", { force: true });
  await p.fill("[name=first]", "Maja");
  await p.fill("[name=last]", "Zielinska");
  await p.fill("[name=born]", "1 6 1988");
  await p.selectOption("[name=sex]", "female");
  await p.fill("[name=why]", "Rash since yesterday");
  await p.locator("#index").getByText("ZIELINSKA, Maja").waitFor(); // it comes by itself
  await d.every("traced", one);
  await p.getByRole("button", { name: /This is them/ }).click();
  await p.getByText("Needs an interpreter: Polish").waitFor();
  ok(/999 300 0000/.test(await p.inputValue("[name=nhs]")), "the number is not taken over");
  await p.fill("[name=language]", "Polish");
  await p.check("[name=interpreter]", { force: true });
  await p.getByRole("button", { name: "Look now" }).or(p.locator("button[value=look]")).first().evaluate(b => b.form.requestSubmit(b));
  await p.getByText(/Interpreter due by/).waitFor();
  await d.shot("interpreter");
  await p.getByRole("button", { name: "Interpreter is here" }).click();
  await p.getByText(/Interpreter since/).first().waitFor();
}

async function unknown(d) {
  const p = d.page, at = path => new URL(path, p.url()).href;
  await d.go(at("/call"));
  await begin(d, "withheld", "Bus station, Coldwater");
  await p.check("[name=caller][value=professional]", { force: true });
  await p.selectOption("[name=sex]", "male");
  await p.fill("[name=born]", "about 80");
  await p.fill("[name=why]", "Found confused on a bench");
  const call = new URL(p.url()).pathname;
  await p.getByRole("button", { name: "Begin a record for them" }).click();
  await until(async () => (await text(d)).includes("No flag stands on this record"), "the record that was begun is shown");
  await d.go(at(call.replace("call", "case")));
  await p.getByText("UNKNOWN, man about 80").first().waitFor();
  await p.getByRole("link", { name: /other records, needs/ }).click();
  await p.getByRole("heading", { name: /Record of UNKNOWN/ }).waitFor();
  const record = new URL(p.url()).pathname;
  await d.press("l");
  await d.type("Tansley Wilfred 3 2 1948");
  await d.press("Enter");
  await p.getByText("TANSLEY, Wilfred").first().waitFor();
  await p.locator("label.pick", { hasText: "1948" }).locator("input").first().check();
  await p.check("[name=sure][value=no]", { force: true });
  await p.getByRole("button", { name: "Link them" }).click();
  await p.getByText("Say how you know").first().waitFor();
  await d.shot("record-mistake");
  await p.locator("#f-why").fill("A card in his coat");
  await p.getByRole("button", { name: "Link them" }).click();
  await p.getByText("may be the same person", { exact: true }).waitFor();
  await d.every("record-linked", { sizes: [[1440, 900]] });
  await d.every("record-linked", { sizes: [[768, 1024]], themes: ["light"] });

  // while nobody is sure what stands on either is shown on the call
  await d.go(at(call));
  await p.getByText("May be two people").first().waitFor();
  ok(/Penicillin: rash\?/.test(await text(d)), "what stands on the other record is not shown");
  await d.every("call-linked", one);

  await d.go(at(record));
  await p.locator("#f-unlink_why").fill("He is at home, we rang");
  await p.getByRole("button", { name: "Unlink: two people" }).click();
  await p.getByText("None is linked.").waitFor();
  await d.go(at(call));
  ok(!/Penicillin: rash\?/.test(await text(d)), "unlinked, and still shown");
  await d.clean();
}
