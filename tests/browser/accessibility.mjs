// Every kind of page, for everyone, in both built-in themes: axe-core finds nothing in light and in dark, nothing scrolls
// sideways on a narrow screen, and no console complains.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { GUIDES, answerProvider, html, lookAt, newPage, openBrowser, publish, signIn, startLoggia, startPostOffice } from "./support.mjs";

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
  let office;

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
    "the list of apps in Welsh": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.setExtraHTTPHeaders({ "Accept-Language": "cy" });
      await page.goto(`${loggia.url}/-/apps/`);
      await page.getByRole("heading", { name: /Apiau a thudalennau/ }).waitFor();
    },
    "the account in Welsh": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.setExtraHTTPHeaders({ "Accept-Language": "cy" });
      await page.goto(`${loggia.url}/-/account/`);
      await page.getByRole("heading", { name: "Eich cyfrif" }).waitFor();
    },
    "a refusal in Welsh": async (page) => {
      await page.goto(loggia.app("looked-at"));
      await answerProvider(page, "trudy@example.net");
      await page.setExtraHTTPHeaders({ "Accept-Language": "cy" });
      await page.goto(loggia.app("looked-at"));
      await page.getByRole("heading", { name: /Nid oes gennych fynediad/ }).waitFor();
    },
    "the list of apps before signing in": (page) => page.goto(`${loggia.url}/-/apps/`),
    "an app's page": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/`);
      await page.getByRole("heading", { name: "Releases" }).waitFor();
    },
    "an app that somebody asks to see": async (page) => {
      await page.goto(loggia.app("asked-for"));
      await answerProvider(page, "mallory@example.net");
      await page.getByRole("button", { name: "Ask for access" }).click();
      await page.getByRole("heading", { name: "Your request was sent" }).waitFor();
      await page.context().clearCookies();
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/asked-for/?who=mallory@example.net&from=10.1.2.3`);
      await page.getByRole("heading", { name: /Asking to see it/ }).waitFor();
    },
    "a request that was sent": async (page) => {
      await page.goto(loggia.app("looked-at"));
      await answerProvider(page, "mallory@example.net");
      await page.getByRole("button", { name: "Ask for access" }).click();
      await page.getByRole("heading", { name: "Your request was sent" }).waitFor();
    },
    "an address without an app": async (page) => {
      await page.goto(loggia.app("no-such-app"));
      await answerProvider(page, "mallory@example.net");
      await page.getByRole("heading", { name: "There is nothing here for you" }).waitFor();
    },
    "the list of who may see an app": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/share`);
      await page.getByRole("heading", { name: /On the list/ }).waitFor();
    },
    "what was understood of a paste": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/share`);
      await page.getByLabel("Who", { exact: true }).fill("bob@example.org, Ann <ann@exampel.org>; nobody @gmail.com");
      await page.getByRole("button", { name: "Review before sharing" }).click();
      await page.getByRole("heading", { name: "Review before sharing" }).waitFor();
    },
    "the record of an app": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/looked-at/audit`);
      await page.getByRole("heading", { name: /The record/ }).waitFor();
    },
    "the whole record": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/audit`);
      await page.getByRole("heading", { name: /The record/ }).waitFor();
    },
    "what somebody else sees": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/view-as?who=ann@example.org`);
      await page.getByText("You are looking as").waitFor();
    },
    "signing somebody else out": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/people/`);
      await page.getByRole("heading", { name: "People" }).waitFor();
    },
    "somebody else who was signed out": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/people/`);
      await page.getByLabel("Email address").fill("ann@example.org");
      await page.getByLabel(/End their tokens too/).check();
      await page.getByRole("button", { name: "Sign somebody out everywhere" }).click();
      await page.getByText(/of ann@example.org were ended/).waitFor();
    },
    "a part of the record in which nothing fits": async (page) => {
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/audit?who=nobody-of-this-name`);
      await page.getByText("Nothing fits.").waitFor();
    },
    "an app that somebody asks for": async (page) => {
      const asker = await newPage(page.context().browser());
      await asker.goto(loggia.app("asked-for"));
      await answerProvider(asker, "trent@example.net");
      await asker.getByRole("button", { name: "Ask for access" }).click();
      await asker.context().close();
      await signIn(page, loggia, "dev@localhost");
      await page.goto(`${loggia.url}/-/apps/asked-for/`);
      await page.getByLabel("Words for them (may be left empty)").first().waitFor();
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
    office = await startPostOffice();
    const env = { LOGGIA_SERVER_THEME: theme, LOGGIA_ACCESS_ADMINISTRATORS: "dev@localhost", ...office.env };
    loggia = await startLoggia({ guides: { ...TRANSLATED, "everything.md": EVERYTHING }, env });
    browser = await openBrowser();
    await publish(loggia, "looked-at", { "index.html": html("Looked at") }, { args: ["--message", "For looking at"] });
    await publish(loggia, "asked-for", { "index.html": html("Asked for") });
    await loggia.run(["share", "looked-at", "--add", "ann@example.org", "--until", "2099-12-31"]);
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
    office?.stop();
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
