// A second opinion on signing in: the same code path against `oidc-provider`, a certified OpenID provider, with Loggia
// configured as it would be for other people.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, html, newPage, openBrowser, publish, startLoggia } from "./support.mjs";
import { answer, CLIENT, SESSION_KEY, startProvider, withProvider } from "./support-oidc.mjs";

describe("with a certified OpenID provider", () => {
  let provider;
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({
      env: {
        LOGGIA_SIGN_IN_CLIENT_SECRET: CLIENT.secret,
        LOGGIA_SIGN_IN_SESSION_KEYS: SESSION_KEY,
      },
      settings: async (place) => {
        provider = await startProvider(`http://localhost:${place.port}/-/sign-in/callback`, { also: { groups: ["analysts"] } });
        return withProvider(provider.issuer, place);
      },
    });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await loggia?.stop();
    provider?.stop();
  });

  it("a person signs in and is told who they are", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/sign-in`);
    await answer(page, "ann");
    await page.goto(`${loggia.url}/-/account/`);
    const account = await page.getByRole("main").innerText();
    assert.match(account, /ann@example\.org/);
    assert.match(account, /analysts/, "the groups that the provider puts them in");
    assert.ok(account.includes(provider.issuer), "who vouches for them");
  });

  it("an analyst publishes with a token from their account, and a colleague is refused, then let in", async () => {
    const analyst = await newPage(browser);
    await analyst.goto(`${loggia.url}/-/sign-in`);
    await answer(analyst, "bea");
    await analyst.goto(`${loggia.url}/-/account/`);
    await analyst.getByLabel("Name").fill("For this test");
    await analyst.getByRole("button", { name: "Make a token" }).click();
    const token = await analyst.getByRole("region", { name: /new token/ }).locator("code").innerText();
    const bea = { LOGGIA_SERVER: loggia.url, LOGGIA_TOKEN: token };
    await publish(loggia, "shares", { "index.html": html("Shares by region") }, { env: bea });

    const colleague = await newPage(browser);
    await colleague.goto(loggia.app("shares"));
    await answer(colleague, "carol");
    const refusal = await colleague.getByRole("main").innerText();
    assert.match(refusal, /carol@example\.org/);
    assert.match(refusal, /bea@example\.org/);

    await loggia.run(["share", "shares", "--add", "group:analysts"], bea);
    await eventually("carol is let in", async () => {
      await colleague.goto(loggia.app("shares"));
      return colleague.getByRole("heading", { name: "Shares by region", exact: true }).isVisible();
    });
  });

  it("says no secret in its log", () => {
    assert.ok(!loggia.said().includes(CLIENT.secret));
    assert.ok(!/[?&](code|state)=[^\s&"]{8}/.test(loggia.said()), loggia.said());
  });
});
