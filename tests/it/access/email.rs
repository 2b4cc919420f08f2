//! Signing in with a code by e-mail, against a mail server that keeps what it is sent.

use std::process::Stdio;
use std::time::Duration;

use loggia::config::{EmailCodes, Mail, MailSecurity};
use loggia::mail::Mailer;
use loggia::model::Clock;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::browser::Browser;
use crate::support::app::{Answer, TestApp};
use crate::support::smtp::{PostOffice, code_in, mail};

const CODE_PAGE: &str = "/-/sign-in/code";

/// A server at a moment that stands still, where `@partner.example` and whoever holds a grant may use codes.
async fn site(clock: &Clock, office: &PostOffice) -> TestApp {
    let port = office.port;
    let change = |config: &mut loggia::config::Config| {
        config.mail = Some(mail(port));
        config.sign_in.email = Some(EmailCodes { domains: vec!["partner.example".into()], granted: true });
    };
    TestApp::start_at(clock.clone(), change, false).await
}

fn now() -> Clock {
    Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap())
}

async fn ask(browser: &mut Browser, app: &TestApp, email: &str) -> Answer {
    browser.post(app, "/-/sign-in/email", &[("email", email), ("return", "/-/apps/?x=1")]).await
}

async fn type_in(browser: &mut Browser, app: &TestApp, code: &str) -> Answer {
    browser.post(app, CODE_PAGE, &[("code", code)]).await
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_an_address_types_the_code_and_is_where_they_wanted_to_be() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    let mut pat = Browser::default();
    let chooser = pat.get(&app, "/-/sign-in?return=%2F-%2Fapps%2F%3Fx%3D1").await;
    assert_eq!(chooser.status, 200);
    assert!(chooser.text().contains("Send me a code") && chooser.text().contains("development mode"));
    assert!(pat.cookies.is_empty(), "choosing remembers nothing");

    let asked = ask(&mut pat, &app, "Pat@Partner.example").await;
    assert_eq!((asked.status, asked.header("location")), (303, Some(CODE_PAGE)));
    assert!(pat.get(&app, CODE_PAGE).await.text().contains("pat@partner.example"));
    let letter = office.letter(1).await;
    assert!(
        letter.contains("To: pat@partner.example")
            && letter.contains("From: Guidance <no-reply@example.org>")
    );
    assert!(!letter.contains("http"), "a code and no link");

    let code = code_in(&letter);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let entered = type_in(&mut pat, &app, &spaced).await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/-/apps/?x=1")));
    let account = pat.get(&app, "/-/account/").await.text();
    assert!(account.contains("pat@partner.example") && account.contains("A code sent to this email address"));
    assert!(!pat.cookies.contains_key("__Host-loggia-code"));
    let out = pat.post(&app, "/-/sign-out", &[]).await.text();
    assert!(out.contains("without a new code") && !out.contains("provider"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lets_an_address_in_and_nobody_else_can_tell() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    app.share("figures", "known@other.example").await;
    let mut browsers = [Browser::default(), Browser::default()];
    let answers = {
        let mut answers = Vec::new();
        let emails = ["known@other.example", "nobody@other.example"];
        for (email, browser) in emails.into_iter().zip(&mut browsers) {
            let asked = ask(browser, &app, email).await;
            let page = browser.get(&app, CODE_PAGE).await.text().replace(email, "ADDRESS");
            let sealed = browser.cookies["__Host-loggia-code"].len();
            let head: Vec<_> = asked
                .head
                .lines()
                .filter(|line| !line.starts_with("date:"))
                .map(|line| line.split("__Host-loggia-code=").next().unwrap().to_owned())
                .collect();
            answers.push((asked.status, head, page, sealed - email.len() * 4 / 3));
        }
        answers
    };
    assert_eq!((&answers[0].0, &answers[0].1, &answers[0].2), (&answers[1].0, &answers[1].1, &answers[1].2));
    assert!(answers[0].3.abs_diff(answers[1].3) <= 1, "sealed values are as long as the address makes them");
    assert!(office.letter(1).await.contains("To: known@other.example"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(office.letters().len(), 1, "nobody@ was sent nothing");
    let code = code_in(&office.letter(1).await);
    assert_eq!(type_in(&mut browsers[0], &app, &code).await.status, 303, "and known@ gets in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_was_taken_back_meanwhile_lets_nobody_in() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    app.share("figures", "known@other.example").await;
    let mut browser = Browser::default();
    ask(&mut browser, &app, "known@other.example").await;
    let code = code_in(&office.letter(1).await);
    let by = loggia::releases::By { person: app.person("owner@example.org"), from: None };
    let who = "known@other.example".parse().unwrap();
    app.loggia.releases.revoke(&"figures".parse().unwrap(), &who, &by).await.unwrap();
    let refused = type_in(&mut browser, &app, &code).await;
    assert_eq!(refused.status, 422, "as for a wrong code");
    assert!(refused.text().contains("Attempts left: 4."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_in_its_own_browser() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    let mut pat = Browser::default();
    ask(&mut pat, &app, "pat@partner.example").await;
    let code = code_in(&office.letter(1).await);

    let elsewhere = type_in(&mut Browser::default(), &app, &code).await;
    assert_eq!(elsewhere.status, 400);
    assert!(elsewhere.text().contains("asked for in another browser"));
    let mut other = Browser::default();
    ask(&mut other, &app, "pat@partner.example").await;
    let others = code_in(&office.letter(2).await);
    if code != others {
        assert_eq!(type_in(&mut other, &app, &code).await.status, 422);
    }

    let mut thief = pat.clone();
    assert_eq!(type_in(&mut pat, &app, &code).await.status, 303);
    let replayed = type_in(&mut thief, &app, &code).await;
    assert_eq!(replayed.status, 400);
    assert!(replayed.text().contains("used already"));
    assert!(!thief.is_signed_in(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_is_refused_even_when_it_is_right() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    let mut pat = Browser::default();
    ask(&mut pat, &app, "pat@partner.example").await;
    let code = code_in(&office.letter(1).await);
    let first = pat.clone();
    for left in (0..5).rev() {
        let wrong = type_in(&mut pat, &app, other_than(&code)).await;
        let (status, said) = if left > 0 {
            (422, format!("Attempts left: {left}."))
        } else {
            (400, "wrongly five times".into())
        };
        assert_eq!(wrong.status, status);
        assert!(wrong.text().contains(&said), "{said}");
    }
    // What is no code is no try, and an earlier copy of the cookie has no tries of its own.
    for mut browser in [pat, first] {
        let sixth = type_in(&mut browser, &app, &code).await;
        assert_eq!(sixth.status, 400);
        assert!(sixth.text().contains("wrongly five times"));
        assert!(!browser.is_signed_in(&app).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_code_is_no_try() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    let mut pat = Browser::default();
    ask(&mut pat, &app, "pat@partner.example").await;
    let code = code_in(&office.letter(1).await);
    for typed in ["", "12345", "abcdef", "1234567", "<script>"] {
        let unread = type_in(&mut pat, &app, typed).await;
        assert_eq!(unread.status, 422);
        assert!(unread.text().contains("A code is six digits"));
    }
    assert_eq!(type_in(&mut pat, &app, &code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_too_old_after_ten_minutes() {
    let office = PostOffice::open().await;
    let clock = now();
    let app = site(&clock, &office).await;
    let mut pat = Browser::default();
    ask(&mut pat, &app, "pat@partner.example").await;
    let code = code_in(&office.letter(1).await);
    clock.advance(Duration::from_mins(10));
    let late = type_in(&mut pat, &app, &code).await;
    assert_eq!(late.status, 400);
    assert!(late.text().contains("over ten minutes ago"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_sent_five_codes_and_then_one_an_hour() {
    let office = PostOffice::open().await;
    let clock = now();
    let app = site(&clock, &office).await;
    // It holds for known and unknown addresses alike.
    for email in ["pat@partner.example", "nobody@other.example"] {
        for _ in 0..5 {
            assert_eq!(ask(&mut Browser::default(), &app, email).await.status, 303);
        }
        let many = ask(&mut Browser::default(), &app, &email.to_uppercase()).await;
        assert_eq!((many.status, many.header("retry-after")), (429, Some("3600")));
        assert!(many.text().contains("Too many attempts"));
    }
    clock.advance(Duration::from_hours(1));
    assert_eq!(ask(&mut Browser::default(), &app, "pat@partner.example").await.status, 303);
    assert_eq!(ask(&mut Browser::default(), &app, "pat@partner.example").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_asks_for_so_many_codes_and_types_so_many() {
    let office = PostOffice::open().await;
    let clock = now();
    let app = site(&clock, &office).await;
    for number in 0..30 {
        let email = format!("a{number}@other.example");
        assert_eq!(ask(&mut Browser::default(), &app, &email).await.status, 303, "{number}");
    }
    let many = ask(&mut Browser::default(), &app, "b@other.example").await;
    assert_eq!((many.status, many.header("retry-after")), (429, Some("20")));
    for _ in 0..60 {
        assert_eq!(type_in(&mut Browser::default(), &app, "000000").await.status, 400);
    }
    let many = type_in(&mut Browser::default(), &app, "000000").await;
    assert_eq!((many.status, many.header("retry-after")), (429, Some("10")));
    clock.advance(Duration::from_secs(10));
    assert_eq!(type_in(&mut Browser::default(), &app, "000000").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_said_and_other_sites_cannot_ask() {
    let office = PostOffice::open().await;
    let app = site(&now(), &office).await;
    let unread = ask(&mut Browser::default(), &app, "pat").await;
    assert_eq!(unread.status, 422);
    assert!(
        unread.text().contains("This is not an email address") && unread.text().contains("value=\"pat\"")
    );
    let foreign = app.request("POST", "", "/-/sign-in/email", &[("Origin", "https://evil.org")]).await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_there_are_no_codes() {
    let app = TestApp::start().await;
    assert_eq!(ask(&mut Browser::default(), &app, "pat@partner.example").await.status, 404);
    assert_eq!(Browser::default().get(&app, CODE_PAGE).await.status, 404);
    assert_eq!(Browser::default().get(&app, "/-/sign-in").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_the_server_takes_later_is_sent_again_and_a_refused_one_is_not() {
    let office = PostOffice::open().await;
    let mailer = Mailer::open(&mail(office.port), Clock::system()).unwrap();
    let to = "pat@partner.example".parse().unwrap();
    office.refuse("550 no such person");
    mailer.send(&to, "first", "x").unwrap();
    mailer.finish(Duration::from_secs(20)).await;
    assert!(office.letters().is_empty());
    office.refuse("451 later");
    mailer.send(&to, "second", "x").unwrap();
    mailer.finish(Duration::from_secs(20)).await;
    assert!(office.letters()[0].contains("Subject: second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_server_that_does_not_turn_to_tls() {
    let office = PostOffice::open().await;
    let protected = Mail { security: MailSecurity::StartTls, ..mail(office.port) };
    let mailer = Mailer::open(&protected, Clock::system()).unwrap();
    mailer.send(&"pat@partner.example".parse().unwrap(), "x", "x").unwrap();
    mailer.finish(Duration::from_secs(20)).await;
    assert!(office.letters().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_holds_nobody_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mailer = Mailer::open(&mail(silent.local_addr().unwrap().port()), Clock::system()).unwrap();
    let to = "pat@partner.example".parse().unwrap();
    for _ in 0..200 {
        mailer.send(&to, "x", "x").unwrap();
    }
    assert_eq!(mailer.send(&to, "x", "x"), Err(loggia::mail::Unsent::Full(200)), "the queue has a bound");
}

/// A mail server that others wrote, which prints what it is sent.
struct RealServer {
    port: u16,
    said: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    _running: tokio::process::Child,
}

impl RealServer {
    /// Starts it; `None` where it is not installed.
    async fn start(options: &[&str]) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("aiosmtpd")
            .args(["-n", "-l", &format!("127.0.0.1:{port}")])
            .args(options)
            .args(["-c", "aiosmtpd.handlers.Debugging", "stdout"])
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut running) = started else {
            println!("skipped: no aiosmtpd; install it with `pip install aiosmtpd`");
            return None;
        };
        for _ in 0..300 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let said = BufReader::new(running.stdout.take().unwrap()).lines();
        Some(Self { port, said, _running: running })
    }

    /// The next letter, as it was printed.
    async fn letter(&mut self) -> String {
        let mut letter = String::new();
        while let Some(line) =
            tokio::time::timeout(Duration::from_secs(30), self.said.next_line()).await.unwrap().unwrap()
        {
            letter.extend([line.as_str(), "\n"]);
            if line.contains("END MESSAGE") {
                break;
            }
        }
        letter
    }
}

/// A second opinion on the double above.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_mail_server_takes_the_letter() {
    let Some(mut server) = RealServer::start(&[]).await else { return };
    let port = server.port;
    let change = |config: &mut loggia::config::Config| {
        config.mail = Some(mail(port));
        config.sign_in.email = Some(EmailCodes { domains: vec!["partner.example".into()], granted: false });
    };
    let app = TestApp::start_with(change).await;
    let mut pat = Browser::default();
    ask(&mut pat, &app, "pat@partner.example").await;
    let letter = server.letter().await;
    assert!(letter.contains("Subject: Your code for"), "{letter}");
    assert_eq!(type_in(&mut pat, &app, &code_in(&letter)).await.status, 303);
    assert!(pat.is_signed_in(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_over_starttls_to_a_real_server_whose_certificate_is_believed_and_to_no_other() {
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = write("cert.pem", &own.cert.pem());
    let key = write("key.pem", &own.signing_key.serialize_pem());
    let [cert, key] = [&certificate, &key].map(|path| path.to_str().unwrap());
    // It takes no letter before the conversation has turned to TLS.
    let Some(mut server) = RealServer::start(&["--tlscert", cert, "--tlskey", key]).await else { return };
    let to = "pat@partner.example".parse().unwrap();
    let port = server.port;
    let over = |security, ca_file| Mail { server: "localhost".into(), security, ca_file, ..mail(port) };
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = write("other.pem", &other.cert.pem());
    let wrong = [
        ("in the clear", over(MailSecurity::None, None)),
        ("not believed", over(MailSecurity::StartTls, None)),
        ("another is believed", over(MailSecurity::StartTls, Some(other))),
    ];
    futures_util::future::join_all(wrong.map(async |(what, mail)| {
        let mailer = Mailer::open(&mail, Clock::system()).unwrap();
        mailer.send(&to, what, "x").unwrap();
        mailer.finish(Duration::from_secs(30)).await;
    }))
    .await;
    let mailer =
        Mailer::open(&over(MailSecurity::StartTls, Some(certificate.clone())), Clock::system()).unwrap();
    mailer.send(&to, "over TLS", "x").unwrap();
    let letter = server.letter().await;
    assert!(letter.contains("Subject: over TLS"), "the first letter that it takes:\n{letter}");
    let empty = Mail { ca_file: Some(write("empty.pem", "")), ..over(MailSecurity::StartTls, None) };
    assert!(Mailer::open(&empty, Clock::system()).unwrap_err().to_string().contains("holds no certificate"));
}
