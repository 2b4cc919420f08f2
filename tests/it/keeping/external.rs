//! `loggia check` as a command, and links to another site that is really there.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::{command, text, write};

/// A site of its own on loopback; remembers the first line of every request, and when it came.
struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Site {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, kept) = (stream.unwrap(), Arc::clone(&kept));
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
                        head.push(byte[0]);
                    }
                    let head = text(&head);
                    let line = head.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
                    kept.lock().unwrap().push((line.clone(), Instant::now()));
                    let status = match line.as_str() {
                        "HEAD /fine" | "GET /no-head" => "200 OK",
                        "HEAD /no-head" => "405 Method Not Allowed",
                        "HEAD /moved" => "301 Moved Permanently\r\nLocation: /fine",
                        line if line.ends_with("/busy") => "503 Service Unavailable",
                        line if line.ends_with("/round") => "302 Found\r\nLocation: /round",
                        _ => "404 Not Found",
                    };
                    let answer =
                        format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        Self { port, asked }
    }
}

#[test]
fn links_to_other_sites_are_tried_when_asked_and_told_with_their_reasons() {
    let site = Site::start();
    let dir = tempfile::tempdir().unwrap();
    let base = format!("http://127.0.0.1:{}", site.port);
    let markdown = format!(
        "# Links\n\n[a]({base}/fine#part)\n[b]({base}/gone)\n[c]({base}/no-head)\n[d]({base}/moved)\n[e]({base}/busy)\n\
         [f]({base}/round)\n[g](http://127.0.0.1:9/closed)\n[h]({base}/fine)\n"
    );
    write(dir.path(), &[("content/index.md", &markdown)]);

    let quiet = command(dir.path(), &["check"], &[]);
    assert!(quiet.status.success(), "{}", text(&quiet.stderr));
    assert!(site.asked.lock().unwrap().is_empty(), "nothing is asked of others unless wanted");

    let done = command(dir.path(), &["check", "--external", "--json"], &[]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let problems = found["problems"].as_array().unwrap();
    let told: Vec<String> = problems
        .iter()
        .map(|problem| {
            let message = problem["message"].as_str().unwrap().replace(&base, "SITE");
            format!(
                "{}:{} {} {message}",
                problem["kind"].as_str().unwrap(),
                problem["line"],
                problem["severity"]
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!((&found["errors"], &found["untried"]), (&1.into(), &0.into()));

    let asked = site.asked.lock().unwrap();
    let count = |line: &str| asked.iter().filter(|(asked, _)| asked == line).count();
    // Once for itself, however often it is linked, and once because /moved leads there.
    assert_eq!(count("HEAD /fine"), 2);
    assert_eq!((count("HEAD /no-head"), count("GET /no-head")), (1, 1));
}

#[test]
fn problems_are_written_as_annotations_of_a_workflow() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("docs/a,b.md", "# A\n\n[x](/none/)\n")]);
    let done = command(dir.path(), &["check", "docs", "--format", "github"], &[]);
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(
        text(&done.stdout),
        "::error file=docs/a%2Cb.md,line=3,title=Broken links::guide `a,b.md` links to `/none/`, which is neither a \
         guide nor a file; remove it or name another\n"
    );
}

#[test]
fn what_there_is_no_time_for_is_counted() {
    let site = Site::start();
    let dir = tempfile::tempdir().unwrap();
    let links: Vec<String> =
        (0..20).map(|n| format!("[{n}](http://127.0.0.1:{}/busy?{n})", site.port)).collect();
    write(dir.path(), &[("content/index.md", &format!("# Links\n\n{}\n", links.join("\n")))]);
    let done = command(dir.path(), &["check", "--external", "--external-seconds", "1", "--json"], &[]);
    let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(found["untried"].as_u64().unwrap() > 10, "{found}");
    assert!(text(&done.stderr).contains("could not be tried in time"), "{}", text(&done.stderr));
}

#[test]
fn synonyms_that_cannot_be_used_are_an_error_of_the_site() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[("docs/index.md", "# A\n\nText.\n"), ("docs/synonyms.toml", "groups = [\n  [\"vm\", 1]\n]\n")],
    );
    let done = command(dir.path(), &["check", "docs"], &[]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
    assert!(
        text(&done.stdout)
            .starts_with("synonyms.toml:2: error: the synonyms in `synonyms.toml` are not used"),
        "{}",
        text(&done.stdout)
    );
}
