// Reading and searching the guides, with and without scripts, and seeing them change.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GUIDES, eventually, newPage, openBrowser, startLoggia } from "./support.mjs";

describe("a reader", () => {
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

  it("finds a section by searching without JavaScript", async () => {
    const page = await newPage(browser, { scripts: false });
    await page.goto(`${loggia.url}/`);
    await page.getByRole("search").getByRole("searchbox").fill("wick");
    await page.getByRole("search").getByRole("button", { name: "Search" }).click();
    await page.getByRole("heading", { level: 1, name: /wick/ }).waitFor();
    await page.getByRole("main").getByRole("link", { name: /Trimming the wick/ }).first().click();
    assert.equal(new URL(page.url()).pathname, "/lighthouse/");
    const anchor = new URL(page.url()).hash.slice(1);
    assert.equal(await page.locator(`[id="${anchor}"]`).count(), 1, `the anchor #${anchor} exists`);
  });

  it("finds a section through a mistyped letter and by the first letters of a word", async () => {
    const page = await newPage(browser, { scripts: false });
    for (const typed of ["lnien", "polis"]) {
      await page.goto(`${loggia.url}/-/search?q=${typed}`);
      await page.getByRole("link", { name: /Polishing the lens/ }).first().waitFor();
    }
  });

  it("searches as they type, by keyboard alone", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/`);
    await page.keyboard.press("/");
    await page.keyboard.type("wick");
    await page.getByRole("option", { name: /Trimming the wick/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.locator('[role="option"][aria-selected="true"]').waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/lighthouse\/#/);
    assert.deepEqual(page.complaints, []);
  });

  it("closes the suggestions with Escape and keeps what was typed", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/`);
    const box = page.getByRole("search").getByRole("combobox");
    await box.fill("wick");
    await page.getByRole("listbox").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("listbox").waitFor({ state: "hidden" });
    assert.equal(await box.inputValue(), "wick");
  });

  it("skips to the content with the first press of Tab", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/lighthouse/`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  });

  it("follows the tree from guide to guide", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/`);
    const tree = page.getByRole("navigation", { name: "Guides" });
    await tree.getByRole("link", { name: "The harbour" }).click();
    await page.getByRole("heading", { level: 1, name: "The harbour" }).waitFor();
    assert.equal(await tree.getByRole("link", { name: "The harbour" }).getAttribute("aria-current"), "page");
  });

  it("sees an edited guide in the open page, which is not loaded again", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/lighthouse/`);
    await page.evaluate(() => (window.openSince = "the beginning"));
    await loggia.edit({ "lighthouse.md": GUIDES["lighthouse.md"].replace("linen cloth", "chamois leather") });
    await page.getByText("Use a chamois leather.").waitFor();
    assert.equal(await page.evaluate(() => window.openSince), "the beginning");
    assert.deepEqual(page.complaints, []);
  });

  it("finds a new guide by its address and by searching, without a restart", async () => {
    const page = await newPage(browser, { scripts: false });
    await loggia.edit({ "foghorn.md": "---\ntitle: The foghorn\n---\n\nSound it twice a minute in mist.\n" });
    await eventually("the new guide is there", async () => (await page.goto(`${loggia.url}/foghorn/`)).ok());
    await eventually("the search knows it", async () => {
      await page.goto(`${loggia.url}/-/search?q=foghorn`);
      return page.getByRole("main").getByRole("link", { name: "The foghorn" }).first().isVisible();
    });
  });
});
