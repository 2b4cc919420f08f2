//! Signing in: the browser is played by the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;

use data_encoding::BASE64URL_NOPAD;
use loggia::model::Digest;
use url::Url;

use super::{Api, Terminal};

/// Reads the address that the command asks to be opened.
fn address_of(command: &mut Child) -> Url {
    let lines = BufReader::new(command.stderr.as_mut().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.contains("/-/authorize?")).unwrap();
    line.trim().parse().unwrap()
}

fn parameter(address: &Url, name: &str) -> String {
    address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// Opens the callback with `query`, as a browser does, and gives back the page.
fn come_back(address: &Url, query: &str) -> String {
    let redirect: Url = parameter(address, "redirect_uri").parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).unwrap();
    write!(stream, "GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

#[test]
fn a_sign_in_in_the_browser_is_stored_for_the_next_commands() {
    let api = Api::start();
    let terminal = Terminal::open();
    let mut login = terminal.start(&format!("login {} --no-browser", api.url()));
    let address = address_of(&mut login);
    assert_eq!(parameter(&address, "client_id"), "loggia-cli");
    assert!(!parameter(&address, "label").is_empty());

    let forged = come_back(&address, "code=evil&state=guessed");
    assert!(forged.starts_with("HTTP/1.1 400"), "{forged}");
    let page = come_back(&address, &format!("code=good&state={}", parameter(&address, "state")));
    assert!(page.contains("You can close this window"), "{page}");
    let done = login.wait_with_output().unwrap();
    assert!(done.status.success());
    assert!(String::from_utf8(done.stdout).unwrap().starts_with(&format!("Signed in to {}", api.url())));

    let form = api.kept(|kept| kept.forms[0].clone());
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["redirect_uri"], parameter(&address, "redirect_uri"));
    let challenge = BASE64URL_NOPAD.encode(Digest::of(form["code_verifier"].as_bytes()).as_bytes());
    assert_eq!(challenge, parameter(&address, "code_challenge"));

    terminal.run("apps").well();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = std::fs::metadata(terminal.path(".config/loggia/credentials.toml")).unwrap();
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_code_that_is_not_accepted_is_told() {
    let api = Api::start();
    let mut login =
        Terminal::open().with("XDG_CONFIG_HOME", "/nonexistent").start(&format!("login {}", api.url()));
    let address = address_of(&mut login);
    come_back(&address, &format!("code=bad&state={}", parameter(&address, "state")));
    let done = login.wait_with_output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        told.contains("did not accept the sign-in (The code is used up); run `loggia login` again"),
        "{told}"
    );
}

#[test]
fn a_refusal_in_the_browser_ends_it() {
    let api = Api::start();
    let mut login = Terminal::open().start(&format!("login {}", api.url()));
    let address = address_of(&mut login);
    come_back(&address, &format!("error=access_denied&state={}", parameter(&address, "state")));
    let done = login.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8(done.stderr).unwrap().contains("was not finished: access_denied"));
}

#[test]
fn what_development_mode_left_here_is_found() {
    let api = Api::start();
    let terminal = Terminal::open();
    terminal.write(".loggia/dev-token", super::double::TOKEN).write(".loggia/dev-server", api.url());
    let done = terminal.run("apps").well();
    assert!(done.err.contains("There is no app that you may publish to yet"), "{}", done.err);
}
