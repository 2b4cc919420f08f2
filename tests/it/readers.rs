//! Who may read which guide, on every surface of a running server.

use std::path::Path;

use scraper::{Html, Selector};

use crate::support::app::{Answer, TestApp};

/// Address, file, what stands above it, and a word that stands nowhere else.
const GUIDES: [(&str, &str, &str, &str); 10] = [
    ("/", "index.md", "", "aardvark"),
    ("/g1/", "g1.md", "description: About the bittern", "bittern"),
    ("/g2/", "g2/index.md", "audience: signed-in\nold_paths: /f2/", "capybara"),
    ("/g2/in/side/", "g2/in/side.md", "", "dormouse"),
    ("/g2/open/", "g2/open.md", "audience: public", "echidna"),
    ("/g3/", "g3.md", "audience: [ann@elsewhere.net, zoe@nowhere.net]", "flamingo"),
    ("/g4/", "g4.md", "audience: \"@example.org\"", "gazelle"),
    ("/g5/", "g5/README.md", "audience: [\"group:analysts\"]", "hedgehog"),
    ("/g5/more/", "g5/more.md", "aliases: [/f5.html]", "iguana"),
    ("/g6/", "g6.md", "audience: everybody", "jackdaw"),
];

/// A viewer, and the guides that they may read.
const VIEWERS: [(&str, &str, &[&str], &str); 6] = [
    ("anonymous", "", &[], "aardvark bittern echidna"),
    ("signed in", "dee@elsewhere.net", &[], "aardvark bittern echidna capybara dormouse"),
    ("listed", "ann@elsewhere.net", &[], "aardvark bittern echidna capybara dormouse flamingo"),
    ("domain", "bob@example.org", &[], "aardvark bittern echidna capybara dormouse gazelle"),
    (
        "group",
        "carl@nowhere.net",
        &["analysts"],
        "aardvark bittern echidna capybara dormouse hedgehog iguana",
    ),
    // Almost: a subdomain, a group in another case.
    ("other", "eve@sub.example.org", &["Analysts"], "aardvark bittern echidna capybara dormouse"),
];

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn titled(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn site() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (_, file, above, word) in GUIDES {
        let (above, title) = (if above.is_empty() { "x: y" } else { above }, titled(word));
        write(dir.path(), file, &format!("---\n{above}\n---\n# {title}\n\nAll about the {word}.\n"));
    }
    write(dir.path(), "g2/plan.txt", "the kingfisher plan\n");
    write(dir.path(), "open.txt", "the open plan\n");
    dir
}

async fn serving(dir: &tempfile::TempDir) -> TestApp {
    let content = dir.path().to_owned();
    TestApp::start_with(move |config| config.content.dir = content).await
}

fn cookie(app: &TestApp, email: &str, groups: &[&str]) -> String {
    if email.is_empty() { String::new() } else { app.at_main_in(email, groups) }
}

async fn get(app: &TestApp, path: &str, cookie: &str, accept: &str) -> Answer {
    let mut headers = Vec::new();
    headers.extend((!cookie.is_empty()).then_some(("Cookie", cookie)));
    headers.extend((!accept.is_empty()).then_some(("Accept", accept)));
    app.get("", path, &headers).await
}

/// Everything that came, in one case: words stand in titles too.
fn said(answer: &Answer) -> String {
    format!("{}\n{}", answer.head, answer.text()).to_lowercase()
}

#[tokio::test]
async fn no_surface_tells_of_a_guide_that_the_viewer_may_not_read() {
    let dir = site();
    let app = serving(&dir).await;
    let everywhere = [
        "/sitemap.xml",
        "/feed.xml",
        "/llms.txt",
        "/llms-full.txt",
        "/robots.txt",
        "/nothing/here/",
        "/f2/",
        "/f5.html",
        "/g2/plan.txt",
        "/-/search?q=plan+all+about+the",
        "/-/search.json?q=all+about+the&limit=100",
    ];
    for (who, email, groups, may) in VIEWERS {
        let cookie = cookie(&app, email, groups);
        let mut surfaces: Vec<(String, &str)> =
            everywhere.iter().map(|path| ((*path).to_owned(), "")).collect();
        for (path, _, _, word) in GUIDES {
            let stem = path.trim_end_matches('/');
            surfaces.extend([
                (path.to_owned(), ""),
                (path.to_owned(), "text/markdown"),
                (stem.to_owned() + ".md", ""),
            ]);
            surfaces.extend([(stem.to_owned() + ".html", ""), (format!("{stem}/index.html"), "")]);
            // What is asked for is said again, so the words are looked for elsewhere.
            let found = get(&app, &format!("/-/search.json?q={word}"), &cookie, "").await.text();
            let may = may.contains(word);
            assert!(may || found.contains("\"total\":0"), "{who} searches for {word}: {found}");
            if !stem.is_empty() {
                surfaces.push((stem.to_owned(), ""));
            }
        }
        for (path, accept) in &surfaces {
            let answer = get(&app, path, &cookie, accept).await;
            let said = said(&answer);
            for (_, _, _, word) in GUIDES {
                assert!(
                    may.contains(word) || !said.contains(word),
                    "{who} at {path} ({accept}) reads of {word}"
                );
            }
            if path == "/g2/plan.txt" {
                assert_ne!(email.is_empty(), said.contains("kingfisher"), "{who}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_may_read_a_guide_finds_it_on_every_surface() {
    let dir = site();
    let app = serving(&dir).await;
    for (who, email, groups, may) in VIEWERS {
        let cookie = cookie(&app, email, groups);
        let front = said(&get(&app, "/", &cookie, "").await);
        let mut lists = Vec::new();
        for path in ["/sitemap.xml", "/feed.xml", "/llms.txt", "/llms-full.txt"] {
            lists.push(said(&get(&app, path, &cookie, "").await));
        }
        for (path, file, _, word) in GUIDES {
            let page = get(&app, path, &cookie, "").await;
            let readable = may.contains(word);
            assert_eq!(page.status, if readable { 200 } else { 404 }, "{who} at {path}");
            if !readable {
                assert!(page.header("location").is_none(), "{who} at {path}");
                continue;
            }
            let (source, negotiated) = (
                path.trim_end_matches('/').to_owned() + ".md",
                get(&app, path, &cookie, "text/markdown").await,
            );
            let source = if path == "/" { "/index.md" } else { &source };
            assert_eq!(get(&app, source, &cookie, "").await.body, negotiated.body, "{who} {file}");
            assert!(negotiated.text().starts_with("---") && front.contains(word), "{who} {file}");
            for (list, by) in lists.iter().zip([path, word, word, word]) {
                assert!(list.contains(by), "{who}: {path} is not in {list}");
            }
            let public = ["aardvark", "bittern", "echidna"].contains(&word);
            let cache = page.header("cache-control").unwrap();
            let shared = email.is_empty();
            assert_eq!(cache, if shared { "no-cache" } else { "private, no-cache" }, "{who} {path}");
            assert_eq!(page.header("vary"), Some("cookie"), "{who} {path}");
            let cache = get(&app, source, &cookie, "").await.header("cache-control").unwrap().to_owned();
            assert_eq!(cache, if public { "no-cache" } else { "private, no-cache" }, "{who} {source}");
        }
    }
}

#[tokio::test]
async fn a_guide_that_is_kept_from_somebody_and_one_that_is_not_there_look_the_same() {
    let dir = site();
    let app = serving(&dir).await;
    let told = |answer: &Answer, path: &str| {
        let page = Html::parse_document(&answer.text());
        let request = page.select(&Selector::parse(".request code").unwrap()).next().unwrap().inner_html();
        let name = path.trim_matches('/');
        let plain =
            answer.text().replace(&request, "REQUEST").replace(name, "NAME").replace("%2FNAME", "NAME");
        let varies = |line: &&str| line.starts_with("content-length") || line.starts_with("date");
        let head = answer.head.lines().filter(|line| !varies(line)).collect::<Vec<_>>();
        (head.join("\n"), plain)
    };
    for (who, email, groups, may) in VIEWERS {
        let cookie = cookie(&app, email, groups);
        let absent = told(&get(&app, "/zz/", &cookie, "").await, "/zz/");
        assert!(absent.0.contains("404"));
        assert_eq!(absent.1.contains("only shown to people who signed in"), email.is_empty(), "{who}");
        // Not `/g2/`: a public guide below it is suggested, as it would be if nothing were at `/g2/` itself.
        for (path, _, _, word) in
            GUIDES.iter().filter(|(path, ..)| ["/g3/", "/g4/", "/g5/", "/g6/"].contains(path))
        {
            if !may.contains(word) {
                assert_eq!(told(&get(&app, path, &cookie, "").await, path), absent, "{who} at {path}");
            }
        }
    }
    let back = get(&app, "/g3/?a=b", "", "").await.text();
    assert!(back.contains("/-/sign-in?return=%2Fg3%2F%3Fa%3Db"), "{back}");
}

#[tokio::test]
async fn a_site_without_restrictions_varies_by_nothing_but_form() {
    let app = TestApp::start().await;
    let cookie = app.at_main("ann@example.org");
    for cookie in ["", &cookie] {
        let page = get(&app, "/tools/rstudio/", cookie, "").await;
        assert_eq!(page.header("vary"), Some("accept"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
    }
    let page = get(&app, "/nowhere/", "", "").await.text();
    assert!(!page.contains("/-/sign-in"), "there is nothing to sign in for");
}

#[tokio::test]
async fn a_client_that_likes_markdown_better_gets_it() {
    let app = TestApp::start().await;
    let accept = "text/markdown, text/html;q=0.5";
    let markdown = get(&app, "/tools/rstudio/", "", accept).await;
    assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
    assert_eq!(markdown.header("content-location"), Some("/tools/rstudio.md"));
    assert_eq!(markdown.header("vary"), Some("accept"));
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = get(&app, "/tools/rstudio/", "", browser).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_ne!(page.header("etag"), markdown.header("etag"));
    let tag = markdown.header("etag").unwrap();
    let again = app.get("", "/tools/rstudio/", &[("Accept", accept), ("If-None-Match", tag)]).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn the_feed_names_what_changed_last_first() {
    let dir = tempfile::tempdir().unwrap();
    for (file, title) in [("index.md", "Front"), ("old.md", "Old & <gold>"), ("new.md", "New")] {
        write(dir.path(), file, &format!("# {title}\n"));
    }
    for (file, second) in [("index.md", 1000), ("new.md", 1_750_000_000), ("old.md", 1_600_000_000)] {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
        let file = std::fs::File::options().write(true).open(dir.path().join(file)).unwrap();
        file.set_modified(at).unwrap();
    }
    let app = serving(&dir).await;
    let feed = app.get("", "/feed.xml", &[]).await;
    assert_eq!(feed.header("content-type"), Some("application/atom+xml"));
    let port = app.port.to_string();
    insta::assert_snapshot!(feed.text().replace(&port, "PORT"));
    let sitemap = app.get("", "/sitemap.xml", &[]).await.text();
    assert!(sitemap.contains("/new/</loc><lastmod>2025-06-15T15:06:40Z</lastmod>"), "{sitemap}");
    let front = app.get("", "/", &[]).await.text();
    assert!(front.contains("<link rel=\"alternate\" type=\"application/atom+xml\""));
}

#[tokio::test]
async fn everything_for_programs_comes_as_one_text() {
    let app = TestApp::start().await;
    let all = app.get("", "/llms-full.txt", &[]).await;
    assert_eq!(all.header("content-type"), Some("text/markdown; charset=utf-8"));
    let text = all.text();
    assert!(text.contains("Welcome to the guidance.") && text.contains("/tools/rstudio/ -->\n\n# RStudio"));
    assert!(app.request("HEAD", "", "/llms-full.txt", &[]).await.body.is_empty());
}

#[tokio::test]
async fn a_draft_says_that_it_is_one() {
    let dir = site();
    write(dir.path(), "d.md", "---\ndraft: true\n---\n# Not yet\n");
    let app = serving(&dir).await;
    let page = app.get("", "/d/", &[]).await;
    assert!(page.status == 200 && page.text().contains("<strong>Draft.</strong>"));
    assert!(!app.get("", "/g1/", &[]).await.text().contains("<strong>Draft.</strong>"));
    for list in ["/sitemap.xml", "/feed.xml", "/llms.txt"] {
        assert!(!app.get("", list, &[]).await.text().contains("/d/"), "{list}");
    }
}

#[tokio::test]
async fn files_are_sent_whole_in_part_and_only_when_they_changed() {
    let dir = site();
    write(dir.path(), "long.csv", &"a,b,c\n".repeat(1_000_000));
    write(dir.path(), "short.csv", &"a,b,c\n".repeat(1000));
    let app = serving(&dir).await;
    for (file, size) in [("/short.csv", 6000), ("/long.csv", 6_000_000)] {
        for _ in 0..2 {
            let whole = app.get("", file, &[]).await;
            assert_eq!((whole.status, whole.body.len()), (200, size), "{file}");
            assert_eq!(whole.header("content-type"), Some("text/csv; charset=utf-8"));
            assert_eq!(whole.header("cache-control"), Some("public, max-age=300"));
            let tag = whole.header("etag").unwrap();
            assert_eq!(app.get("", file, &[("If-None-Match", tag)]).await.status, 304, "{file}");
        }
        let part = app.get("", file, &[("Range", "bytes=6-8")]).await;
        assert_eq!((part.status, part.text()), (206, "a,b".to_owned()), "{file}");
        assert_eq!(part.header("content-range"), Some(&*format!("bytes 6-8/{size}")));
        let beyond = app.get("", file, &[("Range", "bytes=9000000-")]).await;
        assert_eq!(beyond.status, 416, "{file}");
    }
    let coded = app.get("", "/short.csv", &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    let staff = get(&app, "/g2/plan.txt", &app.at_main("dee@elsewhere.net"), "").await;
    assert_eq!(staff.header("cache-control"), Some("private, no-cache"));
    assert_eq!(get(&app, "/g2/plan.txt", "", "").await.status, 404);
    assert_eq!(get(&app, "/open.txt", "", "").await.status, 200);
}

#[tokio::test]
async fn a_file_that_changed_is_sent_as_it_is_now() {
    let dir = site();
    let app = serving(&dir).await;
    assert_eq!(app.get("", "/open.txt", &[]).await.text(), "the open plan\n");
    write(dir.path(), "open.txt", "another plan\n");
    for _ in 0..200 {
        if app.get("", "/open.txt", &[]).await.text() == "another plan\n" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the old file is still sent");
}

#[tokio::test]
async fn a_front_page_that_nobody_wrote_lists_what_the_viewer_may_read() {
    let dir = site();
    std::fs::remove_file(dir.path().join("index.md")).unwrap();
    let app = serving(&dir).await;
    let content = |answer: Answer| {
        let page = Html::parse_document(&answer.text());
        let content = page.select(&Selector::parse(".content").unwrap()).next().unwrap();
        content.inner_html().to_lowercase()
    };
    let nobody = content(get(&app, "/", "", "").await);
    assert!(
        nobody.contains("bittern") && nobody.contains("echidna") && !nobody.contains("capybara"),
        "{nobody}"
    );
    let listed = content(get(&app, "/", &app.at_main("ann@elsewhere.net"), "").await);
    assert!(
        listed.contains("capybara") && listed.contains("flamingo") && !listed.contains("gazelle"),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_depend_on_the_viewer_are_kept_for_nobody_else() {
    let app = TestApp::start().await;
    let cookie = app.at_main("ann@example.org");
    for path in ["/-/print/", "/-/apps/", "/-/account/", "/-/search?q=x", "/-/review/"] {
        let answer = app.get("", path, &[("Cookie", &cookie)]).await;
        assert_eq!(answer.status, 200, "{path}");
        let kept = answer.header("cache-control").unwrap_or_default();
        assert!(kept.contains("private") || kept.contains("no-store"), "{path}: {kept}");
    }
}
