//! `loggia login`: a sign-in in the browser, brought back to this terminal.
//!
//! 1. [`callback`] opens a port on loopback (RFC 8252, section 7.3).
//! 2. The browser goes to the server's `/-/authorize` with a challenge (PKCE, RFC 7636) and a state.
//! 3. It comes back to the port with a code; only our state is listened to.
//! 4. The code and the verifier become a token at `/-/token`, and that is stored.
//!
//! Where there is no browser, [`device`] shows a code to type on another machine.

mod callback;
mod device;

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use url::Url;

use super::Outcome;
use super::access::{parse_server, usual_server};
use super::client::http_client;
use super::credentials::Credentials;
use super::grant::{self, Granted, Ungranted};
use super::output::{plain, print, say};
use crate::config;
use crate::model::{Clock, Digest, Entropy};
use callback::Callback;

/// What the server knows this command by.
const CLIENT_ID: &str = "loggia-cli";
/// How long somebody may take to sign in.
const PATIENCE: Duration = Duration::from_mins(5);

/// Sign in to a Loggia, in the browser
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia login https://loggia.example.org
  loggia login                                 again, where you signed in last
  loggia login --no-browser                    print the address and open nothing
  loggia login --device                        show a code to type in a browser elsewhere

The token is kept in $XDG_CONFIG_HOME/loggia/credentials.toml, readable to you alone.")]
pub(super) struct Args {
    /// The Loggia; else the one you signed in to last
    #[arg(value_name = "SERVER")]
    target: Option<String>,
    /// Print the address, and leave opening it to you
    #[arg(long)]
    no_browser: bool,
    /// Show a code to type in a browser on another machine
    #[arg(long, conflicts_with = "no_browser")]
    device: bool,
}

pub(super) async fn run(args: Args, server: Option<&str>) -> anyhow::Result<Outcome> {
    let server = match args.target.as_deref().or(server) {
        Some(named) => parse_server(named)?,
        None => usual_server()?.context("no server is known; name it: `loggia login https://…`")?,
    };
    let granted = if args.device {
        device::sign_in(&server, &computer_name()).await?
    } else {
        in_browser(&server, args.no_browser).await?
    };
    keep(&server, granted)
}

/// Signs in with a browser on this machine.
async fn in_browser(server: &Url, no_browser: bool) -> anyhow::Result<Granted> {
    let entropy = Entropy::system();
    let (state, verifier) = (entropy.secret(), entropy.secret());
    let callback = Callback::open(state.clone()).await?;
    let address = authorize_url(server, callback.address(), &state, &verifier, &computer_name());
    invite(&address, no_browser);
    let code = tokio::time::timeout(PATIENCE, callback.code())
        .await
        .context("nobody signed in within five minutes; run `loggia login` again")??;
    let granted = exchange(server, &code, &verifier, callback.address()).await;
    callback.finish().await;
    granted
}

/// Stores the token, and says so.
fn keep(server: &Url, granted: Granted) -> anyhow::Result<Outcome> {
    let ends = granted.expires_in.and_then(|seconds| ends_at(Clock::system().now(), seconds));
    let kept = Credentials::store(server, granted.access_token, ends)?;
    let until = ends.map(|ends| format!(" until {}", ends.strftime("%Y-%m-%d"))).unwrap_or_default();
    print(format!("Signed in to {}{until}", server.as_str().trim_end_matches('/')))?;
    say(format!("The token is kept in {kept}."));
    if config::client_token().is_some() {
        say("LOGGIA_TOKEN is set and wins over it; unset it to use this sign-in.");
    }
    Ok(Outcome::Done)
}

/// Where the browser goes.
fn authorize_url(server: &Url, redirect: &str, state: &str, verifier: &str, label: &str) -> Url {
    let challenge = BASE64URL_NOPAD.encode(Digest::of(verifier.as_bytes()).as_bytes());
    let mut url = server.clone();
    url.set_path("/-/authorize");
    url.query_pairs_mut()
        .append_pair("client_id", CLIENT_ID)
        .append_pair("redirect_uri", redirect)
        .append_pair("response_type", "code")
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .append_pair("state", state)
        .append_pair("label", label);
    url
}

/// Opens the browser, or asks for it. The address is told either way: it holds no secret of use to others.
fn invite(address: &Url, no_browser: bool) {
    let opened = !no_browser && std::io::stderr().is_terminal() && webbrowser::open(address.as_str()).is_ok();
    let what = if opened { "Your browser shows a sign-in. If it does not, open" } else { "To sign in, open" };
    say(format!("{what}\n\n  {address}\n\nand come back here; this waits for five minutes."));
}

/// Turns the code into a token.
async fn exchange(server: &Url, code: &str, verifier: &str, redirect: &str) -> anyhow::Result<Granted> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect),
        ("client_id", CLIENT_ID),
    ];
    let shown = server.as_str().trim_end_matches('/');
    match grant::ask(&http_client(server)?, server, &form).await {
        Ok(granted) => Ok(granted),
        Err(Ungranted::Unreachable(error)) => Err(anyhow::Error::new(error)
            .context(format!("cannot reach {shown} to finish the sign-in; run `loggia login` again"))),
        Err(Ungranted::Refused { why, .. } | Ungranted::Trouble(why)) => {
            bail!("{shown} did not accept the sign-in ({why}); run `loggia login` again")
        }
        Err(Ungranted::Unlike) => bail!("{shown} does not answer like Loggia; check the address"),
    }
}

fn ends_at(now: Timestamp, seconds: i64) -> Option<Timestamp> {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

/// What this computer is called, for the list of tokens on the account page.
fn computer_name() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let asked = || {
        let output = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let name = kernel.or_else(asked).unwrap_or_default();
    let name: String = plain(name.trim()).chars().take(60).collect();
    if name.is_empty() { "a computer".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_digest_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let server = Url::parse("https://loggia.example.org").unwrap();
        let url = authorize_url(&server, "http://127.0.0.1:4711/callback", "s", verifier, "Ann's laptop");
        assert_eq!(
            url.as_str(),
            "https://loggia.example.org/-/authorize?client_id=loggia-cli\
             &redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcallback&response_type=code\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=s\
             &label=Ann%27s+laptop"
        );
    }
}
