//! `loggia build`: the site is served by a plain server of files, below a path, and crawled.

use std::collections::{HashSet, VecDeque};
use std::path::Path;

use scraper::{Html, Selector};
use url::Url;

use super::{command, text, write};

const BASE: &str = "http://files.invalid/docs/guidance/";

/// What a server of files answers at `url`: the file, or the index of a folder.
fn file_at(root: &Path, url: &Url) -> Option<Vec<u8>> {
    let path = url.path().strip_prefix("/docs/guidance/")?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap().into_owned();
    let file = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path };
    std::fs::read(root.join(file)).ok()
}

/// Every page that can be reached from the front page; panics at the first link that leads nowhere.
fn crawl(root: &Path) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut open = VecDeque::from([Url::parse(BASE).unwrap()]);
    while let Some(url) = open.pop_front() {
        if !seen.insert(url.path().to_owned()) {
            continue;
        }
        let bytes = file_at(root, &url).unwrap_or_else(|| panic!("{url} is not there"));
        if !bytes.starts_with(b"<!DOCTYPE html>") {
            continue;
        }
        let page = Html::parse_document(&text(&bytes));
        for (elements, name) in [("a, link", "href"), ("img, script", "src"), ("form", "action")] {
            for element in page.select(&Selector::parse(elements).unwrap()) {
                let Some(value) = element.attr(name) else { continue };
                let there = url.join(value).unwrap();
                if there.host_str() == Some("files.invalid") {
                    assert!(
                        there.path().starts_with("/docs/guidance/"),
                        "{url} leads out of the site: {value}"
                    );
                    open.push_back(there);
                }
            }
        }
    }
    seen
}

#[test]
fn the_public_guides_are_a_site_of_files_without_a_broken_link() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            (
                "content/index.md",
                "# Harbour\n\n[Tools](tools/) ![m](img/m.svg) [gone](/gone/) [old](/old.html)\n",
            ),
            (
                "content/tools/index.md",
                "---\nold_paths: [old.html, /former/place/]\n---\n\n# Tools\n\n[Front](/) [R](r%20studio.md#set-up)\n",
            ),
            ("content/tools/r studio.md", "# RStudio\n\n## Set up\n\nTrim the wick `<a href=\"/x/\">`.\n"),
            ("content/img/m.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ],
    );
    let done = command(dir.path(), &["build", "--out", "site", "--base-url", BASE], &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with("3 guides are in site"), "{}", text(&done.stdout));
    assert!(text(&done.stderr).contains("1 link leads to nothing"), "{}", text(&done.stderr));
    let site = dir.path().join("site");
    let seen = crawl(&site);
    for path in ["", "tools/", "tools/r%20studio/", "img/m.svg", "old.html", "-/search/"] {
        assert!(seen.contains(&format!("/docs/guidance/{path}")), "{path} in {seen:?}");
    }
    let read = |file: &str| std::fs::read_to_string(site.join(file)).unwrap();
    assert!(read("index.html").contains("gone") && !read("index.html").contains("/gone/"));
    assert!(read("former/place/index.html").contains("url=../../tools/"));
    assert!(read("_redirects").contains("/docs/guidance/old.html /docs/guidance/tools/ 301"));
    assert!(read("sitemap.xml").contains(&format!("<loc>{BASE}tools/</loc>")));
    assert!(read("404.html").contains("href=\"/docs/guidance/"));
    assert!(read("-/search/index.json").contains("Trim the wick"));
    assert!(read("tools/r studio.md").starts_with("# RStudio"));
    for (file, what) in [("index.html", "/-/apps/"), ("index.html", "/-/account/"), ("index.html", "live.")] {
        assert!(!read(file).contains(what), "{file} holds {what}");
    }
    let mut files = vec![site.clone()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert!(!text(&std::fs::read(&path).unwrap()).contains("localhost:"), "{}", path.display());
        }
    }

    // Again over itself, and never over what is somebody else's.
    assert!(command(dir.path(), &["build", "--out", "site"], &[]).status.success());
    assert!(!site.join("sitemap.xml").exists());
    crawl(&site);
    let refused = command(dir.path(), &["build", "--out", "content"], &[]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("did not write"));
    assert!(dir.path().join("content/index.md").exists());
}

#[test]
fn the_manual_of_loggia_itself_is_built_without_a_broken_link() {
    let dir = tempfile::tempdir().unwrap();
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/content");
    let done = command(dir.path(), &["build", "--out", "site", "--content", manual], &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(crawl(&dir.path().join("site")).len() > 20);
}

#[test]
fn a_real_guidance_site_is_built_whole() {
    let Some(source) = crate::search_corpus::corpus("user-guidance") else { return };
    let dir = tempfile::tempdir().unwrap();
    let done = command(dir.path(), &["build", "--out", "site", "--content", source.to_str().unwrap()], &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with("97 guides are in site"), "{}", text(&done.stdout));
}
