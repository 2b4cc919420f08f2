// A second opinion on signing in: the same code path against `oidc-provider`, a certified OpenID provider, with Loggia
// configured as it would be for other people.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import Provider from "oidc-provider";
import { eventually, freePort, html, newPage, openBrowser, publish, startLoggia } from "./support.mjs";

const CLIENT = { id: "loggia", secret: "a-secret-that-only-this-test-knows-0123456789" };

/** The provider, where `ann` is ann@example.org, an analyst, and so is everybody by their own name. */
async function startProvider(callback) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [callback],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    // The claims of the scopes stand in the ID token, as with the large providers.
    conformIdTokenClaims: false,
    cookies: { keys: ["only-for-this-test"] },
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true, name: sub, groups: ["analysts"] }),
    }),
  });
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { issuer, stop: () => server.closeAllConnections() || server.close() };
}

/** Loggia's configuration, as other people would open it. */
const configuration = (issuer, { port, opsPort, dir }) => `
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
issuer = "${issuer}"
client_id = "${CLIENT.id}"
`;

describe("with a certified OpenID provider", () => {
  let provider;
  let loggia;
  let browser;

  before(async () => {
    loggia = await startLoggia({
      env: {
        LOGGIA_SIGN_IN_CLIENT_SECRET: CLIENT.secret,
        LOGGIA_SIGN_IN_SESSION_KEYS: "a-session-key-that-only-this-test-knows",
      },
      settings: async (place) => {
        provider = await startProvider(`http://localhost:${place.port}/-/sign-in/callback`);
        return configuration(provider.issuer, place);
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

/** Signs in at the provider as `name` and consents. */
async function answer(page, name) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("anything");
  await page.getByRole("button", { name: /sign-?in/i }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL((url) => url.hostname.endsWith("localhost"));
  await page.waitForLoadState();
}
