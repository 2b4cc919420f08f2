// What analysts' tools make, published and opened: a notebook as a page, and JupyterLite, which is a whole site with a
// service worker. The tools come from PyPI; without them the tests are skipped, and say so.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, newPage, openBrowser, startLoggia } from "./support.mjs";

const NOTEBOOK = {
  cells: [
    { cell_type: "markdown", metadata: {}, source: ["# Figures of the year"] },
    {
      cell_type: "code",
      execution_count: 1,
      metadata: {},
      outputs: [{ name: "stdout", output_type: "stream", text: ["42\n"] }],
      source: ["print(42)"],
    },
  ],
  metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
  nbformat: 4,
  nbformat_minor: 5,
};

describe("what analysts' tools make", () => {
  let loggia;
  let browser;
  let dir;

  before(async () => {
    loggia = await startLoggia();
    browser = await openBrowser();
    dir = await mkdtemp(join(tmpdir(), "loggia-outputs-"));
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it("a notebook as a page", async (test) => {
    const notebook = join(dir, "report.ipynb");
    await writeFile(notebook, JSON.stringify(NOTEBOOK));
    const made = run("jupyter-nbconvert", ["--to", "html", notebook]);
    if (!made) return test.skip("jupyter-nbconvert is not here: pip install nbconvert");
    const page = await open("notebook", join(dir, "report.html"));
    await page.getByRole("heading", { name: "Figures of the year" }).waitFor();
    assert.match(await page.locator("body").innerText(), /42/);
    assert.deepEqual(page.ours, []);
  });

  it("JupyterLite, with its service worker and after a publish", async (test) => {
    const site = join(dir, "lite");
    const made = run("jupyter-lite", ["build", "--output-dir", site], dir);
    if (!made) return test.skip("jupyter-lite is not here: pip install jupyterlite-core");
    const page = await open("lite", site, "lab/");
    await page.locator("#jp-main-dock-panel").waitFor({ timeout: 60_000 });
    assert.deepEqual(page.ours, []);
    await writeFile(join(site, "new.txt"), "another release");
    await loggia.run(["publish", site, "--app", "lite"]);
    await page.reload();
    await page.locator("#jp-main-dock-panel").waitFor({ timeout: 60_000 });
    assert.deepEqual(page.ours, []);
  });

  /** Publishes `what`, and opens it. `page.ours` collects errors of this host, and what a policy of ours refused. */
  async function open(app, what, path = "") {
    await loggia.run(["publish", what, "--app", app]);
    await loggia.run(["share", app, "--audience", "public"]);
    const page = await newPage(browser);
    page.ours = [];
    const host = new URL(loggia.app(app)).host;
    page.on("console", (message) => {
      const from = message.location().url;
      const text = message.text();
      // A page may ask other hosts for scripts, and there may be no network to reach them.
      const foreign = /^https?:/.test(from) && new URL(from).host !== host;
      const refused = /Content.Security.Policy|MIME type|Cross-Origin|nosniff/i.test(text);
      // Browsers ask for an icon by themselves.
      const missing = /the server responded with a status of/.test(text) && !foreign && !from.endsWith("/favicon.ico");
      if (message.type() === "error" && (refused || missing)) page.ours.push(`${from}: ${text}`);
    });
    await eventually("the app is open to everyone", async () => (await page.goto(loggia.app(app) + path)).ok());
    return page;
  }
});

/** Runs a program; `false` when it is not here. */
function run(program, args, cwd) {
  const done = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 240_000 });
  if (done.error?.code === "ENOENT") return false;
  assert.equal(done.status, 0, `${program}: ${done.stderr}`);
  return true;
}
