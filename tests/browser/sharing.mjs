// Sharing with many, asking to be let in, and finding what is shared: with and without scripts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  answerProvider,
  eventually,
  html,
  newPage,
  openBrowser,
  publish,
  signIn,
  startLoggia,
  startPostOffice,
} from "./support.mjs";

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

describe("letters", () => {
  let loggia;
  let browser;
  let office;

  before(async () => {
    office = await startPostOffice();
    loggia = await startLoggia({ env: office.env });
    browser = await openBrowser();
    await publish(loggia, "survey", { "index.html": html("Staff survey"), "weeks/47.html": html("Week 47") });
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
    office?.stop();
  });

  const letterTo = (address, from = 0) =>
    eventually(`${address} is told`, () => office.letters.slice(from).find((letter) => letter.includes(`\nTo: ${address}\n`)));

  it("whoever an app is shared with follows the letter to it, and who was not to be told is not", async () => {
    const page = await newPage(browser, { scripts: false });
    await signIn(page, loggia, "dev@localhost");
    await page.goto(`${loggia.url}/-/apps/survey/`);
    const share = page.locator("form[action$='/grants']").last();
    for (const [address, told] of [["quiet@example.org", false], ["ann@example.org", true]]) {
      await share.getByLabel("Who", { exact: true }).fill(address);
      await share.getByLabel(/Tell people by email/).setChecked(told);
      await share.getByRole("button", { name: "Share", exact: true }).click();
      await page.getByText(`Shared with ${address}`).waitFor();
      assert.equal(await page.getByText("1 person is told by email.").count(), told ? 1 : 0);
    }
    const letter = await letterTo("ann@example.org");
    assert.ok(!office.letters.some((other) => other.includes("quiet@example.org")));
    const link = letter.match(/^http:\S+survey\S+$/m)[0];
    const ann = await newPage(browser);
    await ann.goto(link);
    await answerProvider(ann, "ann@example.org");
    await ann.getByRole("heading", { name: "Staff survey" }).waitFor();
    assert.deepEqual(page.complaints, []);
  });

  it("a publisher follows the letter to the request, and whoever asked the answer to the page they wanted", async () => {
    const asker = await newPage(browser);
    await asker.goto(`${loggia.app("survey")}weeks/47`);
    await answerProvider(asker, "eve@elsewhere.net");
    await asker.getByLabel(/Why you need it/).fill("Ann sent me");
    await asker.getByRole("button", { name: "Ask for access" }).click();
    const told = await letterTo("dev@localhost");
    assert.match(told, /^> Ann sent me$/m);

    const owner = await newPage(browser);
    await owner.goto(told.match(/^http:\S+requests-title$/m)[0]);
    await answerProvider(owner, "dev@localhost");
    await owner.getByLabel("Words for them (may be left empty)").fill("Welcome");
    await owner.getByRole("button", { name: "Let in eve@elsewhere.net" }).click();
    await owner.getByText(/eve@elsewhere\.net can open it within seconds/).waitFor();

    const answer = await letterTo("eve@elsewhere.net");
    assert.match(answer, /^> Welcome$/m);
    const link = answer.match(/^http:\S+weeks\/47$/m)[0];
    await eventually("eve is let in", async () => {
      await asker.goto(link);
      return asker.getByRole("heading", { name: "Week 47" }).isVisible();
    });
    assert.deepEqual(owner.complaints, []);
  });
});
