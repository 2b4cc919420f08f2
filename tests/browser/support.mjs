// What the journeys are made of: a real server, a real browser, and verbs that read like sentences.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const BINARY = process.env.LOGGIA_BIN;
const CHROMIUM = process.env.LOGGIA_CHROMIUM ?? "/usr/bin/chromium";
const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long anything may take to come true, in milliseconds; a machine that is busy with other tests is slow. */
const PATIENCE = 15_000;

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { look: "in light", dark: false, width: 1280 },
  { look: "in dark", dark: true, width: 1280 },
  { look: "on a narrow screen", dark: false, width: 320 },
];

/** The guides that tests read, unless they bring their own. */
export const GUIDES = {
  "index.md": "---\ntitle: Handbook\ndescription: How this team works\n---\n\nStart with [the lighthouse](/lighthouse/).\n",
  "lighthouse.md":
    "---\ntitle: The lighthouse\n---\n\nIt stands on the point.\n\n## Trimming the wick\n\nTrim the wick every evening " +
    "before dusk.\n\n## Polishing the lens\n\nUse a linen cloth.\n\n```sh\npolish --with linen lens\n```\n\n" +
    "| Task | When |\n|---|---|\n| Wick | Evening |\n| Lens | Morning |\n",
  "harbour/index.md": "---\ntitle: The harbour\n---\n\n> [!NOTE]\n> Boats come in at noon.\n\nMoor them by the bow.\n",
};

/**
 * Starts `loggia serve` in a folder of its own on free ports and waits until it is ready. With `settings`, the text of a
 * `loggia.toml` made from `{ port, opsPort, dir }`, it is configured; otherwise it runs in development mode.
 */
export async function startLoggia({ guides = GUIDES, settings, env = {} } = {}) {
  if (!BINARY) throw new Error("LOGGIA_BIN must name the loggia program; ./test sets it");
  const dir = await mkdtemp(join(tmpdir(), "loggia-browser-"));
  const [port, opsPort] = [await freePort(), await freePort()];
  await write(join(dir, "content"), guides);
  const here = [`--listen=127.0.0.1:${port}`, `--ops-listen=127.0.0.1:${opsPort}`];
  if (settings) await writeFile(join(dir, "loggia.toml"), await settings({ port, opsPort, dir }));
  // What steers the tests is no setting of the server, which would refuse to start on it.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("LOGGIA_"));
  const environment = { ...Object.fromEntries(inherited), XDG_CONFIG_HOME: join(dir, "config"), ...env };

  const server = spawn(BINARY, ["serve", ...(settings ? [] : here)], { cwd: dir, env: environment });
  let said = "";
  server.stdout.on("data", (text) => (said += text));
  server.stderr.on("data", (text) => (said += text));
  const ended = once(server, "exit");

  const loggia = {
    dir,
    url: `http://localhost:${port}`,
    said: () => said,
    /** The address of an app, or of one of its releases. */
    app: (name, release) => `http://${release ? `${release}--` : ""}${name}.localhost:${port}/`,
    /** Writes guides into the folder that is being served. */
    edit: (changed) => write(join(dir, "content"), changed),
    /** Runs a command as the developer, or as whoever `LOGGIA_TOKEN` in `extra` stands for; answers what it printed. */
    run: (args, extra = {}) => run(args, { cwd: dir, env: { ...environment, ...extra } }),
    stop: async () => {
      server.kill("SIGTERM");
      await Promise.race([ended, pause(5_000, null, { ref: false }).then(() => server.kill("SIGKILL"))]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await eventually("the server is ready", async () => {
      if (server.exitCode !== null) throw new GivenUp(`loggia serve ended by itself:\n${said}`);
      return (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok;
    });
  } catch (error) {
    await loggia.stop();
    throw new Error(`${error.message}\n${said}`);
  }
  return loggia;
}

/** Publishes `files` as `app`. */
export async function publish(loggia, app, files, { args = [], env = {} } = {}) {
  const folder = join(loggia.dir, "publish", app);
  await rm(folder, { recursive: true, force: true });
  await write(folder, files);
  return loggia.run(["publish", folder, "--app", app, ...args], env);
}

/** Opens a browser, with further `flags`. */
export function openBrowser(flags = []) {
  return chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS, ...flags] });
}

/**
 * A page in a browser profile of its own. `page.complaints` collects what its console and its scripts complain of;
 * that a document answered 403 or 404 is no complaint.
 */
export async function newPage(browser, { scripts = true, dark = false, width = 1280 } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: scripts,
    colorScheme: dark ? "dark" : "light",
    viewport: { width, height: 900 },
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.complaints = [];
  const documents = new Set();
  page.on("response", (response) => {
    if (response.request().isNavigationRequest()) documents.add(response.url());
  });
  page.on("pageerror", (error) => page.complaints.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const ownStatus = message.text().startsWith("Failed to load resource") && documents.has(message.location().url);
    if (message.type() === "error" && !ownStatus) page.complaints.push(`${page.url()}: ${message.text()}`);
  });
  return page;
}

/** Signs in on the main host as `email`, through the provider of development mode. */
export async function signIn(page, loggia, email, groups = "") {
  await page.goto(`${loggia.url}/-/sign-in`);
  await answerProvider(page, email, groups);
}

/** Answers "Who do you want to be?", which the page shows or is about to show, and waits until that is done. */
export async function answerProvider(page, email, groups = "") {
  await page.getByLabel("Email address").fill(email);
  if (groups) await page.getByLabel("Groups").fill(groups);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Who do you want to be?" }).waitFor({ state: "detached" });
  await page.waitForLoadState();
}

/** Looks at a page as everyone does: axe-core finds nothing in light and in dark, and nothing scrolls sideways. */
export async function lookAt(page) {
  for (const { look, dark, width } of LOOKS) {
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await violations(page), [], look);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `the page is ${wider} px wider than the window ${look}`);
  }
}

/** What axe-core finds, a line each. */
async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.failureSummary})`),
  );
}

/** A mail server that keeps the letters it is sent, on a port of its own; `env` makes a Loggia send by it. */
export async function startPostOffice() {
  const letters = [];
  const server = createServer((socket) => {
    let letter;
    let rest = "";
    const say = (line) => socket.write(`${line}\r\n`);
    say("220 double");
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const lines = (rest + bytes).split("\r\n");
      rest = lines.pop();
      for (const line of lines) {
        if (letter === undefined) {
          if (/^data$/i.test(line)) letter = [];
          say(letter ? "354 go on" : /^quit/i.test(line) ? "221 bye" : "250 ok");
        } else if (line === ".") {
          letters.push(letter.join("\n"));
          letter = undefined;
          say("250 kept");
        } else letter.push(line);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const env = {
    LOGGIA_MAIL_SERVER: "127.0.0.1",
    LOGGIA_MAIL_PORT: `${port}`,
    LOGGIA_MAIL_SECURITY: "none",
    LOGGIA_MAIL_FROM: "Guidance <no-reply@example.org>",
  };
  return { port, letters, env, stop: () => server.close() };
}

/** Waits until `check` answers something true, and answers that. Errors count as "not yet". */
export async function eventually(what, check) {
  const end = Date.now() + PATIENCE;
  let last;
  while (Date.now() < end) {
    try {
      const answer = await check();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      if (error instanceof GivenUp) throw error;
      last = error.message;
    }
    await pause(100);
  }
  throw new Error(`it did not come true in ${PATIENCE / 1000} s that ${what} (last: ${last})`);
}

/** A page of an app that says one thing. */
export function html(title, body = "") {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

/** A port that nobody listens on. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** It will not come true. */
class GivenUp extends Error {}

async function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

async function run(args, options) {
  const command = spawn(BINARY, args, { ...options, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  let out = "";
  let err = "";
  command.stdout.on("data", (text) => (out += text));
  command.stderr.on("data", (text) => (err += text));
  const [status] = await once(command, "close");
  if (status !== 0) throw new Error(`loggia ${args.join(" ")} ended with ${status}:\n${out}${err}`);
  return out;
}
