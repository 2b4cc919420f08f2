// Sharing with many, asking to be let in, and finding what is shared: with and without scripts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answerProvider, eventually, html, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

describe("sharing", () => {
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia();
    browser = await openBrowser();
    await publish(loggia, "survey", { "index.html": html("Staff survey"), "weeks/47.html": html("Week 47") });
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  it("an analyst pastes addresses, looks at what was understood, and shares, without scripts", async () => {
    const page = await newPage(browser, { scripts: false });
    await signIn(page, loggia, "dev@localhost");
    await page.goto(`${loggia.url}/-/apps/survey/`);
    await page.getByRole("link", { name: /Share with many/ }).click();
    const people = Array.from({ length: 200 }, (_, n) => `Person ${n} <person.${n}@example.org>`).join("; ");
    await page.getByLabel("Who", { exact: true }).fill(`${people}\nbob@exmaple.org\ncarol`);
    await page.getByLabel("Until (may be left empty)").fill("2099-12-31");
    await page.getByRole("button", { name: "Review before sharing" }).click();
    await page.getByText("Nothing has been shared yet").waitFor();
    assert.match(await page.getByRole("main").innerText(), /exmaple\.org is almost example\.org/);
    assert.ok(await page.getByLabel(/bob@example\.org/).isChecked(), "what was probably meant is chosen");
    await page.getByRole("button", { name: "Share with those chosen" }).click();
    await page.getByText(/Shared with 201 people/).waitFor();
    await page.getByLabel("Find an address, a domain or a group").fill("bob");
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByLabel("bob@example.org").check();
    await page.getByRole("button", { name: /Take those chosen/ }).click();
    await page.getByText(/bob@example\.org was taken off the list/).waitFor();
    assert.deepEqual(page.complaints, []);
  });

  it("whoever is refused asks, is let in with one click, and lands where they wanted to go", async () => {
    const asker = await newPage(browser);
    await asker.goto(`${loggia.app("survey")}weeks/47`);
    await answerProvider(asker, "eve@elsewhere.net");
    await asker.getByLabel(/Why you need it/).fill("I lead the survey next door");
    await asker.getByRole("button", { name: "Ask for access" }).click();
    await asker.getByRole("heading", { name: "Your request was sent" }).waitFor();
    // The app itself has no icon, which a browser complains of once they are in.
    assert.deepEqual(asker.complaints, []);

    const owner = await newPage(browser);
    await signIn(owner, loggia, "dev@localhost");
    await owner.goto(`${loggia.url}/-/apps/survey/`);
    await owner.getByText("I lead the survey next door").waitFor();
    await owner.getByRole("button", { name: "Let in eve@elsewhere.net" }).click();
    await owner.getByText(/eve@elsewhere\.net can open it within seconds/).waitFor();

    await asker.getByRole("link", { name: "Try again to open it" }).click();
    await eventually("eve is let in", async () => {
      await asker.reload();
      return asker.getByRole("heading", { name: "Week 47" }).isVisible();
    });
    assert.equal(asker.url(), `${loggia.app("survey")}weeks/47`);
    assert.deepEqual(owner.complaints, []);
  });

  it("the list of apps finds an app by its words, and says when there is none", async () => {
    const page = await newPage(browser, { scripts: false });
    await publish(loggia, "backlog", { "index.html": html("Backlog") }, { args: ["--title", "Crown Court backlog"] });
    await loggia.run(["share", "backlog", "--add", "ann@example.org"]);
    await loggia.run(["share", "survey", "--add", "ann@example.org"]);
    await signIn(page, loggia, "ann@example.org");
    await page.goto(`${loggia.url}/-/apps/`);
    await page.getByRole("searchbox", { name: /Find an app/ }).fill("court");
    await page.getByRole("main").getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "Crown Court backlog", exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: "survey", exact: true }).count(), 0);
    assert.deepEqual(page.complaints, []);
  });
});
