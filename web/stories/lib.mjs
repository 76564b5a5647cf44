// What browser stories are told with: a person at a desk, who signs in, presses
// keys, and is watched for everything a page must never do.
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { readFile, mkdir } from "node:fs/promises";
import path from "node:path";

const require = createRequire(import.meta.url);
const axeSource = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const chromiumPath = process.env.CHROMIUM || "/usr/bin/chromium";
const chromiumArgs = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"];

export class Failed extends Error {}

// ok fails the story when what is said does not hold.
export function ok(holds, said) { if (!holds) throw new Failed(said); }
export function same(got, want, said) {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Failed(`${said}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// until waits for something to hold, looking every 50 ms.
export async function until(holds, said, within = 20000) {
  const end = Date.now() + within;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Failed(`${said}: not within ${within} ms`);
    await new Promise(r => setTimeout(r, 50));
  }
}

// Room is one browser for the desks of a story.
export class Room {
  // demo: what `holdfast demo --json` printed; out: folder of pictures.
  static async open({ demo = null, out }) {
    const room = new Room();
    room.demo = demo;
    room.out = out;
    await mkdir(out, { recursive: true });
    room.browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs, headless: true });
    room.desks = [];
    return room;
  }

  // desk opens a browser of its own. hosts: the only ones it may ask.
  async desk({ name = "desk", width = 1440, height = 900, theme = "light", keyboardOnly = false, reducedMotion = "reduce", hosts = [] } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion, locale: "en-GB", timezoneId: "Europe/London" });
    const page = await context.newPage();
    const own = (this.demo?.organisations ?? []).map(o => new URL(o.url).host);
    const desk = new Desk(this, name, context, page, new Set([...own, ...hosts]), keyboardOnly, theme);
    await desk.guard();
    this.desks.push(desk);
    return desk;
  }

  async close() {
    try { for (const d of this.desks) d.check(); } finally { await this.browser.close(); }
  }
}

// Desk is one person's browser.
export class Desk {
  constructor(room, name, context, page, hosts, keyboardOnly, theme) {
    Object.assign(this, { room, name, context, page, hosts, keyboardOnly, theme, wrong: [], expected: [] });
  }

  // guard watches for what a page must never do.
  async guard() {
    await this.context.addInitScript(() => {
      window.__pressed = 0;
      window.__csp = [];
      addEventListener("pointerdown", e => { if (e.isTrusted) window.__pressed++; }, true);
      document.addEventListener("securitypolicyviolation", e => window.__csp.push(`${e.violatedDirective} ${e.blockedURI}`));
    });
    this.page.on("console", m => { if (m.type() === "error") this.note(`console: ${m.text()} ${m.location().url}`); });
    this.page.on("pageerror", e => this.note(`script error: ${e.message}`));
    this.page.on("request", r => {
      const u = new URL(r.url());
      if (/^https?:$/.test(u.protocol) && !this.hosts.has(u.host)) this.note(`asked another host: ${u.host}`);
    });
  }

  // close ends this desk; what it must never do is judged now.
  async close() {
    this.room.desks = this.room.desks.filter(d => d !== this);
    await this.context.close();
    this.check();
  }

  note(what) { if (!this.expected.some(e => e.test(what))) this.wrong.push(`${this.name}: ${what}`); }

  // expect names a complaint that this story brings about on purpose.
  expect(pattern) { this.expected.push(pattern); }

  check() { if (this.wrong.length) throw new Failed(this.wrong.join("\n")); }

  // signIn opens the link of a role at an organisation: "111" or "hours".
  async signIn(role, kind) {
    const org = this.room.demo.organisations.find(o => o.kind === kind);
    ok(org?.signin?.[role], `the demo has no link for ${role} at ${kind}`);
    await this.go(org.signin[role]);
  }

  async go(url) {
    await this.page.goto(url, { waitUntil: "load" });
    await this.settled();
  }

  async settled() { await this.page.waitForFunction(() => document.readyState === "complete"); }

  // press types keys as a person does: "Alt+1", "j", "F9".
  async press(...keys) { for (const k of keys) await this.page.keyboard.press(k); }
  async type(text) { await this.page.keyboard.type(text); }

  // tabTo presses Tab until the focus is on what the selector names.
  async tabTo(selector, most = 80) {
    for (let i = 0; i < most; i++) {
      if (await this.page.evaluate(s => !!document.activeElement?.matches(s), selector)) return;
      await this.press("Tab");
    }
    throw new Failed(`${this.name}: Tab never reaches ${selector}`);
  }

  // axe fails on any violation of WCAG 2.2 AA.
  async axe(said = "") {
    await this.page.evaluate(axeSource);
    const found = await this.page.evaluate(async () => {
      const r = await window.axe.run(document, {
        runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
        rules: { "target-size": { enabled: true } },
      });
      return r.violations.map(v => `${v.id}: ${v.help}\n    ` + v.nodes.slice(0, 4).map(n => `${n.target.join(" ")} ${n.failureSummary?.split("\n")[1]?.trim() ?? ""}`).join("\n    "));
    });
    ok(found.length === 0, `${this.name} ${said} ${this.page.url()}: axe finds\n  ${found.join("\n  ")}`);
  }

  // noSidewaysScroll fails when the page is wider than its window.
  async noSidewaysScroll(said = "") {
    const wide = await this.page.evaluate(() => {
      const w = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= w) return "";
      const el = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest(".vh, .skip"))[0];
      return `${document.documentElement.scrollWidth} > ${w}, as with ${el?.tagName}.${el?.className?.baseVal ?? el?.className}`;
    });
    ok(!wide, `${this.name} ${said} ${this.page.url()}: scrolls sideways: ${wide}`);
  }

  // clean fails on scripts, styles or requests that the policy stopped, and on a
  // mouse where only keys may be used.
  async clean() {
    const seen = await this.page.evaluate(() => ({ csp: window.__csp, pressed: window.__pressed }));
    ok(seen.csp.length === 0, `${this.name} ${this.page.url()}: the policy stopped ${seen.csp.join(", ")}`);
    if (this.keyboardOnly) ok(seen.pressed === 0, `${this.name}: a mouse was used where only keys may be`);
    this.check();
  }

  // shot leaves a picture, at this size or another, in this light or another.
  async shot(name, { width, height, theme, full = false } = {}) {
    const before = this.page.viewportSize();
    if (theme) await this.page.emulateMedia({ colorScheme: theme });
    if (width) await this.page.setViewportSize({ width, height: height ?? before.height });
    await this.page.screenshot({ path: path.join(this.room.out, `${name}.png`), fullPage: full });
    if (width) await this.page.setViewportSize(before);
    if (theme) await this.page.emulateMedia({ colorScheme: this.theme });
  }

  // every looks at the page in each size and light: axe, sideways scroll,
  // picture.
  async every(name, { sizes = [[1440, 900], [768, 1024]], themes = ["light", "dark"] } = {}) {
    const before = this.page.viewportSize();
    for (const theme of themes) {
      await this.page.emulateMedia({ colorScheme: theme });
      for (const [width, height] of sizes) {
        await this.page.setViewportSize({ width, height });
        await this.axe(`${name} ${theme} ${width}`);
        await this.noSidewaysScroll(`${name} ${theme} ${width}`);
        await this.page.screenshot({ path: path.join(this.room.out, `${name}-${width}-${theme}.png`) });
      }
    }
    await this.page.setViewportSize(before);
    await this.page.emulateMedia({ colorScheme: this.theme });
    await this.clean();
  }
}
