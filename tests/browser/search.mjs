// The search box and the page of results, by keyboard, by mouse, on a telephone and without scripts.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { html, newPage, openBrowser, publish, startLoggia } from "./support.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.LOGGIA_SHOTS;

const GUIDES = {
  "index.md": "---\ntitle: Handbook\n---\n\nStart here.\n",
  "synonyms.toml": '[one-way]\npail = ["bucket"]\n',
  "data/index.md": "---\ntitle: Data\n---\n\nWhere data is.\n",
  "data/buckets.md":
    "---\ntitle: Buckets\n---\n\nA bucket holds files.\n\n## Make a bucket\n\nAsk for a bucket.\n\n## Versions of a bucket\n\n" +
    "A bucket keeps versions.\n\n## Share a bucket\n\nShare the bucket with a team.\n\n## Delete a bucket\n\nA bucket can be deleted.\n",
  "data/versioning.md": "---\ntitle: Versioning\n---\n\nVersioning is on for each bucket that needs it.\n",
};
for (let at = 0; at < 40; at += 1) GUIDES[`notes/n${at}.md`] = `---\ntitle: Note ${at}\n---\n\nA lantern note.\n\n## More\n\nlantern\n`;

describe("searching", () => {
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({ guides: GUIDES });
    browser = await openBrowser();
    await publish(loggia, "buckets-app", { "index.html": html("Buckets in use", "<p>How full each bucket is.</p>") });
    await loggia.run(["share", "buckets-app", "--audience", "public"]);
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  const shot = (page, name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });

  async function typed(page, text) {
    await page.goto(`${loggia.url}/`);
    await page.keyboard.press("/");
    await page.keyboard.type(text);
    await page.getByRole("option").first().waitFor();
    return page.getByRole("combobox");
  }

  it("is done by keyboard alone, and announced", async () => {
    const page = await newPage(browser);
    const box = await typed(page, "bucket");
    assert.equal(await box.getAttribute("aria-expanded"), "true");
    await page.locator(".search [role=status]").getByText(/^\d+ results$/).waitFor();
    await page.keyboard.press("ArrowDown");
    const active = await box.getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    await shot(page, "combobox");
    const target = await page.locator(`#${active}`).getAttribute("href");
    await page.keyboard.press("Escape");
    assert.equal(await box.getAttribute("aria-expanded"), "false");
    assert.equal(await page.getByRole("option").count(), 0);
    assert.equal(await box.inputValue(), "bucket", "what was typed stays");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(new URL(target, loggia.url).href);
    assert.deepEqual(page.complaints, []);
  });

  it("opens results in new tabs, by keyboard and with the mouse", async () => {
    const page = await newPage(browser);
    await typed(page, "versioning");
    for (const open of [
      () => page.getByRole("option").first().click({ modifiers: ["ControlOrMeta"] }),
      () => page.getByRole("option").first().click({ button: "middle" }),
      async () => {
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Control+Enter");
      },
    ]) {
      const [tab] = await Promise.all([page.context().waitForEvent("page"), open()]);
      await tab.waitForURL(/versioning/);
      await tab.close();
      assert.ok(await page.getByRole("option").first().isVisible(), "the list stays");
    }
    assert.equal(page.url(), `${loggia.url}/`);
  });

  it("shows the answer to what stands in the box, however late another comes", async () => {
    const page = await newPage(browser);
    let hold;
    const held = new Promise((resolve) => (hold = resolve));
    await page.route(/search\.json.*q=lantern/, async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await page.goto(`${loggia.url}/`);
    const box = page.getByRole("combobox");
    const asked = page.waitForRequest(/q=lantern/);
    await box.fill("lantern");
    await asked;
    await box.fill("versioning");
    await page.getByRole("option", { name: "Versioning" }).first().waitFor();
    hold();
    await page.waitForTimeout(300);
    assert.match(await page.getByRole("option").first().innerText(), /Versioning/);
  });

  it("moves nothing on the page and keeps nothing in the browser", async () => {
    const page = await newPage(browser, { width: 320 });
    await page.goto(`${loggia.url}/`);
    await page.evaluate(() => {
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
    });
    await page.getByRole("combobox").fill("bucket");
    await page.getByRole("option").first().waitFor();
    await shot(page, "combobox-320");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${wider} px wider than the window`);
    for (const option of await page.getByRole("option").all()) {
      assert.ok((await option.boundingBox()).height >= 24, "large enough for a finger");
    }
    assert.equal(await page.evaluate(() => window.shift), 0);
    assert.deepEqual(await page.context().cookies(), []);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  });

  it("gives the same as a page without scripts", async () => {
    const page = await newPage(browser, { scripts: false });
    await page.goto(`${loggia.url}/`);
    await page.getByRole("searchbox").fill("bucket");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Results for “bucket”" }).waitFor();
    await shot(page, "results");
    const links = await page.getByRole("main").getByRole("heading", { level: 2 }).allInnerTexts();
    assert.equal(new Set(links).size, links.length, "each page once");
    await page.getByRole("navigation", { name: "Where to look" }).getByRole("link", { name: "Apps" }).click();
    assert.deepEqual(await page.getByRole("main").getByRole("heading", { level: 2 }).allInnerTexts(), ["Buckets in use"]);

    await page.goto(`${loggia.url}/-/search?q=lantern`);
    await page.getByRole("link", { name: /Next/ }).click();
    assert.match(page.url(), /page=2/);
    assert.match(await page.getByRole("main").innerText(), /page 2 of/);
    assert.equal(await page.locator('meta[name=robots][content="noindex"]').count(), 1);
  });

  it("says what was searched for instead and as well, and obeys", async () => {
    const page = await newPage(browser, { scripts: false });
    await page.goto(`${loggia.url}/-/search?q=versoning`);
    await shot(page, "corrected");
    assert.match(await page.getByRole("main").innerText(), /Showing results for versioning/);
    await page.getByRole("link", { name: "Search instead for “versoning”" }).click();
    await page.getByText("Nothing was found.").waitFor();
    await shot(page, "nothing");
    await page.getByRole("link", { name: "Allow other spellings and words" }).click();
    assert.match(await page.getByRole("main").innerText(), /Showing results for versioning/);
    await page.goto(`${loggia.url}/-/search?q=pail`);
    assert.match(await page.getByRole("main").innerText(), /For “pail” we also searched for “bucket”/);
  });

  it("is for everyone, in light, in dark and on a narrow screen", async () => {
    const page = await newPage(browser);
    for (const query of ["bucket", "versoning", "zzzzqq", "pail", ""]) {
      await page.goto(`${loggia.url}/-/search?q=${query}`);
      for (const [dark, width] of [[false, 1280], [true, 1280], [true, 320]]) {
        await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 900 });
        await shot(page, `search-${query || "empty"}-${dark ? "dark" : "light"}-${width}`);
        await page.evaluate(AXE);
        const found = await page.evaluate(() => window.axe.run());
        assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`), [], `${query} ${dark} ${width}`);
      }
    }
  });

  it("can be done from the address bar", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/`);
    const link = page.locator('link[rel=search][type="application/opensearchdescription+xml"]');
    const answer = await page.request.get(new URL(await link.getAttribute("href"), loggia.url).href);
    assert.match(answer.headers()["content-type"], /^application\/opensearchdescription\+xml/);
    const template = /template="([^"]*\{searchTerms\})"/.exec(await answer.text())[1];
    await page.goto(template.replace("{searchTerms}", "versioning"));
    await page.getByRole("heading", { level: 2, name: "Versioning", exact: true }).waitFor();
  });

  it("tells the server that a result was opened, and nothing else", async () => {
    const out = await loggia.run(["search", "bucket", "--limit", "2"]);
    assert.match(out, /\/data\/buckets\//);
    const told = page => page.waitForRequest((request) => request.url().endsWith("/-/search/clicked"));
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/search?q=bucket`);
    const [request] = await Promise.all([told(page), page.locator(".hits h2 a").first().click({ modifiers: ["Control"] })]);
    assert.equal(request.postData(), "q=bucket&from=results");
    const headers = await request.allHeaders();
    assert.deepEqual([headers.origin, headers["sec-fetch-site"]], [loggia.url, "same-origin"]);
    const status = await page.evaluate(async () => {
      const body = new URLSearchParams({ q: "bucket", from: "results" });
      return (await fetch("/-/search/clicked", { method: "POST", body })).status;
    });
    assert.equal(status, 204);
    assert.deepEqual(page.complaints, []);
  });
});
