// A site as people run it, with everything under one registrable domain and over TLS: the guides at guides.example.test, apps
// below apps.example.test. To a browser these hosts are one site, which hosts below `localhost` are not.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { openBrowser, startLoggia } from "./support.mjs";
import { answer, CLIENT, SESSION_KEY, startProvider } from "./support-oidc.mjs";

export const SITE = "example.test";
const MAIN = `guides.${SITE}`;
const APPS = `apps.${SITE}`;

/** Starts it, with a provider where everybody is NAME@example.org. */
export async function startSite() {
  let provider;
  const loggia = await startLoggia({
    env: { LOGGIA_SIGN_IN_CLIENT_SECRET: CLIENT.secret, LOGGIA_SIGN_IN_SESSION_KEYS: SESSION_KEY },
    settings: async ({ port, opsPort, dir }) => {
      provider = await startProvider(`https://${MAIN}:${port}/-/sign-in/callback`);
      const [certificate, key] = await certify(dir);
      return `
[server]
listen = "127.0.0.1:${port}"
ops_listen = "127.0.0.1:${opsPort}"
public_url = "https://${MAIN}:${port}"
apps_domain = "${APPS}"
tls_certificate = "${certificate}"
tls_key = "${key}"

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
  const { port } = new URL(loggia.url);
  return {
    url: `https://${MAIN}:${port}`,
    app: (name) => `https://${name}.${APPS}:${port}/`,
    /** Calls the API as whoever `token` stands for. */
    call: (token, method, path, body) => call(port, token, method, path, body),
    /** Gets `url` with `cookie` and goes no further; answers where it leads. */
    ask: async (url, cookie = "") => {
      const { host, pathname, search } = new URL(url);
      const { headers } = await send(port, "GET", pathname + search, { Host: host, Cookie: cookie });
      return { location: headers.location };
    },
    stop: async () => {
      await loggia.stop();
      provider.stop();
    },
  };
}

/** Opens a browser that finds the site on this machine, whatever its certificate. */
export function openBrowserAt() {
  return openBrowser([`--host-resolver-rules=MAP *.${SITE} 127.0.0.1`, "--ignore-certificate-errors"]);
}

/** Signs in as `name`, and answers a token of theirs. */
export async function signInForToken(page, site, name) {
  await page.goto(`${site.url}/-/sign-in`);
  await answer(page, name);
  await page.goto(`${site.url}/-/account/`);
  await page.getByLabel("Name").fill("For this test");
  await page.getByRole("button", { name: "Make a token" }).click();
  return page.getByRole("region", { name: /new token/ }).locator("code").innerText();
}

/** Publishes `files` as `app` and shares it with `who`, by the API. */
export async function publishAt(site, token, app, files, who = []) {
  await site.call(token, "POST", "apps", { name: app });
  const announced = {};
  for (const [path, text] of Object.entries(files)) {
    announced[path] = { sha256: createHash("sha256").update(text).digest("hex"), size: Buffer.byteLength(text) };
  }
  const begun = await site.call(token, "POST", `apps/${app}/releases`, { files: announced });
  const release = `apps/${app}/releases/${begun.id}`;
  for (const [path, text] of Object.entries(files)) {
    await site.call(token, "PUT", `${release}/blobs/${announced[path].sha256}`, text);
  }
  await site.call(token, "POST", `${release}/finish`);
  for (const address of who) await site.call(token, "POST", `apps/${app}/grants`, { who: address, role: "viewer" });
}

/** A certificate for all of its hosts that nobody vouches for, and the key to it. */
async function certify(dir) {
  const [certificate, key] = [join(dir, "certificate.pem"), join(dir, "key.pem")];
  const names = `subjectAltName=DNS:${MAIN},DNS:*.${APPS}`;
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${SITE}`, "-addext", names, "-keyout", key, "-out", certificate],
  ]);
  return [certificate, key];
}

async function call(port, token, method, path, body) {
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const headers = { Host: `${MAIN}:${port}`, Authorization: `Bearer ${token}`, "Content-Length": Buffer.byteLength(sent ?? "") };
  const { status, text } = await send(port, method, `/-/api/v1/${path}`, headers, sent);
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** One request, to whichever of its hosts `headers` name. */
function send(port, method, path, headers, body) {
  const options = { host: "127.0.0.1", servername: MAIN, port, method, path, headers, rejectUnauthorized: false };
  return new Promise((done, failed) => {
    const asked = request(options, async (answered) => {
      let text = "";
      for await (const piece of answered) text += piece;
      done({ status: answered.statusCode, headers: answered.headers, text });
    });
    asked.on("error", failed).end(body);
  });
}
