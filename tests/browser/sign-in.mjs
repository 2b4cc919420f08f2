// Signing in where there are several ways: choosing a provider by keyboard and without scripts, codes by e-mail, and what
// people read when it fails; with `oidc-provider` for two providers that each have rules of their own.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { eventually, lookAt, newPage, openBrowser, startLoggia, startPostOffice } from "./support.mjs";
import { answer, CLIENT, configuration, SESSION_KEY, startProvider } from "./support-oidc.mjs";

/** A folder for pictures of the pages, to be looked at by people; none are made without it. */
const PICTURES = process.env.LOGGIA_PICTURES;

const table = (name, label, issuer) => `
[[sign_in.provider]]
name = "${name}"
label = "${label}"
issuer = "${issuer}"
client_id = "${CLIENT.id}"
groups_claim = "realm_access.roles"
domains = ["staff.example"]
`;

for (const theme of ["default", "service"]) describe(`several ways to sign in, in the theme ${theme}`, () => {
  let providers = [];
  let office;
  let loggia;
  let browser;

  before(async () => {
    office = await startPostOffice();
    loggia = await startLoggia({
      guides: { "index.md": "---\ntitle: Handbook\n---\n\nWelcome.\n" },
      env: {
        LOGGIA_SERVER_THEME: theme,
        LOGGIA_LOGS_FILTER: "trace",
        LOGGIA_SIGN_IN_PROVIDER_1_CLIENT_SECRET: CLIENT.secret,
        LOGGIA_SIGN_IN_PROVIDER_2_CLIENT_SECRET: CLIENT.secret,
        LOGGIA_SIGN_IN_SESSION_KEYS: SESSION_KEY,
      },
      settings: async (place) => {
        const start = (name, domain, role) =>
          startProvider(`http://localhost:${place.port}/-/sign-in/callback/${name}`, {
            domain,
            also: { realm_access: { roles: [role] } },
          });
        providers = [
          await start("staff", "staff.example", "reader"),
          await start("partners", "partner.example", "guest"),
        ];
        return `${configuration(place)}
[sign_in.email]
domains = ["outside.example"]
[mail]
server = "127.0.0.1"
port = ${office.port}
security = "none"
from = "Handbook <no-reply@example.org>"
${table("staff", "Ministry account", providers[0].issuer)}
${table("partners", "Partner account", providers[1].issuer)}`;
      },
    });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
    for (const provider of providers) provider.stop();
    office?.stop();
  });

  it("somebody chooses by keyboard, without scripts, and is in the groups that a path leads to", async () => {
    const page = await newPage(browser, { scripts: false });
    await page.goto(`${loggia.url}/-/sign-in?return=%2F-%2Faccount%2F`);
    const staff = page.getByRole("button", { name: "Sign in with Ministry account" });
    for (let presses = 0; presses < 20 && !(await staff.evaluate((it) => it === document.activeElement)); presses++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await answer(page, "ann");
    const account = await page.getByRole("main").innerText();
    assert.match(account, /ann@staff\.example/);
    assert.match(account, /reader/);
    assert.ok(account.includes(providers[0].issuer));
    // This provider ends sessions, so it is reminded of its own when somebody signs out.
    const cookies = (await page.context().cookies(loggia.url)).map(({ name }) => name);
    assert.deepEqual(cookies.sort(), ["__Host-loggia", "__Host-loggia-reminder"]);
  });

  it("a provider is not believed for a domain that is not its own", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/sign-in`);
    await lookTwice(page, "choose");
    await page.getByRole("button", { name: "Sign in with Partner account" }).click();
    await answer(page, "pat");
    await page.getByRole("heading", { name: "You could not be signed in" }).waitFor();
    assert.match(await page.getByRole("main").innerText(), /pat@partner\.example/);
    await lookTwice(page, "failed");
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Sign in with Ministry account" }).waitFor();
  });

  it("somebody from outside is sent a code and types it", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/sign-in?return=%2F-%2Faccount%2F`);
    await page.getByLabel("Email address").fill("sam@staff.example");
    await page.getByRole("button", { name: "Send me a code" }).click();
    await page.getByText("Addresses at staff.example sign in with Ministry account.").waitFor();
    await lookTwice(page, "elsewhere");

    await page.getByLabel("Email address").fill("kim@outside.example");
    await page.getByRole("button", { name: "Send me a code" }).click();
    await page.getByRole("heading", { name: "Type the code" }).waitFor();
    await lookTwice(page, "code");
    const letter = await eventually("the letter comes", () => office.letters.at(-1));
    const code = letter.match(/^\d{6}$/m)[0];
    await page.getByLabel("Code of six digits").fill(code === "000000" ? "000001" : "000000");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("That is not the code. Attempts left: 4.").waitFor();
    await lookTwice(page, "wrong");
    await page.getByLabel("Code of six digits").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(/account/);
    assert.match(await page.getByRole("main").innerText(), /kim@outside\.example/);
    assert.ok(!loggia.said().includes(code), "the code is not in the log");
  });

  it("says no secret in its log, and names what failed", () => {
    const said = loggia.said();
    assert.ok(!said.includes(CLIENT.secret));
    assert.ok(!/[?&](code|state)=[^\s&"]{8}/.test(said));
    assert.match(said, /somebody could not be signed in.*failure="domain"/);
  });

  /** Looks at a page as everyone does, and makes pictures of it where those are wanted. */
  async function lookTwice(page, name) {
    if (PICTURES) await mkdir(PICTURES, { recursive: true });
    for (const width of PICTURES ? [1280, 390] : []) {
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: `${PICTURES}/${name}-${theme}-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
    await lookAt(page);
  }
});
