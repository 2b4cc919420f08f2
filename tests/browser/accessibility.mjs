// Every kind of page, for everyone, in both built-in themes: axe-core finds nothing in light and in dark, nothing scrolls
// sideways on a narrow screen, and no console complains.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { GUIDES, answerProvider, html, lookAt, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

// The manual's own page about what can be written.
const EVERYTHING = await readFile(new URL("../../content/writing/markdown.md", import.meta.url), "utf8");

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
      await lookAt(page);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
});
