// `oidc-provider`, a certified OpenID provider, and Loggia's configuration with it, as other people would open it.

import { once } from "node:events";
import Provider from "oidc-provider";
import { freePort } from "./support.mjs";

export const CLIENT = { id: "loggia", secret: "a-secret-that-only-this-test-knows-0123456789" };
export const SESSION_KEY = "a-session-key-that-only-this-test-knows";

/**
 * A provider where everybody is NAME@domain, with the `also` claims in the scope `profile`. `client` and `options` say what
 * else it knows of Loggia and what else it does; `callback` is where it sends people back to.
 */
export async function startProvider(callback, { domain = "example.org", also = {}, client = {}, ...options } = {}) {
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
        ...client,
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", ...Object.keys(also)] },
    // The claims of the scopes stand in the ID token, as with the large providers.
    conformIdTokenClaims: false,
    cookies: { keys: ["only-for-this-test"] },
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@${domain}`, email_verified: true, name: sub, ...also }),
    }),
    ...options,
  });
  provider.on("backchannel.error", (_context, error) => process.stderr.write(`back channel: ${error.message}\n`));
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { issuer, stop: () => server.closeAllConnections() || server.close() };
}

/** Loggia's configuration but for how people sign in. */
export const configuration = ({ port, opsPort, dir }) => `
[server]
listen = "127.0.0.1:${port}"
ops_listen = "127.0.0.1:${opsPort}"
public_url = "http://localhost:${port}"
apps_domain = "localhost"

[content]
dir = "${dir}/content"

[storage]
url = "${dir}/store"
`;

/** And with one provider. */
export const withProvider = (issuer, place) => `${configuration(place)}
[sign_in]
issuer = "${issuer}"
client_id = "${CLIENT.id}"
`;

/** Signs in at the provider as `name` and consents. */
export async function answer(page, name) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("anything");
  await page.getByRole("button", { name: /sign-?in/i }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL((url) => url.hostname !== "127.0.0.1");
  await page.waitForLoadState();
}
