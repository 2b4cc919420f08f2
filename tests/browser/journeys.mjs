// People's ways through the house: signing in, opening an app, being refused, being let in, signing out.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answerProvider, eventually, html, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

describe("a visitor with a browser", () => {
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  it("signs in and is told who they are", async () => {
    const page = await newPage(browser);
    await signIn(page, loggia, "ann@example.org");
    await page.goto(`${loggia.url}/-/account/`);
    await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
    assert.match(await page.getByRole("main").innerText(), /ann@example\.org/);
    assert.deepEqual(page.complaints, []);
  });

  it("signs in without JavaScript", async () => {
    const page = await newPage(browser, { scripts: false });
    await signIn(page, loggia, "ann@example.org");
    await page.goto(`${loggia.url}/-/account/`);
    assert.match(await page.getByRole("main").innerText(), /ann@example\.org/);
  });

  it("holds only cookies that scripts cannot read and other hosts do not get", async () => {
    const page = await newPage(browser);
    await publish(loggia, "cookies", { "index.html": html("Biscuits") });
    await loggia.run(["share", "cookies", "--add", "ann@example.org"]);
    await page.goto(loggia.app("cookies"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "Biscuits" }).waitFor();
    const cookies = await page.context().cookies();
    assert.ok(cookies.length >= 2, "a session here and a session there");
    for (const cookie of cookies) {
      assert.match(cookie.name, /^__Host-/);
      assert.ok(cookie.httpOnly && cookie.secure, `${cookie.name} is HttpOnly and Secure`);
      assert.notEqual(cookie.sameSite, "None", cookie.name);
      assert.ok(!cookie.domain.startsWith("."), `${cookie.name} is for one host`);
    }
    assert.equal(await page.evaluate(() => document.cookie), "");
  });

  it("comes back to the page of the app that they asked for", async () => {
    const page = await newPage(browser);
    await publish(loggia, "deep", { "index.html": html("Front"), "tables/two.html": html("Second table") });
    await loggia.run(["share", "deep", "--add", "@example.org"]);
    await page.goto(`${loggia.app("deep")}tables/two.html?year=2026`);
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "Second table" }).waitFor();
    // A page is served without its `.html`, and the question goes along.
    assert.equal(page.url(), `${loggia.app("deep")}tables/two?year=2026`);
  });

  it("is refused by name, reads whom to ask, and is let in once it was shared with them", async () => {
    const page = await newPage(browser);
    await publish(loggia, "prison-population", { "index.html": html("Prison population") });
    await page.goto(loggia.app("prison-population"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { level: 1, name: /do not have access/ }).waitFor();
    const refusal = await page.getByRole("main").innerText();
    assert.match(refusal, /ann@example\.org/, "who they are signed in as");
    assert.match(refusal, /dev@localhost/, "who owns the app");
    assert.match(await page.getByRole("link", { name: /dev@localhost/ }).first().getAttribute("href"), /^mailto:/);
    await page.getByRole("button", { name: /another account/ }).waitFor();
    assert.deepEqual(page.complaints, []);

    await loggia.run(["share", "prison-population", "--add", "ann@example.org"]);
    await eventually("ann is let in", async () => {
      await page.goto(loggia.app("prison-population"));
      return page.getByRole("heading", { level: 1, name: "Prison population", exact: true }).isVisible();
    });
  });

  it("is shut out again once the share is taken back", async () => {
    const page = await newPage(browser);
    await publish(loggia, "borrowed", { "index.html": html("Borrowed") });
    await loggia.run(["share", "borrowed", "--add", "ann@example.org"]);
    await page.goto(loggia.app("borrowed"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "Borrowed", exact: true }).waitFor();
    await loggia.run(["share", "borrowed", "--remove", "ann@example.org"]);
    await eventually("ann is shut out", async () => {
      await page.goto(loggia.app("borrowed"));
      return page.getByRole("heading", { name: /do not have access/ }).isVisible();
    });
  });

  it("is let in by a group that the provider puts them in", async () => {
    const page = await newPage(browser);
    await publish(loggia, "for-policy", { "index.html": html("For policy") });
    await loggia.run(["share", "for-policy", "--add", "group:policy"]);
    await page.goto(loggia.app("for-policy"));
    await answerProvider(page, "bob@example.net", "analysts, policy");
    await page.getByRole("heading", { name: "For policy" }).waitFor();
  });

  it("opens a public app without signing in", async () => {
    const page = await newPage(browser);
    await publish(loggia, "open-day", { "index.html": html("Open day") });
    await loggia.run(["share", "open-day", "--audience", "public"]);
    await eventually("the app is open to everyone", async () => {
      await page.goto(loggia.app("open-day"));
      return page.getByRole("heading", { name: "Open day" }).isVisible();
    });
  });

  it("finds what was shared with them, and nothing else, in one list", async () => {
    const page = await newPage(browser);
    await publish(loggia, "shared-list", { "index.html": html("Shared") });
    await publish(loggia, "secret-list", { "index.html": html("Secret") });
    await loggia.run(["share", "shared-list", "--add", "list@example.com"]);
    await signIn(page, loggia, "list@example.com");
    await eventually("the list names the app", async () => {
      await page.goto(`${loggia.url}/-/apps/`);
      return (await page.getByRole("main").innerHTML()).includes(loggia.app("shared-list"));
    });
    assert.doesNotMatch(await page.content(), /secret-list/);
    await page.locator(`a[href="${loggia.app("shared-list")}"]`).first().click();
    await page.getByRole("heading", { name: "Shared" }).waitFor();
  });

  it("sees a new release at once, and the old one after a rollback", async () => {
    const page = await newPage(browser);
    await publish(loggia, "edition", { "index.html": html("First edition") });
    await loggia.run(["share", "edition", "--audience", "signed-in"]);
    await page.goto(loggia.app("edition"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "First edition" }).waitFor();
    const shows = (title) => async () => {
      await page.goto(loggia.app("edition"));
      return page.getByRole("heading", { name: title }).isVisible();
    };
    await publish(loggia, "edition", { "index.html": html("Second edition") });
    await eventually("the second edition is shown", shows("Second edition"));
    await loggia.run(["rollback", "edition"]);
    await eventually("the first edition is back", shows("First edition"));
  });

  it("shares an app from its page", async () => {
    const owner = await newPage(browser);
    await publish(loggia, "by-form", { "index.html": html("By form") });
    await signIn(owner, loggia, "dev@localhost");
    await owner.goto(`${loggia.url}/-/apps/by-form/`);
    await owner.getByLabel("Who", { exact: true }).fill("carol@example.org");
    await owner.getByRole("button", { name: "Share", exact: true }).click();
    await owner.getByRole("main").getByText("carol@example.org", { exact: true }).first().waitFor();
    const carol = await newPage(browser);
    await carol.goto(loggia.app("by-form"));
    await answerProvider(carol, "carol@example.org");
    await carol.getByRole("heading", { name: "By form" }).waitFor();
    assert.deepEqual(owner.complaints, []);
  });

  it("signs out on the main host and so at the apps", async () => {
    const page = await newPage(browser);
    await publish(loggia, "leave", { "index.html": html("Leave me") });
    await loggia.run(["share", "leave", "--audience", "signed-in"]);
    await page.goto(loggia.app("leave"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "Leave me" }).waitFor();
    await page.goto(`${loggia.url}/-/account/`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    await eventually("the app asks who they are", async () => {
      await page.goto(loggia.app("leave"));
      return page.getByRole("heading", { name: "Who do you want to be?" }).isVisible();
    });
  });

  it("has an app to open on the first day", async () => {
    const page = await newPage(browser);
    await signIn(page, loggia, "dev@localhost");
    await page.goto(`${loggia.url}/-/apps/`);
    assert.ok((await page.getByRole("main").innerHTML()).includes(loggia.app("hello")));
    await page.goto(loggia.app("hello"));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("img", { name: /Sailings/ }).waitFor();
    assert.deepEqual(page.complaints, []);
  });
});
