// Keeping guides: the open page as its guide changes, the review page, and the static site.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { GUIDES, newPage, openBrowser, signIn, startLoggia } from "./support.mjs";

const LONG = "Another line of the log.\n\n".repeat(80);
const LOG =
  "---\ntitle: The log\nowner: keeper\n---\n\n<details><summary>Storms</summary>\n\nNone yet.\n\n</details>\n\n" +
  `${LONG}See [nothing](/nowhere/).\n\n${LONG}`;

describe("an author", () => {
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({ guides: { ...GUIDES, "log.md": LOG } });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  it("keeps the place, what is open and what was typed while the guide changes", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/log/`);
    const storms = page.locator("main details", { hasText: "Storms" });
    await storms.locator("summary").click();
    await page.getByRole("search").getByRole("combobox").fill("wick");
    await page.evaluate(() => window.scrollTo(0, 1500));
    await loggia.edit({ "log.md": LOG.replace("None yet.", "One, last night.") });
    await page.getByText("One, last night.").waitFor({ state: "attached" });
    assert.equal(await storms.evaluate((details) => details.open), true);
    assert.equal(await page.getByRole("search").getByRole("combobox").inputValue(), "wick");
    assert.ok(Math.abs((await page.evaluate(() => window.scrollY)) - 1500) < 40);
    assert.deepEqual(page.complaints, []);
  });

  it("reads in place why a page is gone, and sees it again when it is back", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/lighthouse/`);
    await rm(join(loggia.dir, "content", "lighthouse.md"));
    await page.getByRole("alert").filter({ hasText: "404" }).waitFor();
    await page.getByText("Use a linen cloth.").waitFor();
    await loggia.edit({ "lighthouse.md": GUIDES["lighthouse.md"] });
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  it("finds what is wrong by owner and by kind, without scripts", async () => {
    const page = await newPage(browser, { scripts: false });
    await signIn(page, loggia, "keeper@example.org");
    await page.goto(`${loggia.url}/-/review/`);
    await page.getByRole("heading", { level: 1, name: "The health of the guides" }).waitFor();
    await page.getByText("/nowhere/").first().waitFor();
    await page.getByLabel("Owner").selectOption("keeper");
    await page.getByRole("button", { name: "Show" }).click();
    assert.equal(new URL(page.url()).searchParams.get("owner"), "keeper");
    await page.getByRole("main").getByRole("link", { name: "The log", exact: true }).waitFor();
  });

  it("builds a site of files in which readers find a section", async () => {
    await loggia.run(["build", "--out", "site"]);
    const files = createServer(async (request, response) => {
      const path = decodeURIComponent(new URL(request.url, "http://files").pathname).replace(/^\/docs\//, "");
      try {
        const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
        const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
        const bytes = await readFile(join(loggia.dir, "site", file));
        response.setHeader("content-type", types[file.split(".").pop()] ?? "application/octet-stream").end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    await once(files, "listening");
    try {
      const page = await newPage(browser);
      await page.goto(`http://127.0.0.1:${files.address().port}/docs/harbour/`);
      await page.getByRole("search").first().getByRole("searchbox").fill("wick");
      await page.keyboard.press("Enter");
      await page.getByRole("main").getByRole("link", { name: "Trimming the wick" }).click();
      assert.match(page.url(), /\/docs\/lighthouse\/#/);
      assert.equal(await page.locator(`[id="${new URL(page.url()).hash.slice(1)}"]`).count(), 1);
      assert.deepEqual(page.complaints, []);
      const nothing = await newPage(browser, { scripts: false });
      await nothing.goto(`http://127.0.0.1:${files.address().port}/docs/-/search/?q=wick`);
      await nothing.getByText("needs JavaScript").waitFor();
    } finally {
      files.close();
    }
  });
});
