//! What each kind of page says, and that nothing hostile does harm.

use proptest::prelude::*;

use super::extract::{Kind, address, name_of, pages_of, read};
use super::outline::PAGE_BYTES;
use super::stored::{FileText, ReleaseText};
use super::take::size_of_page;
use crate::model::{AppPage, Digest, Entropy, FileEntry, FilePath, Manifest, ReleaseId};

fn path(path: &str) -> FilePath {
    path.parse().unwrap()
}

fn html(text: &str) -> Option<AppPage> {
    read(Kind::Html, text.as_bytes(), &path("report/page.html"))
}

/// The sections in short: `level #id heading: text [code]`.
fn told(page: Option<AppPage>) -> Vec<String> {
    let Some(page) = page else { return Vec::new() };
    let told = page.sections.iter().map(|section| {
        let crate::model::Section { id, level, heading, text, code } = section;
        let code = if code.is_empty() { String::new() } else { format!(" [{}]", code.escape_debug()) };
        format!("{level} #{id} {heading}: {}{code}", text.escape_debug())
    });
    [page.title.clone()].into_iter().chain(told).collect()
}

#[test]
fn a_page_is_read_by_its_headings_and_their_anchors() {
    let page = html(
        "<!doctype html><html><head><title>Prison\n population &amp; costs</title></head><body>
        <h1 id=top>Prison population</h1><p>Weekly <b>fig</b>ures.<p>Second.
        <h2 id='method'>Method</h2><p>Counted <code>on Fridays</code>.<pre><code>x &lt;- 1\n  y</code></pre>
        <h3>Caveats</h3><ul><li>one<li>two</ul>
        <h2><a name=old></a>Data</h2><table><tr><td>1<td>2<tr><td>3</table>",
    );
    assert_eq!(
        told(page),
        [
            "Prison population & costs",
            "1 # Prison population: Weekly figures.\\nSecond.",
            "2 #method Method: Counted on Fridays. [x <- 1\\n  y]",
            "3 #method Caveats: one\\ntwo",
            "2 #old Data: 1 2\\n3",
        ]
    );
}

#[test]
fn the_anchor_of_a_section_around_a_heading_is_its_anchor() {
    let page = html("<h1>R</h1><section id=intro><h2>Introduction</h2><p>words</section><p>more");
    assert_eq!(told(page), ["R", "1 # R: ", "2 #intro Introduction: words\\nmore"]);
}

#[test]
fn what_is_no_content_is_passed_over() {
    let page = html(
        "<title>T</title><nav>menu</nav><script>var a = '</p>script';</script><style>p { color: red }</style>
        <template>later</template><div hidden>secret <p>deep</p></div><span aria-hidden=true>¶</span>
        <svg><title>picture</title><text>axis</text></svg><noscript>turn it on</noscript>
        <div role=navigation>elsewhere</div><footer>made by</footer><textarea><p>typed</textarea>
        <h2 id=a>Kept<a class=headerlink href=#a>¶</a></h2><button>Copy</button><p>words<img alt='a chart'></p><!-- no -->",
    );
    assert_eq!(told(page), ["T", "1 # T: ", "2 #a Kept: wordsa chart"]);
}

#[test]
fn where_there_is_a_main_part_only_that_counts() {
    let around = "<header>Site</header><main><h1>Page</h1><p>words</main><aside>related</aside>";
    assert_eq!(told(html(around)), ["Page", "1 # Page: words"]);
    let empty = "<h1>Page</h1><p>words<main></main>";
    assert_eq!(told(html(empty)), ["Page", "1 # Page: words"]);
}

#[test]
fn a_page_that_asks_not_to_be_found_is_not() {
    assert_eq!(html("<meta name=ROBOTS content='follow, NoIndex'><p>words"), None);
    assert_eq!(html("<meta name=robots content=none><p>words"), None);
    assert!(html("<meta name=robots content=index><p>words").is_some());
    assert_eq!(html("<div id=app></div><script src=app.js></script>"), None, "it says nothing");
}

#[test]
fn a_page_without_a_name_is_called_by_its_heading_or_its_file() {
    assert_eq!(html("<h2>Method</h2>words").unwrap().title, "Method");
    assert_eq!(html("words").unwrap().title, "page");
    assert_eq!(name_of(&path("costs/index.html")), "costs");
}

#[test]
fn markdown_is_read_by_its_headings() {
    let page = read(
        Kind::Markdown,
        b"---\ntitle: \"Notes\"\n---\n# Top\n\nOne *two*\nthree `four`.\n\n- a\n- b\n\n## Next\n\n```r\nx <- 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        &path("notes.md"),
    );
    assert_eq!(told(page), ["Notes", "1 # Top: One two three four.\\na\\nb", "2 # Next: a b\\n1 2 [x <- 1]"]);
}

#[test]
fn a_notebook_says_what_was_written_in_it_and_not_what_it_put_out() {
    let notebook = r##"{"cells": [
        {"cell_type": "markdown", "source": ["# Study\n", "Why we did it."]},
        {"cell_type": "code", "source": "import pandas", "outputs": [{"data": {"text/plain": "enormous"}}]},
        {"cell_type": "raw", "source": "raw"}], "nbformat": 4}"##;
    let page = read(Kind::Notebook, notebook.as_bytes(), &path("study.ipynb"));
    assert_eq!(told(page), ["Study", "1 # Study: Why we did it. [import pandas]"]);
    assert_eq!(read(Kind::Notebook, b"{}", &path("a.ipynb")), None);
    assert_eq!(read(Kind::Notebook, b"nonsense", &path("a.ipynb")), None);
}

#[test]
fn plain_text_is_one_section_in_whatever_encoding() {
    let page = read(Kind::Plain, b"R\xe9sum\xe9\n\n  of it", &path("read me.txt"));
    assert_eq!(told(page), ["read me", "1 # read me: Résumé\\nof it"]);
}

fn manifest(paths: &[&str]) -> Manifest {
    let entry = FileEntry { sha256: Digest::of(b""), size: 1, media_type: String::new() };
    Manifest {
        app: "sales".parse().unwrap(),
        id: ReleaseId::new(jiff::Timestamp::UNIX_EPOCH, &Entropy::seeded(1)),
        files: paths.iter().map(|at| (path(at), entry.clone())).collect(),
        by: "ann@example.org".parse().unwrap(),
        when: jiff::Timestamp::UNIX_EPOCH,
        message: None,
        source: None,
    }
}

#[test]
fn pages_are_looked_into_and_data_tools_and_sources_are_not() {
    let manifest = manifest(&[
        "404.html",
        ".quarto/x.html",
        "a/b/deep.html",
        "data.csv",
        "index.html",
        "note.md",
        "paper.PDF",
        "paper.qmd",
        "report.html",
        "report.ipynb",
        "report.md",
        "robots.txt",
        "site.js",
        "study.ipynb",
        "words.txt",
    ]);
    let pages: Vec<_> = pages_of(&manifest).into_iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        pages,
        [
            "index.html",
            "note.md",
            "paper.PDF",
            "paper.qmd",
            "report.html",
            "study.ipynb",
            "words.txt",
            "a/b/deep.html"
        ]
    );
    let addresses = ["index.html", "a/index.html", "a/reindex.html", "a b.pdf"].map(|at| address(&path(at)));
    assert_eq!(addresses, ["/", "/a/", "/a/reindex.html", "/a b.pdf"]);
}

#[test]
fn a_text_is_stored_and_read_again_and_never_taken_for_another() {
    let manifest = manifest(&[]);
    let file = FileText {
        file: path("a.html"),
        sha256: Digest::of(b"a"),
        page: html("<title>T</title><h2 id=x>é</h2>\u{2028}words"),
        unread: None,
    };
    let bare = FileText { page: None, unread: Some("why".into()), file: path("b.pdf"), ..file.clone() };
    let text = ReleaseText { files: vec![file, bare] };
    let bytes = text.write(&manifest.app, manifest.id).unwrap();
    assert_eq!(ReleaseText::read(&bytes, &manifest.app, manifest.id).unwrap(), Some(text));
    assert!(ReleaseText::read(&bytes, &"other".parse().unwrap(), manifest.id).is_err());
    assert!(ReleaseText::read(&bytes[..20], &manifest.app, manifest.id).is_err());
    assert!(ReleaseText::read(b"", &manifest.app, manifest.id).is_err());
    let later = zstd::encode_all(&br#"{"format":99,"app":"sales","release":"ID"}"#[..], 1).unwrap();
    let id = manifest.id.to_string();
    let later = zstd::encode_all(
        String::from_utf8(zstd::decode_all(&later[..]).unwrap()).unwrap().replace("ID", &id).as_bytes(),
        1,
    );
    assert_eq!(ReleaseText::read(&later.unwrap(), &manifest.app, manifest.id).unwrap(), None);
}

#[test]
fn hostile_pages_end_soon_and_say_no_more_than_they_may() {
    let deep = "<div>".repeat(400_000) + "bottom";
    let closing = "<i>".repeat(512) + &"</b>".repeat(500_000);
    let attributes =
        format!("<p {}>words", (0..60_000).fold(String::new(), |all, n| all + &format!(" a{n}")));
    let headings = (0..50_000).fold(String::new(), |all, n| all + &format!("<h2 id=h{n}>Heading {n}</h2>"));
    let long = "words ".repeat(1_000_000);
    let entities = "&notanentity".repeat(100_000);
    let comment = "<!--".repeat(100_000);
    let scripts = "<script><!--<script>".repeat(50_000);
    for hostile in [deep, closing, attributes, headings, long, entities, comment, scripts] {
        if let Some(page) = html(&hostile) {
            // The title may stand over the lead once more.
            assert!(size_of_page(&page) <= PAGE_BYTES + 300, "{}", &hostile[..20]);
            assert!(page.sections.len() <= 2001);
        }
        read(Kind::Markdown, hostile.as_bytes(), &path("a.md"));
    }
}

#[test]
fn an_element_too_deep_to_be_kept_hides_what_is_in_it() {
    let deep = format!("{}secret{}<p>shown", "<div hidden>".repeat(2000), "</div>".repeat(2000));
    assert_eq!(told(html(&deep)), ["page", "1 # page: shown"]);
}

/// Pieces of pages in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        proptest::sample::select(vec![
            "<p>",
            "</p>",
            "<div hidden>",
            "</div>",
            "<main>",
            "</main>",
            "<h1 id=a>",
            "</h1>",
            "<h2>",
            "<title>",
            "</title>",
            "<pre>",
            "</pre>",
            "<script>",
            "</script>",
            "<svg>",
            "</svg>",
            "<a name=x>",
            "</a>",
            "<li>",
            "<td>",
            "<br/>",
            "<nav>",
            "</nav>",
            "<plaintext>",
            "<!--",
            "-->",
            "<textarea>",
            "&amp;",
            "&#x0;",
            "<meta charset=x>",
            "<p hidden",
            ">",
            "\"",
            "<select><option>",
            "</body>",
            "```\n",
            "# x\n",
            "| a |\n",
            "[^1]: ",
            "---\n",
            "> - ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    proptest::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_soup_of_markup_is_an_error(soup in soup()) {
        for kind in [Kind::Html, Kind::Markdown, Kind::Notebook, Kind::Plain] {
            if let Some(page) = read(kind, soup.as_bytes(), &path("a.html")) {
                prop_assert!(!page.title.is_empty() && !page.sections.is_empty());
                prop_assert!(page.sections[0].level == 1 && page.sections[0].id.is_empty());
            }
        }
    }

    #[test]
    fn no_bytes_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        for kind in [Kind::Html, Kind::Markdown, Kind::Notebook, Kind::Plain] {
            read(kind, &bytes, &path("a.html"));
        }
        let _ = ReleaseText::read(&bytes, &"sales".parse().unwrap(), manifest(&[]).id);
    }

    #[test]
    fn what_is_hidden_is_never_told(before in soup(), inside in "[a-z <>/pdiv]{0,40}") {
        // Whatever came before, as long as it is text, tags inside a hidden part do not end it early.
        let before: String = before.chars().filter(|char| *char != '<' && *char != '&').collect();
        let inside = inside.replace("</div", "").replace("</", "");
        let page = html(&format!("<p>{before}</p><div hidden>{inside} qzqsecret </div>shown"));
        let told = format!("{page:?}");
        prop_assert!(!told.contains("qzqsecret"), "{told}");
    }
}
