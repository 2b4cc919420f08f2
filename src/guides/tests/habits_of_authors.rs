//! What real authors write, and what their readers get all the same.

use super::{Folder, found, html};

fn shows(markdown: &str, parts: &[&str]) {
    let html = html(&format!("Lead.\n\n{markdown}"));
    for part in parts {
        assert!(html.contains(part), "{part}\nin {html}");
    }
}

#[test]
fn a_block_of_html_directly_before_a_table() {
    for before in
        ["<div style=\"height:0\">&nbsp;</div>\n", "<div>\n", "<br/>\n<div></div>\n", "</div>\n", "<hr>\n"]
    {
        shows(&format!("{before}a | b\n--|--\n1 | 2\n"), &["<th scope=\"col\">a", "<td>1"]);
    }
}

#[test]
fn a_table_without_outer_bars_with_breaks_and_paragraphs_in_cells() {
    shows("a | b\n--|--\n1<br>2 | <p>3</p>\n", &["<td>1<br>2</td>", "<td><p>3</p></td>"]);
}

#[test]
fn a_heading_with_a_non_breaking_space() {
    shows("##\u{a0}Set up\n\nx\n", &["<h2 id=\"set-up\">"]);
}

#[test]
fn headings_that_jump_and_headings_underlined() {
    shows("## A\n\n#### B\n\nx\n\nC\n---\n\ny\n", &["<h2 id=\"a\">", "<h4 id=\"b\">", "<h2 id=\"c\">"]);
}

#[test]
fn a_list_straight_after_a_paragraph() {
    shows("Do this:\n- one\n- two\n", &["<p>Do this:</p>\n<ul>\n<li>one</li>"]);
    shows("Do this:\n1. one\n2. two\n", &["<p>Do this:</p>\n<ol>\n<li>one</li>"]);
}

#[test]
fn a_fence_in_a_list_item_at_an_odd_indent() {
    for indent in [2, 3, 4, 5, 6, 7, 8] {
        let margin = " ".repeat(indent);
        let text = format!("1. Run\n\n{margin}```sh\n{margin}ls\n{margin}```\n\n2. Next\n");
        shows(
            &text,
            &["<li><p>Run</p>\n<pre tabindex=\"0\"><code class=\"language-sh\">", "<li><p>Next</p>"],
        );
    }
}

#[test]
fn a_quoted_fence_whose_lines_lack_the_sign() {
    shows("> ```sh\nls\n> ```\n\nafter\n", &["<blockquote>\n<pre", "ls", "</blockquote>\n<p>after</p>"]);
}

#[test]
fn placeholders_and_templates_are_shown() {
    shows("Use <username> or <<name>>.\n", &["Use &lt;username&gt; or &lt;&lt;name&gt;&gt;."]);
    shows("{{ ref('x') }} {% set a = \"b\" %}\n", &["{{ ref('x') }} {% set a = \"b\" %}"]);
}

#[test]
fn bare_addresses() {
    shows(
        "https://a.org/x, www.b.org and ann@c.org\n",
        &[
            "<a href=\"https://a.org/x\">https://a.org/x</a>,",
            "<a href=\"http://www.b.org\">www.b.org</a>",
            "<a href=\"mailto:ann@c.org\">ann@c.org</a>",
        ],
    );
}

#[test]
fn html_that_lays_out() {
    shows(
        "<object data=\"https://a.org/x.svg\" type=\"image/svg+xml\"></object>\n",
        &["<img src=\"https://a.org/x.svg\""],
    );
    shows("<img src=\"https://a.org/x.png\" width=\"40\" alt=\"x\">\n", &["width=\"40\""]);
    shows("It <u>will not</u> do.\n", &["<u>will not</u>"]);
    shows(
        "<details><summary>More</summary>\n- *one*\n</details>\n",
        &["<details><summary>More</summary>", "<li><em>one</em>"],
    );
    shows("<div class=\"x\" markdown>\n**bold**\n</div>\n", &["<strong>bold</strong>"]);
}

#[test]
fn links_and_images_from_the_page_the_file_and_the_root() {
    let library = Folder::with(&[
        (
            "a/index.md",
            "# A\n\n[1](b.md) [2](b.html#set-up) [3](b) [4](b/) [5](/a/b) [6](../a/b.md#set-up)\n\n\
             ![x](p.png) ![x](/a/p.png) ![x](../a/p.png)\n",
        ),
        ("a/b.md", "# B\n\n![x](p.png) ![x](../p.png)\n\n## Set up\n\nx\n"),
        ("a/p.png", "x"),
        ("index.md", "# F\n"),
    ])
    .load();
    let a = library.page("/a/").unwrap().html();
    assert_eq!(a.matches("href=\"/a/b/\"").count(), 4, "{a}");
    assert_eq!(a.matches("href=\"/a/b/#set-up\"").count(), 2, "{a}");
    assert_eq!(a.matches("src=\"/a/p.png\"").count(), 3, "{a}");
    assert_eq!(library.page("/a/b/").unwrap().html().matches("src=\"/a/p.png\"").count(), 2);
    assert_eq!(found(&library, "/a/b.html"), "redirect /a/b/");
}

#[test]
fn heading_ids_of_the_tech_docs_gem_and_their_duplicates() {
    let library = Folder::with(&[
        ("config/tech-docs.yml", "service_name: G\n"),
        (
            "source/index.html.md.erb",
            "# R\n\n## Set up\n\n### Test\n\nx\n\n## Python\n\n### Test\n\nx\n\n## Don't stop\n\nx\n",
        ),
    ])
    .load();
    let html = library.page("/").unwrap().html();
    for id in ["set-up", "test", "python-test", "don-39-t-stop"] {
        assert!(html.contains(&format!(" id=\"{id}\"")), "{id} in {html}");
    }
}
