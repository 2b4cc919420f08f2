// What a guide costs its reader: every page of the manual stays within its budget in both themes, does not move while it
// loads, and asks nobody else for anything.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { newPage, openBrowser, startLoggia } from "./support.mjs";

/** The most that a guide and everything it loads may weigh on the wire, in bytes. */
const BUDGET = 50_000;

const MANUAL = new URL("../../content/", import.meta.url).pathname;

for (const theme of ["default", "service"]) {
  describe(`a guide in the theme ${theme}`, () => {
    let loggia;
    let browser;
    let paths;

    before(async () => {
      const files = (await readdir(MANUAL, { recursive: true })).filter((file) => file.endsWith(".md"));
      const guides = {};
      for (const file of files) guides[file] = await readFile(join(MANUAL, file), "utf8");
      paths = files.map((file) => `/${file.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "/")}`);
      loggia = await startLoggia({ guides, env: { LOGGIA_SERVER_THEME: theme } });
      browser = await openBrowser();
    });
    after(async () => {
      await browser?.close();
      await loggia?.stop();
    });

    for (const width of [390, 1280]) {
      it(`is light, steady and on its own at ${width} pixels`, async () => {
        for (const path of paths) {
          const page = await newPage(browser, { width });
          await page.addInitScript(() => {
            window.shifted = 0;
            new PerformanceObserver((list) => {
              for (const shift of list.getEntries()) window.shifted += shift.value;
            }).observe({ type: "layout-shift", buffered: true });
          });
          const { weight, foreign } = await watch(page, loggia.url);
          await page.goto(`${loggia.url}${path}`, { waitUntil: "load" });
          await settled(page);
          assert.ok(weight() > 0 && weight() < BUDGET, `${path} weighs ${weight()} bytes`);
          assert.deepEqual(foreign, [], path);
          if (await page.evaluate(() => window.shifted)) {
            // A browser may paint the half of a long table that has arrived. What moves by itself moves again.
            await page.reload({ waitUntil: "load" });
            await settled(page);
          }
          assert.equal(await page.evaluate(() => window.shifted), 0, `${path} moves while it loads`);
          assert.deepEqual(page.complaints, []);
          await page.context().close();
        }
      });
    }
  });
}

/** Waits until the page was painted twice more. */
function settled(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Counts what comes over the wire, heads included, and notes what is asked of others. */
async function watch(page, origin) {
  const session = await page.context().newCDPSession(page);
  let received = 0;
  const foreign = [];
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (received += encodedDataLength));
  session.on("Network.requestWillBeSent", ({ request }) => {
    if (!request.url.startsWith(`${origin}/`) && !request.url.startsWith("data:")) foreign.push(request.url);
  });
  await session.send("Network.enable");
  return { weight: () => received, foreign };
}
