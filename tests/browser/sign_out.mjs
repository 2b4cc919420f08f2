// A second opinion on signing out: with `oidc-provider`, a certified OpenID provider, at the person's wish and at the
// provider's word.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import Provider from "oidc-provider";
import { eventually, freePort, html, newPage, openBrowser, publish, startLoggia } from "./support.mjs";

const CLIENT = { id: "loggia", secret: "a-secret-that-only-this-test-knows-0123456789" };

/** The provider, which ends its own sessions and tells Loggia at `site` so. */
async function startProvider(site) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${site}/-/sign-in/callback`],
        post_logout_redirect_uris: [`${site}/-/signed-out`],
        backchannel_logout_uri: `${site}/-/back-channel-logout`,
        backchannel_logout_session_required: true,
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // It does not call addresses of its own machine unless it is told to.
    fetch: (url, { dispatcher: _dispatcher, ...options }) => fetch(url, options),
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["only-for-this-test"] },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true, name: sub }),
    }),
  });
  provider.on("backchannel.error", (_context, error) => process.stderr.write(`back channel: ${error.message}\n`));
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { issuer, stop: () => server.closeAllConnections() || server.close() };
}

describe("signing out with a certified OpenID provider", () => {
  let provider;
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({
      env: {
        LOGGIA_SIGN_IN_CLIENT_SECRET: CLIENT.secret,
        LOGGIA_SIGN_IN_SESSION_KEYS: "a-session-key-that-only-this-test-knows",
      },
      settings: async ({ port, opsPort, dir }) => {
        provider = await startProvider(`http://localhost:${port}`);
        return `
[server]
listen = "127.0.0.1:${port}"
ops_listen = "127.0.0.1:${opsPort}"
public_url = "http://localhost:${port}"
apps_domain = "localhost"

[content]
dir = "${dir}/content"

[storage]
url = "${dir}/store"

[sign_in]
issuer = "${provider.issuer}"
client_id = "${CLIENT.id}"
`;
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

/** Signs in at the provider as `name` and consents. */
async function answer(page, name) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("anything");
  await page.getByRole("button", { name: /sign-?in/i }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL((url) => url.hostname.endsWith("localhost"));
  await page.waitForLoadState();
}
