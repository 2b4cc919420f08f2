//! Whatever could speak of a guide or an app is asked by six kinds of viewer, and says nothing of what they may not see.
//!
//! Each guide and app has a word in its text and another in its title that stand nowhere else. What a question says itself
//! is said again in an answer, so answers to questions are compared with what was asked.

use loggia::model::Audience;
use loggia::releases::By;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::app::{Answer, TestApp};

/// A viewer: address and groups; nobody is signed in without one.
type Viewer = (&'static str, &'static [&'static str]);

const VIEWERS: [Viewer; 6] = [
    ("", &[]),
    ("dee@elsewhere.net", &[]),
    ("ann@elsewhere.net", &[]),
    ("bob@example.org", &[]),
    ("carl@nowhere.net", &["analysts"]),
    // Almost: a subdomain, a group in another case.
    ("eve@sub.example.org", &["Analysts"]),
];

/// Who may see, and which of the viewers that is.
const AUDIENCES: [(&str, [bool; 6]); 5] = [
    ("public", [true; 6]),
    ("signed-in", [false, true, true, true, true, true]),
    ("ann@elsewhere.net", [false, false, true, false, false, false]),
    ("@example.org", [false, false, false, true, false, false]),
    ("group:analysts", [false, false, false, false, true, false]),
];

/// A word of the title and a word of the text, that stand nowhere else.
const WORDS: [(&str, &str); 10] = [
    ("Aardvarkish", "bitternose"),
    ("Capybarous", "dormousely"),
    ("Echidnaform", "flamingoid"),
    ("Gazelleward", "hedgehoggy"),
    ("Iguanaesque", "jackdawful"),
    ("Kingfishery", "lemuriform"),
    ("Manateelike", "narwhalian"),
    ("Ocelotwise", "pangolinic"),
    ("Quokkaness", "raccoonery"),
    ("Salamandric", "tapirology"),
];

/// A guide or an app of a site.
#[derive(Clone, Copy, Debug)]
struct Thing {
    app: bool,
    audience: usize,
    title: &'static str,
    word: &'static str,
}

impl Thing {
    fn name(self) -> String {
        self.title.to_lowercase()
    }

    fn may_see(self, viewer: usize) -> bool {
        AUDIENCES[self.audience].1[viewer]
    }
}

/// A site, with whoever reads it.
struct Site {
    app: TestApp,
    things: Vec<Thing>,
    _dir: tempfile::TempDir,
}

/// Five guides and five apps; `audiences` says who may see each.
async fn site(audiences: &[usize]) -> Site {
    let things: Vec<Thing> = WORDS
        .iter()
        .zip(audiences)
        .enumerate()
        .map(|(at, (&(title, word), &audience))| Thing { app: at % 2 == 1, audience, title, word })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("index.md"), "# Front\n\nAll about the platform.\n").unwrap();
    std::fs::write(
        dir.path().join("synonyms.toml"),
        "[one-way]\nelephant = [\"bitternose\", \"dormousely\", \"flamingoid\"]\n",
    )
    .unwrap();
    for thing in things.iter().filter(|thing| !thing.app) {
        let audience = AUDIENCES[thing.audience].0;
        let text = format!(
            "---\naudience: \"{audience}\"\n---\n# {title}\n\nAll about the {word}.\n\n## More of {title}\n\nAll about it.\n",
            title = thing.title,
            word = thing.word,
        );
        std::fs::write(dir.path().join(format!("{}.md", thing.name())), text).unwrap();
    }
    let content = dir.path().to_owned();
    let app = TestApp::start_with(move |config| config.content.dir = content).await;
    for thing in things.iter().filter(|thing| thing.app) {
        let page = format!(
            "<!doctype html><title>{0}</title><h1>{0}</h1><p>All about the {1}.</p>",
            thing.title, thing.word
        );
        app.publish(&thing.name(), &[("index.html", page.as_bytes())]).await;
        let (who, _) = AUDIENCES[thing.audience];
        match who {
            "public" => audience(&app, *thing, Audience::Public).await,
            "signed-in" => audience(&app, *thing, Audience::SignedIn).await,
            listed => app.share(&thing.name(), listed).await,
        }
    }
    let site = Site { app, things, _dir: dir };
    site.indexed().await;
    site
}

async fn audience(app: &TestApp, thing: Thing, audience: Audience) {
    let by = By { person: app.person("owner@example.org"), from: None };
    app.loggia.releases.set_audience(&thing.name().parse().unwrap(), audience, &by).await.unwrap();
}

impl Site {
    /// Waits until the owner, who sees every app, finds all of them.
    async fn indexed(&self) {
        let owner = self.app.at_main("owner@example.org");
        for thing in self.things.iter().filter(|thing| thing.app) {
            let path = format!("/-/search.json?q={}", thing.word);
            let end = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
            while self.app.get("", &path, &[("Cookie", &owner)]).await.text().contains("\"total\":0") {
                assert!(tokio::time::Instant::now() < end, "{} was never indexed", thing.title);
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }

    fn cookie(&self, viewer: usize) -> String {
        let (email, groups) = VIEWERS[viewer];
        if email.is_empty() { String::new() } else { self.app.at_main_in(email, groups) }
    }

    async fn get(&self, viewer: usize, path: &str) -> Answer {
        let cookie = self.cookie(viewer);
        let headers = [("Cookie", cookie.as_str())];
        self.app.get("", path, if cookie.is_empty() { &[] } else { &headers }).await
    }

    /// Nothing in `answer` tells `viewer` of what they may not see, save for what they `asked` themselves.
    fn is_silent(&self, viewer: usize, path: &str, asked: &str, answer: &Answer) {
        assert!(answer.status < 500, "{path} answers {}", answer.status);
        let said = format!("{}\n{}", answer.head, answer.text()).to_lowercase();
        for thing in self.things.iter().filter(|thing| !thing.may_see(viewer)) {
            for word in [thing.name(), thing.word.to_owned()] {
                let known = asked.to_lowercase().contains(&word);
                assert!(known || !said.contains(&word), "{:?} reads {word} at {path}", VIEWERS[viewer]);
            }
        }
    }

    /// A question about something hidden is answered as one about nothing at all.
    async fn denies(&self, viewer: usize, thing: Thing, parameters: &str, asked: &str) {
        let path = format!("/-/search.json?q={asked}{parameters}");
        let answer = self.get(viewer, &path).await;
        self.is_silent(viewer, &path, asked, &answer);
        let found: Value = serde_json::from_slice(&answer.body).unwrap();
        let told =
            (&found["total"], &found["corrected"], &found["suggestions"], &found["synonyms"], &found["hits"]);
        let (zero, none) = (Value::from(0), Value::Array(Vec::new()));
        assert_eq!(
            told,
            (&zero, &Value::Null, &none, &none, &none),
            "{:?} asks for {thing:?}: {path}",
            VIEWERS[viewer]
        );
    }

    /// Everything that could speak.
    async fn every_surface_is_silent(&self) {
        let mut paths: Vec<(String, String)> = [
            "/",
            "/sitemap.xml",
            "/feed.xml",
            "/llms.txt",
            "/llms-full.txt",
            "/robots.txt",
            "/nothing/here/",
            "/-/apps/",
            "/-/print/",
            "/-/opensearch.xml",
            "/-/review/",
            "/-/search",
            "/-/account/",
        ]
        .iter()
        .map(|path| ((*path).to_owned(), String::new()))
        .collect();
        for asked in
            ["all about the", "more of", "elephant", "in:apps about", "\"all about the\"", "title:more"]
        {
            let query = asked.replace(' ', "+");
            for parameters in ["", "&typing=1", "&verbatim=1", "&in=apps", "&in=guides", "&limit=100"] {
                paths.push((format!("/-/search.json?q={query}{parameters}"), asked.to_owned()));
                paths.push((format!("/-/search?q={query}{parameters}"), asked.to_owned()));
            }
        }
        for thing in &self.things {
            let name = thing.name();
            for path in [
                format!("/{name}/"),
                format!("/{name}.md"),
                format!("/{name}"),
                format!("/{name}.html"),
                format!("/-/print/{name}/"),
                format!("/-/apps/{name}/"),
                format!("/{name}x/"),
            ] {
                paths.push((path, name.clone()));
            }
        }
        for viewer in 0..VIEWERS.len() {
            for (path, asked) in &paths {
                let answer = self.get(viewer, path).await;
                self.is_silent(viewer, path, asked, &answer);
            }
            for thing in self.things.iter().filter(|thing| !thing.may_see(viewer)) {
                let (name, half) = (thing.name(), &thing.word[..6]);
                let swapped = format!(
                    "{}{}",
                    &name[..name.len() - 2],
                    name[name.len() - 2..].chars().rev().collect::<String>()
                );
                for asked in [
                    name.as_str(),
                    thing.word,
                    half,
                    &swapped,
                    &format!("title:{name}"),
                    &format!("app:{name}"),
                ] {
                    for parameters in ["", "&typing=1", "&verbatim=1", "&in=apps", "&in=guides"] {
                        self.denies(viewer, *thing, parameters, asked).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn no_answer_tells_of_what_the_viewer_may_not_see() {
    site(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]).await.every_surface_is_silent().await;
}

#[tokio::test]
async fn whoever_may_see_something_finds_it() {
    let site = site(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]).await;
    for (viewer, _) in VIEWERS.iter().enumerate() {
        for thing in &site.things {
            let found = site.get(viewer, &format!("/-/search.json?q={}", thing.word)).await.text();
            assert_eq!(
                found.contains(thing.title),
                thing.may_see(viewer),
                "{:?} {thing:?}: {found}",
                VIEWERS[viewer]
            );
            let page = site.get(viewer, &format!("/-/search?q={}", thing.word)).await.text();
            assert_eq!(page.contains("<mark>"), thing.may_see(viewer), "{:?} {thing:?}", VIEWERS[viewer]);
        }
    }
}

#[tokio::test]
async fn whoever_sees_what_does_not_matter() {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let audiences = prop::collection::vec(0..AUDIENCES.len(), WORDS.len());
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 2,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let held = runner.run(&audiences, |audiences| {
            runtime.block_on(async { site(&audiences).await.every_surface_is_silent().await });
            Ok(())
        });
        held.unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_token_finds_what_its_owner_may_see_and_one_of_an_app_no_more_than_that() {
    let site = site(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]).await;
    let token = format!("Bearer {}", site.app.token("ann@elsewhere.net").await);
    for thing in &site.things {
        let path = format!("/-/search.json?q={}", thing.word);
        let found = site.app.get("", &path, &[("Authorization", &token)]).await.text();
        assert_eq!(found.contains(thing.title), thing.may_see(2), "{thing:?}");
    }
    let refused = site.app.get("", "/-/search.json?q=all", &[("Authorization", "Bearer loggia_no")]).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
}

#[tokio::test]
async fn no_question_is_an_error() {
    let site = site(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]).await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let hostile =
            r#"(\PC|["'()<>&%+*:~^\\/-]|in:|app:|title:|all |%00|%ff|\u{202e}|&q=|&page=|&in=|#){0,24}"#;
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 96,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let held = runner.run(&hostile, |query| {
            // As a browser sends it, and with what a browser would escape left as it is, where HTTP lets it through.
            let escaped: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let bare: String = query.chars().filter(char::is_ascii_graphic).collect();
            for (asked, bad_request) in [(escaped.as_str(), false), (bare.as_str(), true)] {
                for path in ["/-/search?q=", "/-/search.json?q=", "/-/search.json?typing=1&q="] {
                    let answer = runtime.block_on(site.get(0, &format!("{path}{asked}")));
                    // What is no address at all is refused before anybody reads the question.
                    let allowed = answer.status == 200 || bad_request && answer.status == 400;
                    prop_assert!(allowed, "{}{} answers {}", path, asked, answer.status);
                    prop_assert!(!answer.text().contains("<x"), "{}", path);
                }
            }
            Ok(())
        });
        held.unwrap();
    })
    .await
    .unwrap();
}

/// Asks, and tells that a result was opened, as the pages of the site do.
async fn open(app: &TestApp, cookie: &str, query: &str, origin: &str) -> u16 {
    let body = format!("q={query}&from=results");
    let head = format!(
        "POST /-/search/clicked HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        app.port,
        body.len(),
    );
    app.raw(head.into_bytes()).await.status
}

#[tokio::test]
async fn insights_show_what_many_asked_and_nothing_of_a_few() {
    let app = TestApp::start().await;
    let people: Vec<String> = (0..12).map(|at| app.at_main(&format!("p{at}@example.org"))).collect();
    for (cookie, queries) in people.iter().map(|cookie| (cookie, ["bucket", "Pail%20of%20water"])) {
        for query in queries {
            app.get("", &format!("/-/search?q={query}"), &[("Cookie", cookie)]).await;
        }
    }
    for _ in 0..20 {
        for query in ["my+secret", "ann@example.org", "020+7946+0958"] {
            app.get("", &format!("/-/search?q={query}"), &[("Cookie", &people[0])]).await;
        }
    }
    let origin = format!("http://localhost:{}", app.port);
    assert_eq!(open(&app, &people[1], "bucket", &origin).await, 204);
    assert_eq!(open(&app, &people[1], "bucket", "http://elsewhere.example").await, 403);
    let token = format!("Bearer {}", app.token("owner@example.org").await);
    let report = app.get("", "/-/review/searches.json", &[("Authorization", &token)]).await;
    let report: Value = serde_json::from_slice(&report.body).unwrap();
    assert_eq!(report["frequent"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["frequent"][0]["query"], "bucket");
    assert_eq!((&report["frequent"][0]["asked"], &report["frequent"][0]["opened"]), (&12.into(), &1.into()));
    assert_eq!(report["nothing_found"][0]["query"], "pail of water");
    assert!(report["not_opened"].as_array().unwrap().is_empty());
    let page =
        app.get("", "/-/review/searches", &[("Cookie", &app.at_main("owner@example.org"))]).await.text();
    assert!(page.contains("pail of water") && page.contains("synonyms.toml"), "{page}");
    assert!(!page.contains("secret") && !page.contains("ann@example.org") && !page.contains("7946"));
    let stranger = app.get("", "/-/review/searches.json", &[]).await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn insights_do_not_tell_that_others_find_what_is_hidden() {
    let site = site(&[2; 10]).await;
    let app = &site.app;
    let origin = format!("http://localhost:{}", app.port);
    // Ann finds it, often; whoever reads the report does not.
    for at in 0..40 {
        let cookie = if at % 2 == 0 { site.cookie(2) } else { app.at_main(&format!("p{at}@elsewhere.org")) };
        app.get("", "/-/search?q=bitternose", &[("Cookie", &cookie)]).await;
        assert_eq!(open(app, &cookie, "bitternose", &origin).await, 204);
        app.get("", "/-/search?q=platform", &[("Cookie", &cookie)]).await;
    }
    let token = format!("Bearer {}", app.token("writer@example.org").await);
    let report = app.get("", "/-/review/searches.json", &[("Authorization", &token)]).await;
    let report: Value = serde_json::from_slice(&report.body).unwrap();
    let frequent: Vec<&str> =
        report["frequent"].as_array().unwrap().iter().map(|row| row["query"].as_str().unwrap()).collect();
    assert_eq!(frequent, ["platform"], "{report}");
}
