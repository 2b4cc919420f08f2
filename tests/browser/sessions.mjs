// Sessions as people meet them: renewed in passing, listed, ended; and a command that is let in by a typed code.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { answerProvider, eventually, html, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

/** Development mode, with sessions at apps that last two seconds. */
const short = ({ port, opsPort, dir }) => `
[server]
listen = "127.0.0.1:${port}"
ops_listen = "127.0.0.1:${opsPort}"

[content]
dir = "${dir}/content"

[sign_in]
app_session = "2s"
`;

describe("a session", () => {
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({ settings: short });
    browser = await openBrowser();
    const pages = Object.fromEntries(
      ["a", "b", "c", "d", "e", "f"].map((name) => [`${name}/index.html`, html(`Page ${name}`, "<p id=here>Here</p>")]),
    );
    await publish(loggia, "tabs", { "index.html": html("Tabs"), ...pages });
    await loggia.run(["share", "tabs", "--audience", "signed-in"]);
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  it("is renewed at an app without a visible step, in many tabs at once, where each of them is", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.app("tabs")}a/?year=2026#here`);
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "Page a" }).waitFor();
    await pause(2_500);
    const names = ["a", "b", "c", "d", "e", "f"];
    const tabs = await Promise.all(names.map(() => page.context().newPage()));
    const asked = [];
    for (const tab of tabs) tab.on("request", (request) => asked.push(request.url()));
    await Promise.all(tabs.map((tab, n) => tab.goto(`${loggia.app("tabs")}${names[n]}/?q=${n}&x=//y#here`)));
    for (const [n, tab] of tabs.entries()) {
      assert.equal(tab.url(), `${loggia.app("tabs")}${names[n]}/?q=${n}&x=//y#here`, "path, query and fragment");
      assert.equal(await tab.getByRole("heading", { level: 1 }).innerText(), `Page ${names[n]}`);
    }
    assert.ok(asked.some((url) => url.includes("/-/enter")), "there was a hand-off");
    assert.ok(!asked.some((url) => url.includes("/-/provider/")), "and no sign-in");
  });

  it("is listed on the account page, and ended from another browser", async () => {
    const here = await newPage(browser);
    const there = await newPage(browser);
    await signIn(here, loggia, "bea@example.org");
    await signIn(there, loggia, "bea@example.org");
    await there.goto(loggia.app("tabs"));
    await there.getByRole("heading", { name: "Tabs" }).waitFor();

    await here.goto(`${loggia.url}/-/account/`);
    const sessions = here.getByRole("region", { name: "Sessions" });
    assert.equal(await sessions.getByRole("listitem").count(), 2);
    assert.match(await sessions.innerText(), /Chrome on Linux/);
    await sessions.getByRole("listitem").filter({ hasNotText: "This browser" }).getByRole("button", { name: /^End/ }).click();
    await here.getByText("The session was ended.").waitFor();
    assert.deepEqual(here.complaints, []);

    await eventually("the other browser is signed out at the app too", async () => {
      await there.goto(loggia.app("tabs"));
      return there.getByRole("heading", { name: "Who do you want to be?" }).isVisible();
    });
    await here.goto(`${loggia.url}/-/account/`);
    await here.getByRole("button", { name: /End all/ }).click();
    await here.getByRole("heading", { name: "You are signed out" }).waitFor();
  });

  it("is made for a command by a code that is typed", async () => {
    const command = spawn(process.env.LOGGIA_BIN, ["login", loggia.url, "--device"], {
      cwd: loggia.dir,
      env: { PATH: process.env.PATH, HOME: loggia.dir, XDG_CONFIG_HOME: `${loggia.dir}/device` },
    });
    let told = "";
    command.stderr.on("data", (text) => (told += text));
    command.stdout.on("data", (text) => (told += text));
    const ended = once(command, "exit");
    const code = await eventually("the command shows a code", () => told.match(/[B-Z]{4}-[B-Z]{4}/)?.[0]);

    const page = await newPage(browser);
    await signIn(page, loggia, "carol@example.org");
    await page.goto(`${loggia.url}/-/device`);
    await page.getByLabel("Code").fill(code.toLowerCase().replace("-", ""));
    await page.getByRole("button", { name: "Continue" }).click();
    assert.match(await page.getByRole("main").innerText(), new RegExp(code));
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.getByText("Go back to your terminal").waitFor();
    assert.deepEqual(page.complaints, []);
    const [status] = await ended;
    assert.equal(status, 0, told);
    assert.match(told, /Signed in to/);
  });
});
