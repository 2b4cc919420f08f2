// Every kind of page, for everyone, in both built-in themes: axe-core finds nothing in light and in dark, nothing scrolls
// sideways on a narrow screen, and no console complains.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { GUIDES, answerProvider, html, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// The manual's own page about what can be written.
const EVERYTHING = await readFile(new URL("../../content/writing/markdown.md", import.meta.url), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const LOOKS = [
  { look: "in light", dark: false, width: 1280 },
  { look: "in dark", dark: true, width: 1280 },
  { look: "on a narrow screen", dark: false, width: 320 },
];

const TRANSLATED = {
  ...GUIDES,
  "cy/index.md": "---\ntitle: Llawlyfr\n---\n\nDechreuwch gyda'r goleudy.\n",
  "cy/lighthouse.md":
    "---\ntitle: Y goleudy\nowner: Tîm\nreviewed: 2020-01-02\nreview_by: 2021-03-04\n---\n\n## Y lamp\n\nx\n\n## Y lens\n\ny\n",
};

for (const theme of ["default", "service"]) describe(`every kind of page in the theme ${theme}`, () => {
  let loggia;
  let browser;

  /** What is looked at, and how one gets there. */
  const pages = {
    "a guide": (page) => page.goto(`${loggia.url}/lighthouse/`),
    "a guide in Welsh whose review is overdue": (page) => page.goto(`${loggia.url}/cy/lighthouse/`),
    "a section to print": (page) => page.goto(`${loggia.url}/-/print/`),
    "a guide with everything in it": (page) => page.goto(`${loggia.url}/everything/`),
    "the first page": (page) => page.goto(`${loggia.url}/`),
    "the results of a search": (page) => page.goto(`${loggia.url}/-/search?q=wick`),
    "a search that finds nothing": (page) => page.goto(`${loggia.url}/-/search?q=zzzzzz`),
    "the suggestions": async (page) => {
      await page.goto(`${loggia.url}/`);
      await page.getByRole("search").getByRole("combobox").fill("wick");
      await page.getByRole("option").first().waitFor();
    },
    "the list of apps": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/`);
    },
    "the list of apps before signing in": (page) => page.goto(`${loggia.url}/-/apps/`),
    "an app's page": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/`);
      await page.getByRole("heading", { name: "Releases" }).waitFor();
    },
    "the account": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/account/`);
    },
    "an app's trusted publishers": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/publishers`);
      await page.getByRole("heading", { name: "Trusted publishers" }).waitFor();
    },
    "a code that is typed wrongly": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/device`);
      await page.getByLabel("Code").fill("WDJB");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByText("eight letters").first().waitFor();
    },
    "signed out": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/account/`);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    },
    "the provider": async (page) => {
      await page.goto(`${loggia.url}/-/sign-in`);
      await page.getByLabel("Email address").waitFor();
    },
    "a refusal": async (page) => {
      await page.goto(loggia.app("looked-at"));
      await answerProvider(page, "mallory@example.net");
      await page.getByRole("heading", { name: /do not have access/ }).waitFor();
    },
    "an address without a page": (page) => page.goto(`${loggia.url}/no-such-guide/`),
    "the example app": async (page) => {
      await page.goto(loggia.app("hello"));
      await answerProvider(page, "dev@localhost");
      await page.getByRole("img", { name: /Sailings/ }).waitFor();
    },
  };

  before(async () => {
    loggia = await startLoggia({ guides: { ...TRANSLATED, "everything.md": EVERYTHING }, env: { LOGGIA_SERVER_THEME: theme } });
    browser = await openBrowser();
    await publish(loggia, "looked-at", { "index.html": html("Looked at") }, { args: ["--message", "For looking at"] });
    await loggia.run(["share", "looked-at", "--add", "ann@example.org", "--until", "2099-12-31"]);
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  for (const [name, open] of Object.entries(pages)) {
    it(`${name} is for everyone`, async () => {
      const page = await newPage(browser);
      await open(page);
      for (const { look, dark, width } of LOOKS) {
        await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await violations(page), [], look);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wider <= 0, `the page is ${wider} px wider than the window ${look}`);
      }
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
});

/** What axe-core finds, a line each. */
async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.failureSummary})`),
  );
}
