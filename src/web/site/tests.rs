use std::collections::BTreeMap;

use http::{StatusCode, Uri};
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::resolve::Asked;
use super::{Choice, Site};
use crate::model::{AppName, Digest, Entropy, FileEntry, FilePath, Manifest, ReleaseId};
use crate::releases::Rules;

const FILES: &[&str] = &[
    "index.html",
    "page.html",
    "data.csv",
    "folder/index.html",
    "folder/404.html",
    "404.html",
    "deep/er/x.html",
    "a b/ü#%+.txt",
    "exact",
    "exact.html",
    "both.html",
    "both/index.html",
    "lone/index/x.txt",
    "%2e%2e",
    "app.js",
    "app.js.br",
    "_redirects",
    "_headers",
];

fn site(paths: &[&str], redirects: &str) -> Site {
    let entry = |path: &str| FileEntry {
        sha256: Digest::of(path.as_bytes()),
        size: 1,
        media_type: if path.rsplit('.').next() == Some("html") {
            "text/html; charset=utf-8"
        } else {
            "text/javascript"
        }
        .into(),
    };
    let files: BTreeMap<FilePath, _> =
        paths.iter().map(|path| (path.parse().unwrap(), entry(path))).collect();
    let app: AppName = "sales".parse().unwrap();
    let id = ReleaseId::new(Timestamp::UNIX_EPOCH, &Entropy::seeded(1));
    let by = "ann@example.org".parse().unwrap();
    let manifest = Manifest { app, id, files, by, when: Timestamp::UNIX_EPOCH, message: None, source: None };
    Site::new(&manifest, Rules::parse(redirects, ""))
}

/// What an address answers: `200 path`, `307 location`, or the status of what is shown instead.
fn answers(site: &Site, target: &str, fallback: Option<&str>) -> String {
    let uri: Uri = target.parse().unwrap();
    let Ok(asked) = Asked::parse(uri.path()) else { return "400".to_owned() };
    if asked.path().is_err() {
        return "404".to_owned();
    }
    let fallback = fallback.map(|path| path.parse().unwrap());
    let shown = |(file, status): (&super::File, StatusCode)| format!("{} {}", status.as_u16(), file.path);
    match site.choose(&asked, &uri) {
        Choice::File(file) => format!("200 {}", file.path),
        Choice::Shown(file, status) => shown((file, status)),
        Choice::Moved(location, status) => format!("{} {location}", status.as_u16()),
        Choice::Nothing(instead) => {
            site.instead(instead, &asked, fallback.as_ref(), true).map_or_else(|| "404".to_owned(), shown)
        }
    }
}

#[test]
fn every_address_has_one_answer() {
    let site = site(FILES, "");
    for (target, answer) in [
        ("/", "200 index.html"),
        ("/index.html", "307 /"),
        ("/index", "307 /"),
        ("/index.html?a=b&c=%2F", "307 /?a=b&c=%2F"),
        ("/page", "200 page.html"),
        ("/page.html?q", "307 /page?q"),
        ("/page/", "307 /page"),
        ("/page/index.html", "307 /page"),
        ("/page/index", "307 /page"),
        ("/data.csv", "200 data.csv"),
        ("/data.csv/", "404 404.html"),
        ("/folder/", "200 folder/index.html"),
        ("/folder", "307 /folder/"),
        ("/folder?x=//evil", "307 /folder/?x=//evil"),
        ("/folder/index", "307 /folder/"),
        ("/folder/index.html", "307 /folder/"),
        ("/exact", "200 exact"),
        ("/exact.html", "200 exact.html"),
        ("/exact/", "307 /exact.html"),
        ("/both", "200 both.html"),
        ("/both/", "200 both/index.html"),
        ("/both.html", "307 /both"),
        ("/both/index.html", "307 /both/"),
        ("/both/index", "307 /both/"),
        ("/deep/er/x", "200 deep/er/x.html"),
        ("/deep/er", "404 404.html"),
        ("/a%20b/%C3%BC%23%25+.txt", "200 a b/ü#%+.txt"),
        ("/%252e%252e", "200 %2e%2e"),
        ("/folder/none/x", "404 folder/404.html"),
        ("/folder/none/", "404 folder/404.html"),
        ("/none", "404 404.html"),
        ("/INDEX.html", "404 404.html"),
        ("/_redirects", "404 404.html"),
        ("/_headers", "404 404.html"),
        ("/%5fheaders", "404 404.html"),
        ("//evil.example", "404"),
        ("//evil.example/..", "400"),
        ("/%2e%2e/page", "400"),
        ("/folder%2findex.html", "400"),
        ("/folder/%5C", "400"),
        ("/page%00", "400"),
        ("/-/x", "404"),
        ("/%2d/x", "404"),
    ] {
        assert_eq!(answers(&site, target, None), answer, "{target}");
    }
}

#[test]
fn what_is_not_there_is_answered_by_rule_fallback_or_404_page_in_this_order() {
    let ruled = site(
        FILES,
        "/old /page 301\n/page /forced 302!\n/app/* /folder 200\n/gone/* /folder/404 404\n/lost /none.html 200\n",
    );
    for (target, answer) in [
        ("/old", "301 /page"),
        ("/page", "302 /forced"),
        ("/page.html", "307 /page"),
        ("/app/x", "200 folder/index.html"),
        ("/gone/x", "404 folder/404.html"),
        ("/lost", "200 index.html"),
        ("/other", "200 index.html"),
        ("/data.csv", "200 data.csv"),
    ] {
        assert_eq!(answers(&ruled, target, Some("index.html")), answer, "{target}");
    }
    assert_eq!(answers(&site(&["a.html"], ""), "/none", None), "404");
}

#[test]
fn a_publishers_encoded_copy_is_known() {
    let site = site(FILES, "");
    let coding = super::Coding::Brotli;
    let sibling = site.at("app.js").unwrap().sibling(coding).unwrap();
    assert_eq!(sibling.as_str(), "app.js.br");
    assert!(site.at("page.html").unwrap().sibling(coding).is_none());
}

proptest! {
    #[test]
    fn only_files_of_the_release_answer_and_redirects_stay_on_the_host(
        path in "/[a-z%2eEfF5cC./\\\\ -]{0,20}",
        rule in "/[a-z:*/.]{0,8} /[a-z:*/.]{0,10} (200|302|404)!?",
    ) {
        let site = site(FILES, &rule);
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let answer = answers(&site, &uri.to_string(), Some("index.html"));
        if let Some((status, what)) = answer.split_once(' ') {
            match status {
                "200" | "404" => prop_assert!(FILES.contains(&what) && !what.starts_with('_')),
                _ => prop_assert!(what.starts_with('/') && !what.starts_with("//") && !what.contains('\\')),
            }
        }
    }

    #[test]
    fn a_file_is_found_at_its_own_address_and_at_no_other_files(at in 0..FILES.len()) {
        let site = site(FILES, "");
        if let Some(file) = site.at(FILES[at]) {
            prop_assert_eq!(answers(&site, &file.location(), None), format!("200 {}", FILES[at]));
        }
    }
}
