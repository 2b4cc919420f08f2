// A second opinion on signing out: with `oidc-provider`, a certified OpenID provider, at the person's wish and at the
// provider's word.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, html, newPage, openBrowser, publish, startLoggia } from "./support.mjs";
import { answer, CLIENT, SESSION_KEY, startProvider, withProvider } from "./support-oidc.mjs";

/** What the provider knows besides: it ends its own sessions and tells Loggia at `site` so. */
const endsSessions = (site) => ({
  client: {
    post_logout_redirect_uris: [`${site}/-/signed-out`],
    backchannel_logout_uri: `${site}/-/back-channel-logout`,
    backchannel_logout_session_required: true,
  },
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  // It does not call addresses of its own machine unless it is told to.
  fetch: (url, { dispatcher: _dispatcher, ...options }) => fetch(url, options),
});

describe("signing out with a certified OpenID provider", () => {
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
        const site = `http://localhost:${place.port}`;
        provider = await startProvider(`${site}/-/sign-in/callback`, endsSessions(site));
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

  it("ends the provider's session too when the person wants that, and comes back", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/account/`);
    await answer(page, "ann");
    await page.getByRole("heading", { name: "Your account" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    await page.getByRole("link", { name: "Sign out there too" }).click();
    await page.getByRole("button", { name: /yes/i }).click();
    await page.getByText("You signed out at your sign-in provider as well.").waitFor();
    await page.goto(`${loggia.url}/-/account/`);
    await page.locator('input[name="login"]').waitFor();
  });

  it("ends sessions here and at apps when the provider says so", async () => {
    const page = await newPage(browser);
    await page.goto(`${loggia.url}/-/account/`);
    await answer(page, "bea");
    await page.getByLabel("Name").fill("For this test");
    await page.getByRole("button", { name: "Make a token" }).click();
    const token = await page.getByRole("region", { name: /new token/ }).locator("code").innerText();
    await publish(loggia, "mine", { "index.html": html("Mine") }, { env: { LOGGIA_SERVER: loggia.url, LOGGIA_TOKEN: token } });
    await page.goto(loggia.app("mine"));
    await page.getByRole("heading", { name: "Mine" }).waitFor();

    await page.goto(`${provider.issuer}/session/end`);
    await page.getByRole("button", { name: /yes/i }).click();
    await eventually("the app asks who they are", async () => {
      await page.goto(loggia.app("mine"));
      return page.locator('input[name="login"]').isVisible();
    });
    await page.goto(`${loggia.url}/-/account/`);
    await page.locator('input[name="login"]').waitFor();
  });

  it("says no secret in its log", () => {
    assert.ok(!loggia.said().includes(CLIENT.secret));
    assert.ok(!/eyJ[\w-]{20}/.test(loggia.said()), "no token of the provider's");
  });
});
