//! A guide's page as its reader meets it: its head, its languages, its history, its printed form.

use std::path::Path;
use std::process::Command;

use scraper::{Html, Selector};

use crate::support::app::TestApp;

/// A server whose content folder holds these files.
async fn serving(files: &[(&str, &str)]) -> TestApp {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    TestApp::start_with(move |config| {
        std::fs::remove_dir_all(&config.content.dir).unwrap();
        for (name, text) in files {
            write(&config.content.dir, &name, &text);
        }
    })
    .await
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

async fn page(app: &TestApp, path: &str) -> Html {
    let answer = app.get("", path, &[]).await;
    assert!(matches!(answer.status, 200 | 404), "{path}: {}", answer.head);
    Html::parse_document(&answer.text())
}

fn attributes(page: &Html, selector: &str, attribute: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|found| found.attr(attribute).unwrap_or_default().to_owned()).collect()
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
}

const IN_TWO_LANGUAGES: &[(&str, &str)] = &[
    ("index.md", "# Lighthouses\n"),
    ("lamp.md", "---\nreviewed: 2020-01-02\nreview_by: 2021-03-04\nowner: Ann\n---\n# The lamp\n"),
    ("tower.md", "# The tower\n"),
    ("cy/index.md", "# Goleudai\n"),
    ("cy/lamp.md", "---\nreviewed: 2020-01-02\nreview_by: 2021-03-04\nowner: Ann\n---\n# Y lamp\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_head_says_what_the_page_is() {
    let app = serving(&[
        ("index.md", "# Start\n"),
        ("tools/index.md", "# Tools </script>\n"),
        ("tools/r.md", "---\ndescription: How to open R.\n---\n# R\n"),
    ])
    .await;
    let origin = format!("http://localhost:{}", app.port);
    let page = page(&app, "/tools/r/").await;
    assert_eq!(texts(&page, "title"), ["R – Start"]);
    assert_eq!(attributes(&page, "meta[name=description]", "content"), ["How to open R."]);
    assert_eq!(attributes(&page, "link[rel=canonical]", "href"), [format!("{origin}/tools/r/")]);
    assert_eq!(attributes(&page, "meta[property='og:url']", "content"), [format!("{origin}/tools/r/")]);
    let trail: serde_json::Value =
        serde_json::from_str(&texts(&page, "script[type='application/ld+json']").concat()).unwrap();
    assert_eq!(trail["@type"], "BreadcrumbList");
    let steps: Vec<_> =
        trail["itemListElement"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(steps, ["Start", "Tools </script>", "R"]);
    assert_eq!(trail["itemListElement"][2]["item"], format!("{origin}/tools/r/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_leads_to_itself_in_the_other_language() {
    let app = serving(IN_TWO_LANGUAGES).await;
    let origin = format!("http://localhost:{}", app.port);
    let welsh = page(&app, "/cy/lamp/").await;
    assert_eq!(attributes(&welsh, "html", "lang"), ["cy"]);
    assert_eq!(attributes(&welsh, ".languages a", "href"), ["/lamp/"]);
    assert_eq!(texts(&welsh, ".languages li"), ["English", "Cymraeg"]);
    assert_eq!(attributes(&welsh, ".brand", "href"), ["/cy/"]);
    let alternates = attributes(&welsh, "link[hreflang]", "hreflang");
    assert_eq!(alternates, ["en", "x-default", "cy"]);
    let addresses = attributes(&welsh, "link[hreflang]", "href");
    assert_eq!(
        addresses,
        [format!("{origin}/lamp/"), format!("{origin}/lamp/"), format!("{origin}/cy/lamp/")]
    );

    let untranslated = page(&app, "/tower/").await;
    assert_eq!(attributes(&untranslated, ".languages a", "href"), ["/cy/"], "else to its first page");
    assert_eq!(attributes(&untranslated, "link[hreflang]", "hreflang"), ["en", "x-default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_language_has_a_tree_and_an_order_of_its_own() {
    let app = serving(IN_TWO_LANGUAGES).await;
    assert_eq!(texts(&page(&app, "/lamp/").await, ".tree li"), ["Lighthouses", "The lamp", "The tower"]);
    let welsh = page(&app, "/cy/").await;
    assert_eq!(texts(&welsh, ".tree li"), ["Goleudai", "Y lamp"]);
    assert!(texts(&welsh, ".breadcrumbs").is_empty());
    assert_eq!(attributes(&page(&app, "/tower/").await, ".turn-next", "href"), Vec::<String>::new());
    assert_eq!(attributes(&page(&app, "/cy/lamp/").await, ".turn-previous", "href"), ["/cy/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_welsh_page_speaks_welsh_and_writes_days_in_it() {
    let app = serving(IN_TWO_LANGUAGES).await;
    let page = page(&app, "/cy/lamp/").await;
    assert_eq!(texts(&page, ".skip"), ["Neidio i'r cynnwys"]);
    assert!(texts(&page, ".overdue").concat().contains("4 Mawrth 2021"));
    assert_eq!(texts(&page, ".banner-links a"), ["Apiau", "Cyfrif"]);
    let nothing = self::page(&app, "/cy/lamb/").await;
    assert_eq!(attributes(&nothing, "html", "lang"), ["cy"]);
    assert_eq!(attributes(&nothing, "main li a", "href").first().map(String::as_str), Some("/cy/lamp/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_can_be_in_another_language_altogether() {
    let app = TestApp::start_with(|config| config.content.language = Some("cy".to_owned())).await;
    let guide = page(&app, "/").await;
    assert_eq!(
        (attributes(&guide, "html", "lang"), texts(&guide, ".skip")),
        (vec!["cy".to_owned()], vec!["Neidio i'r cynnwys".to_owned()])
    );
    let apps = page(&app, "/-/apps/").await;
    assert_eq!(attributes(&apps, "main", "lang"), [""]);
    let mistake = Html::parse_document(&app.get("", "/-/enter", &[]).await.text());
    assert_eq!(attributes(&mistake, "main", "lang"), ["en"], "what is not translated says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_prints_as_one_document() {
    let app = serving(&[
        ("index.md", "# Start\n"),
        ("tools/index.md", "# Tools\n\nSee [installing](r.md#install) and [data](/data/).\n"),
        ("tools/r.md", "# R\n\n## Install\n\nText.\n\n## Use\n\n[up](#install)\n"),
        ("data.md", "# Data\n"),
    ])
    .await;
    let tools = page(&app, "/tools/").await;
    assert_eq!(attributes(&tools, ".guide-links a[rel=nofollow]", "href"), ["/-/print/tools/"]);
    assert!(attributes(&page(&app, "/data/").await, ".guide-links a[rel=nofollow]", "href").is_empty());

    let document = page(&app, "/-/print/tools/").await;
    assert_eq!(texts(&document, "h1"), ["Tools"]);
    assert_eq!(texts(&document, ".document-guide > h2"), ["Tools", "R"]);
    assert_eq!(attributes(&document, ".document-contents a", "href"), ["#g-tools", "#g-tools-r"]);
    let links = attributes(&document, ".content p a", "href");
    assert_eq!(links, ["#g-tools-r--install", "/data/", "#g-tools-r--install"]);
    for link in links.iter().filter_map(|link| link.strip_prefix('#')) {
        assert_eq!(attributes(&document, &format!("[id='{link}']"), "id").len(), 1, "{link}");
    }
    assert_eq!(attributes(&document, ".content h3", "id"), ["g-tools-r--install", "g-tools-r--use"]);
    assert_eq!(app.get("", "/-/print/tols/", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_suggests_the_guides_most_like_it() {
    let app = serving(&[
        ("index.md", "# Start\n"),
        ("tools/rstudio.md", "# RStudio\n"),
        ("tools/jupyterlab.md", "# JupyterLab\n"),
    ])
    .await;
    let page = page(&app, "/old/rstudoi.html").await;
    assert_eq!(attributes(&page, "main li a", "href"), ["/tools/rstudio/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_former_addresses_come_from_the_repository() {
    let dir = tempfile::tempdir().unwrap();
    let content = dir.path().join("guides");
    let git = |arguments: &[&str]| {
        let ended = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(dir.path())
            .env("GIT_COMMITTER_DATE", "2021-03-04T12:00:00Z")
            .output();
        ended.is_ok_and(|ended| ended.status.success())
    };
    if !git(&["init", "--quiet"]) {
        println!("skipped: there is no git here");
        return;
    }
    write(&content, "index.md", "# Start\n");
    write(&content, "lamp.md", "# The lamp\n\nTrim the wick every evening.\n");
    assert!(git(&["add", "--all"]) && git(&["commit", "--quiet", "--message", "one"]));
    std::fs::create_dir(content.join("light")).unwrap();
    assert!(git(&["mv", "guides/lamp.md", "guides/light/lantern.md"]));
    assert!(git(&["commit", "--quiet", "--message", "two"]));

    let app = TestApp::start_with(|config| config.content.dir.clone_from(&content)).await;
    let known = async {
        while !app.loggia.edition.load().library.history().is_known() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), known).await.expect("the history is read");
    let page = page(&app, "/light/lantern/").await;
    assert!(texts(&page, ".review").concat().contains("4 March 2021"), "{:?}", texts(&page, ".review"));
    let moved = app.get("", "/lamp/", &[]).await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("/light/lantern/")));

    // An edit that is not committed counts by the file's own time, and the history stays.
    write(&content, "light/lantern.md", "# The lantern\n");
    let edited = async {
        while app.loggia.edition.load().library.page("/light/lantern/").unwrap().heading() != "The lantern" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), edited).await.expect("the edit is seen");
    let library = app.loggia.edition.load_full();
    let updated = library.library.updated(library.library.page("/light/lantern/").unwrap()).unwrap();
    assert!(updated.to_string().as_str() > "2022", "{updated}");
    assert_eq!(app.get("", "/lamp/", &[]).await.status, 308);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_theme_has_a_look_of_its_own() {
    let style = async |theme| {
        let app = TestApp::start_with(|config| config.server.theme = theme).await;
        let page = page(&app, "/").await;
        let address = attributes(&page, "link[rel=stylesheet]", "href").concat();
        app.get("", &address, &[]).await.text()
    };
    let service = style(loggia::config::Theme::Service).await;
    assert!(service.contains("--bar:") && service.contains(".document-contents"));
    assert!(!style(loggia::config::Theme::Default).await.contains("--bar:"));
}
