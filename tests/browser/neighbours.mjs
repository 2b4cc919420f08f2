// What an app may not do to its neighbours: everything an analyst uploads runs in a browser that is signed in to other apps
// and to the main host. All of them are hosts of one site here, as with most who run this: cookies that are `SameSite` go
// along, and a script may set cookies for all of them together.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { html, newPage } from "./support.mjs";
import { openBrowserAt, publishAt, signInForToken, SITE, startSite } from "./support-site.mjs";

const SESSIONS = ["__Host-loggia", "__Host-loggia-app"];

describe("an app that means harm to its siblings", () => {
  let site;
  let browser;
  let victim;
  let evil;
  // Ann's browser, in which the attacks run; the owner's; and one of somebody with an account and an app.
  let page;
  let owner;
  let mallory;
  let token;

  before(async () => {
    site = await startSite();
    browser = await openBrowserAt();
    [victim, evil] = [site.app("victim"), site.app("evil")];
    [owner, mallory, page] = [await newPage(browser), await newPage(browser), await newPage(browser)];
    token = await signInForToken(owner, site, "owner");
    const secret = { "secret.js": "window.stolen = 'figures';", "secret.json": '{"figures": 1}' };
    await publishAt(site, token, "victim", { "index.html": html("The victim"), ...secret }, ["ann@example.org"]);
    const worker = "self.addEventListener('fetch', (event) => event.respondWith(new Response('taken over')));";
    const malice = { "index.html": html("The evil"), "worker.js": worker };
    const mallorys = await signInForToken(mallory, site, "mallory");
    await publishAt(site, mallorys, "evil", malice, ["ann@example.org"]);
    await publishAt(site, mallorys, "evil-to-all", malice);
    await site.call(mallorys, "PATCH", "apps/evil-to-all", { audience: "public" });
    await signInForToken(page, site, "ann");
    await page.goto(victim);
    await page.getByRole("heading", { name: "The victim" }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  beforeEach(async () => {
    page = await atEvil(page);
  });

  /** Opens the evil app in a tab of its own, in which an attack runs. */
  async function atEvil(from) {
    const fresh = await from.context().newPage();
    await from.close();
    await fresh.goto(evil);
    await fresh.getByRole("heading", { name: "The evil" }).waitFor();
    return fresh;
  }

  /** What opens the victim and the main host in a browser: its sessions there. */
  async function sessions(of = page) {
    const held = await of.context().cookies([victim, site.url]);
    return held.filter(({ name }) => SESSIONS.includes(name)).map(({ name, value, domain }) => `${name}=${value} ${domain}`).sort();
  }

  /** Whether the victim and the account still open as ann, by the sessions of `before`. */
  async function allIsWell(before) {
    assert.deepEqual(await sessions(), before, "the sessions are those from before");
    const other = await page.context().newPage();
    await other.goto(victim);
    await other.getByRole("heading", { name: "The victim" }).waitFor();
    await other.goto(`${site.url}/-/account/`);
    assert.match(await other.getByRole("main").innerText(), /ann@example\.org/);
    await other.close();
  }

  /** Sets cookies by script, each as wide as a script may and wider; few enough that none has to make way for another. */
  function toss(at, values) {
    return at.evaluate(
      ([values, site]) => {
        for (const [name, value] of values) {
          for (const domain of ["", `; Domain=${site}`, `; Domain=apps.${site}`, `; Domain=guides.${site}`, `; Domain=victim.apps.${site}`]) {
            for (const path of ["/", "/-/enter"]) document.cookie = `${name}=${value}${domain}; Path=${path}; Secure`;
          }
        }
      },
      [values, SITE],
    );
  }

  it("is of the same site as they are, or nothing here proves anything", async () => {
    // What the browser sends in the end, of a request whose answer it then withholds.
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Network.enable");
    const sent = new Promise((done) => devtools.on("Network.requestWillBeSentExtraInfo", done));
    await page.evaluate((url) => fetch(url, { mode: "no-cors", credentials: "include" }).catch(() => {}), `${victim}secret.json`);
    const { headers } = await sent;
    const header = (name) => headers[name] ?? headers[name.toLowerCase()];
    assert.equal(header("Sec-Fetch-Site"), "same-site");
    assert.match(header("Cookie") ?? "", /__Host-loggia-app=/, "ann's session goes along");
  });

  it("tosses no session to another host, neither of its own making nor one that it has", async () => {
    const before = await sessions();
    // Mallory's own sessions, at the victim too: what a victim could be made to use unknowingly.
    await mallory.goto(victim);
    await mallory.getByRole("heading", { name: /do not have access/ }).waitFor();
    const mallorys = (await mallory.context().cookies([victim, site.url])).filter(({ name }) => SESSIONS.includes(name));
    assert.equal(mallorys.length, 2);
    const values = mallorys.map(({ name, value }) => [name, value]);
    const spellings = ["__Host-loggia", "__host-loggia", "__HOST-loggia-app", "__Host-loggia-nonce", " __Host-loggia-app", "loggia-app"];
    await toss(page, [...values, ...spellings.map((name) => [name, "tossed"]), ["", "__Host-loggia-app=tossed"], ["tossed", "1"]]);
    const arrived = await page.context().cookies([victim, site.url]);
    assert.ok(arrived.some(({ name, domain }) => name === "tossed" && domain === `.${SITE}`), "a cookie of no name of ours arrives");
    await allIsWell(before);
    await page.context().clearCookies({ name: "tossed" });
    await page.context().clearCookies({ name: "loggia-app" });
    await page.context().clearCookies({ domain: "evil.apps.example.test" });
  });

  it("signs nobody in as somebody else", async () => {
    const stranger = await newPage(browser);
    await stranger.goto(site.app("evil-to-all"));
    await stranger.getByRole("heading", { name: "The evil" }).waitFor();
    await mallory.goto(victim);
    const mallorys = await mallory.context().cookies([victim, site.url]);
    await toss(stranger, mallorys.map(({ name, value }) => [name, value]));
    for (const target of [`${site.url}/-/account/`, victim]) {
      await stranger.goto(target);
      assert.equal(new URL(stranger.url()).hostname, "127.0.0.1", `${target} asks who they are`);
    }
    await stranger.context().close();
  });

  it("hands nobody a session that another browser began", async () => {
    const before = await sessions();
    // A code that mallory was given and did not use, and a hand-off with a nonce that is not this browser's.
    const [held] = await mallory.context().cookies([site.url]).then((all) => all.filter(({ name }) => name === SESSIONS[0]));
    const asked = await site.ask(victim);
    const code = (await site.ask(asked.location, `${held.name}=${held.value}`)).location;
    assert.match(code, /^https:\/\/victim\.apps\.example\.test:\d+\/-\/enter\?code=/);
    const host = encodeURIComponent(new URL(victim).host);
    const begun = `${site.url}/-/enter?host=${host}&return=%2F&nonce=${"0".repeat(64)}`;
    for (const target of [code, begun]) {
      const opened = page.context().waitForEvent("page");
      await page.evaluate((url) => {
        window.held = window.open(url);
      }, target);
      // It begins again, with a nonce of this browser's own: mallory would be refused there.
      const window = await opened;
      await window.getByRole("heading", { name: "The victim" }).waitFor();
      await window.close();
    }
    const [, main] = before;
    assert.equal((await sessions())[1], main, "the session on the main host is the one from before");
    await allIsWell(await sessions());
  });

  it("sends no form in anybody's name", async () => {
    const before = await sessions();
    for (const [target, fields] of [
      [`${site.url}/-/account/tokens`, { label: "stolen", app: "", days: "30", may: "all" }],
      [`${site.url}/-/account/sessions/end-all`, {}],
      [`${site.url}/-/apps/victim/grants`, { who: "mallory@example.org", role: "publisher" }],
      [`${site.url}/-/apps/victim/publishers`, { issuer: "x", name: "x/y", number: "1" }],
      [`${site.url}/-/authorize`, { client_id: "loggia-cli", decision: "allow" }],
      [`${site.url}/-/device/decide`, { code: "BCDF-GHJK", decision: "allow" }],
      [`${site.url}/-/sign-out`, {}],
      [`${victim}-/leave`, { return: "/" }],
      [`${victim}-/ask`, { reason: "please" }],
    ]) {
      const answering = page.context().waitForEvent("response", (response) => response.url() === target);
      const opened = page.context().waitForEvent("page");
      await page.evaluate(
        ([target, fields]) => {
          const form = Object.assign(document.createElement("form"), { method: "post", action: target, target: "_blank" });
          for (const [name, value] of Object.entries(fields)) {
            form.append(Object.assign(document.createElement("input"), { name, value }));
          }
          document.body.append(form);
          form.submit();
        },
        [target, fields],
      );
      const answered = await answering;
      const headers = await answered.request().allHeaders();
      assert.match(headers.cookie ?? "", /__Host-loggia/, `${target}: the session goes along, and does not help`);
      assert.equal(answered.status(), 403, target);
      await (await opened).close();
      await page.evaluate(
        ([target, fields]) =>
          fetch(target, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams(fields) }).catch(() => {}),
        [target, fields],
      );
    }
    await allIsWell(before);
    const account = await page.context().newPage();
    await account.goto(`${site.url}/-/account/`);
    assert.doesNotMatch(await account.getByRole("main").innerText(), /stolen/);
    await account.close();
    const grants = await site.call(token, "GET", "apps/victim/grants");
    assert.deepEqual(grants.map(({ who }) => who).sort(), ["ann@example.org", "owner@example.org"]);
  });

  it("frames neither a neighbour nor the main host", async () => {
    for (const target of [victim, `${site.url}/-/account/`, `${site.url}/`, `${site.url}/-/device`]) {
      const answered = page.waitForResponse((response) => response.url() === target);
      await page.evaluate((target) => {
        document.body.append(Object.assign(document.createElement("iframe"), { src: target }));
      }, target);
      assert.equal((await answered).status(), 200, `${target} was asked for, as ann`);
      const frame = page.frames().at(-1);
      await frame.waitForLoadState();
      const shown = await frame.locator("h1").allInnerTexts().catch(() => []);
      // The browser's own page says in place of ours that it is blocked.
      assert.ok(shown.every((heading) => heading.includes("is blocked")), `${target} shows in a frame: ${shown}`);
    }
  });

  it("reads nothing of a neighbour, by script, by picture, by asking or in a window", async () => {
    const got = await page.evaluate(async (victim) => {
      const outcome = (promise, well) => promise.then(() => well, () => "refused");
      const asked = await outcome(fetch(`${victim}secret.json`, { credentials: "include" }), "read");
      const opaque = await outcome(fetch(`${victim}secret.json`, { credentials: "include", mode: "no-cors" }), "loaded");
      const script = await new Promise((done) => {
        const element = document.createElement("script");
        Object.assign(element, { src: `${victim}secret.js`, onload: () => done("run"), onerror: () => done("refused") });
        document.body.append(element);
      });
      // Siblings could once agree to be one origin.
      try {
        document.domain = "apps.example.test";
      } catch {
        // Browsers do without it by now.
      }
      window.held = window.open(victim);
      await new Promise((done) => setTimeout(done, 1500));
      let read = "refused";
      try {
        read = window.held.document.title;
      } catch {
        // As it should be.
      }
      return { asked, opaque, script, stolen: window.stolen ?? null, read };
    }, victim);
    assert.deepEqual(got, { asked: "refused", opaque: "refused", script: "refused", stolen: null, read: "refused" });
  });

  it("puts a worker before its own pages alone", async () => {
    const before = await sessions();
    const foreign = await page.evaluate(async (victim) => {
      const register = (script, scope) =>
        navigator.serviceWorker.register(script, scope ? { scope } : undefined).then(
          () => "registered",
          () => "refused",
        );
      return [await register(`${victim}secret.js`), await register("/worker.js", victim), await register("/-/assets/none.js")];
    }, victim);
    assert.deepEqual(foreign, ["refused", "refused", "refused"]);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register("/worker.js");
      await navigator.serviceWorker.ready;
    });
    await page.goto(evil);
    assert.match(await page.content(), /taken over/, "it stands before its own pages");
    await allIsWell(before);
    // It goes with what the origin stores.
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Storage.clearDataForOrigin", { origin: new URL(evil).origin, storageTypes: "service_workers" });
    await page.goto("about:blank");
  });

  it("keeps no hold on a window of the main host", async () => {
    const opening = page.context().waitForEvent("page");
    await page.evaluate((target) => {
      window.held = window.open(target);
    }, `${site.url}/-/account/`);
    const opened = await opening;
    await opened.getByRole("heading", { name: "Your account" }).waitFor();
    assert.equal(await opened.evaluate(() => window.opener), null);
    assert.equal(await page.evaluate(() => window.held.closed), true, "to whoever opened it, it is gone");
    await page
      .evaluate(() => {
        window.held.location = "about:blank";
      })
      .catch(() => {});
    assert.equal(opened.url(), `${site.url}/-/account/`);
    await opened.close();
  });
});
