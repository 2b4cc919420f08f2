//! Starting the server and checking guides, as far as the command line goes.

use super::Terminal;

#[test]
fn a_configuration_with_mistakes_stops_the_start() {
    let terminal = Terminal::open().with("LOGGIA_SERVER_LISEN", "127.0.0.1:0");
    terminal.write("loggia.toml", "[server]\nlisen = \"127.0.0.1:0\"\n");
    let done = terminal.run("serve").failed();
    assert_eq!(
        done.err,
        "error: the configuration cannot be used\n  \
         loggia.toml:2: `lisen` is not a setting of `[server]`; did you mean `listen`?\n  \
         LOGGIA_SERVER_LISEN: is not a setting; did you mean LOGGIA_SERVER_LISTEN?\n"
    );
}

#[test]
fn development_mode_refuses_to_be_reached_by_others() {
    let done = Terminal::open().run("serve --listen 0.0.0.0:0").failed();
    assert!(done.err.contains("configure `[sign_in]` with `issuer` and `client_id`"), "{}", done.err);
}

#[test]
fn a_folder_that_is_missing_cannot_be_checked() {
    let done = Terminal::open().run("check missing").failed();
    assert!(done.err.starts_with("error: cannot check missing: "), "{}", done.err);
}

#[test]
fn a_folder_without_problems_is_fine() {
    let terminal = Terminal::open();
    terminal.write("content/index.md", "# Welcome\n\nThis is the whole of it.\n");
    let done = terminal.run("check").well();
    assert_eq!(done.err, "1 guide in a folder of Markdown\n0 errors, 0 warnings\n");
    assert_eq!(terminal.run("check --json").well().json()["errors"], 0);
}
