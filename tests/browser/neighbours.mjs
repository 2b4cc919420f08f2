// What an app may not do to its neighbours: everything an analyst uploads runs in a browser that is signed in to other apps
// and to the main host.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answerProvider, html, newPage, openBrowser, publish, signIn, startLoggia } from "./support.mjs";

describe("an app that means harm", () => {
  let loggia;
  let browser;
  let page;

  before(async () => {
    loggia = await startLoggia();
    browser = await openBrowser();
    await publish(loggia, "victim", {
      "index.html": html("The victim", "<p>for few</p>"),
      "secret.js": "window.stolen = 'figures';",
      "secret.json": '{"figures": 1}',
    });
    await publish(loggia, "evil", {
      "index.html": html("The evil"),
      "worker.js": "self.addEventListener('fetch', (event) => event.respondWith(new Response('taken over')));",
    });
    for (const app of ["victim", "evil"]) await loggia.run(["share", app, "--add", "ann@example.org"]);
    page = await newPage(browser);
    await page.goto(loggia.app("victim"));
    await answerProvider(page, "ann@example.org");
    await page.getByRole("heading", { name: "The victim" }).waitFor();
    await page.goto(loggia.app("evil"));
    await page.getByRole("heading", { name: "The evil" }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
  });

  /** Opens the evil app in a tab of its own, in which the attacks run. */
  async function atEvil() {
    await page.close();
    page = await page.context().newPage();
    await page.goto(loggia.app("evil"));
  }

  /** Whether the victim and the account still open as ann. */
  async function allIsWell() {
    const other = await page.context().newPage();
    await other.goto(loggia.app("victim"));
    await other.getByRole("heading", { name: "The victim" }).waitFor();
    await other.goto(`${loggia.url}/-/account/`);
    assert.match(await other.getByRole("main").innerText(), /ann@example\.org/);
    await other.close();
  }

  it("tosses no cookie to another host", async () => {
    await atEvil();
    const before = await page.context().cookies([loggia.app("victim"), loggia.url]);
    await page.evaluate(() => {
      for (const name of ["__Host-loggia", "__Host-loggia-app", "__Host-loggia-nonce", "__host-loggia-app", "loggia-app"]) {
        for (const domain of ["", "; Domain=localhost", "; Domain=.localhost", `; Domain=${location.hostname}`]) {
          for (const path of ["/", "/-/", "/-/enter"]) document.cookie = `${name}=tossed${domain}; Path=${path}; Secure`;
        }
      }
    });
    const after = await page.context().cookies([loggia.app("victim"), loggia.url]);
    assert.deepEqual(
      after.map(({ name, value, domain }) => ({ name, value, domain })),
      before.map(({ name, value, domain }) => ({ name, value, domain })),
    );
    await allIsWell();
    // What it set for its own host makes its own session count as none, and a hand-off makes another.
    await page.context().clearCookies({ domain: "evil.localhost" });
    await atEvil();
    await page.getByRole("heading", { name: "The evil" }).waitFor();
  });

  it("sends no form in anybody's name", async () => {
    const [app] = JSON.parse(await loggia.run(["apps", "--json"])).filter(({ name }) => name === "victim");
    assert.ok(app);
    for (const [target, fields] of [
      [`${loggia.url}/-/account/tokens`, { label: "stolen", app: "", days: "30", may: "all" }],
      [`${loggia.url}/-/account/sessions/end-all`, {}],
      [`${loggia.url}/-/apps/victim/grants`, { who: "mallory@example.org", role: "publisher" }],
      [`${loggia.url}/-/apps/victim/publishers`, { issuer: "x", name: "x/y", number: "1" }],
      [`${loggia.url}/-/device/decide`, { code: "BCDF-GHJK", decision: "allow" }],
      [`${loggia.url}/-/sign-out`, {}],
      [`${loggia.app("victim")}-/leave`, { return: "/" }],
    ]) {
      await atEvil();
      const answered = page.waitForResponse((response) => response.url() === target);
      await page.evaluate(
        ([target, fields]) => {
          const form = Object.assign(document.createElement("form"), { method: "post", action: target });
          for (const [name, value] of Object.entries(fields)) {
            form.append(Object.assign(document.createElement("input"), { name, value }));
          }
          document.body.append(form);
          form.submit();
        },
        [target, fields],
      );
      const status = (await answered).status();
      // Without the cookie, which stays away from other sites' forms, it is a stranger who asks to be let in first.
      assert.ok(status === 403 || status === 303, `${target} answered ${status}`);
      await atEvil();
      await page.evaluate(
        ([target, fields]) =>
          fetch(target, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams(fields) }).catch(
            () => {},
          ),
        [target, fields],
      );
    }
    await allIsWell();
    const account = await page.context().newPage();
    await account.goto(`${loggia.url}/-/account/`);
    assert.doesNotMatch(await account.getByRole("main").innerText(), /stolen/);
    await account.close();
    assert.doesNotMatch(await loggia.run(["share", "victim"]), /mallory/);
  });

  it("frames neither a neighbour nor the main host", async () => {
    for (const target of [loggia.app("victim"), `${loggia.url}/-/account/`, `${loggia.url}/`, `${loggia.url}/-/device`]) {
      await atEvil();
      await page.evaluate(
        (target) =>
          new Promise((done) => {
            const frame = Object.assign(document.createElement("iframe"), { src: target, onload: done });
            document.body.append(frame);
            setTimeout(done, 3000);
          }),
        target,
      );
      for (const frame of page.frames().filter((frame) => frame !== page.mainFrame())) {
        const shown = await frame.locator("h1").allInnerTexts().catch(() => []);
        // The browser's own page says in place of ours that it is blocked.
        assert.ok(
          shown.every((heading) => heading.includes("is blocked")),
          `${target} shows in a frame: ${shown}`,
        );
      }
    }
  });

  it("reads nothing of a neighbour, by script, by picture or by asking", async () => {
    await atEvil();
    const got = await page.evaluate(async (victim) => {
      const asked = await fetch(`${victim}secret.json`, { credentials: "include" }).then(
        () => "read",
        () => "refused",
      );
      const opaque = await fetch(`${victim}secret.json`, { credentials: "include", mode: "no-cors" }).then(
        () => "loaded",
        () => "refused",
      );
      const script = await new Promise((done) => {
        const element = document.createElement("script");
        Object.assign(element, { src: `${victim}secret.js`, onload: () => done("run"), onerror: () => done("refused") });
        document.body.append(element);
      });
      return { asked, opaque, script, stolen: window.stolen ?? null };
    }, loggia.app("victim"));
    assert.deepEqual(got, { asked: "refused", opaque: "refused", script: "refused", stolen: null });
  });

  it("puts a worker before its own pages alone", async () => {
    await atEvil();
    const foreign = await page.evaluate(async (victim) => {
      const register = (script, scope) =>
        navigator.serviceWorker.register(script, scope ? { scope } : undefined).then(
          () => "registered",
          () => "refused",
        );
      return [await register(`${victim}secret.js`), await register("/worker.js", victim), await register("/-/assets/none.js")];
    }, loggia.app("victim"));
    assert.deepEqual(foreign, ["refused", "refused", "refused"]);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register("/worker.js");
      await navigator.serviceWorker.ready;
    });
    await atEvil();
    assert.match(await page.content(), /taken over/, "it stands before its own pages");
    await allIsWell();
    await page.evaluate(async () => {
      for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    }).catch(() => {});
  });

  it("keeps no hold on a window of the main host", async () => {
    const fresh = await page.context().newPage();
    await publish(loggia, "opener", { "index.html": html("The opener") });
    await loggia.run(["share", "opener", "--add", "ann@example.org"]);
    await fresh.goto(loggia.app("opener"));
    await fresh.getByRole("heading", { name: "The opener" }).waitFor();
    const [opened] = await Promise.all([
      fresh.context().waitForEvent("page"),
      fresh.evaluate((target) => {
        window.held = window.open(target);
      }, `${loggia.url}/-/account/`),
    ]);
    await opened.getByRole("heading", { name: "Your account" }).waitFor();
    assert.equal(await opened.evaluate(() => window.opener), null);
    assert.equal(await fresh.evaluate(() => window.held.closed), true, "to whoever opened it, it is gone");
    await fresh.evaluate(() => {
      window.held.location = "about:blank";
    }).catch(() => {});
    assert.equal(opened.url(), `${loggia.url}/-/account/`);
  });

  it("finds no session for itself in another app's sign-in", async () => {
    const stranger = await newPage(browser);
    await signIn(stranger, loggia, "bob@example.org");
    await stranger.goto(loggia.app("victim"));
    await stranger.getByRole("heading", { name: /do not have access/ }).waitFor();
  });
});
