//! What authors can write beyond plain Markdown, as readers get it.

use super::{Folder, html, messages};

fn shows(markdown: &str, parts: &[&str]) {
    let html = html(&format!("Lead.\n\n{markdown}"));
    for part in parts {
        assert!(html.contains(part), "{part}\nin {html}");
    }
}

fn never(markdown: &str, parts: &[&str]) {
    let html = html(&format!("Lead.\n\n{markdown}"));
    for part in parts {
        assert!(!html.contains(part), "{part}\nin {html}");
    }
}

#[test]
fn alerts_say_in_words_what_they_are() {
    for (kind, label) in [
        ("NOTE", "Note"),
        ("TIP", "Tip"),
        ("IMPORTANT", "Important"),
        ("WARNING", "Warning"),
        ("CAUTION", "Caution"),
    ] {
        let class = format!("<div class=\"alert alert-{}\" role=\"note\">", kind.to_lowercase());
        shows(
            &format!("> [!{kind}]\n> x\n"),
            &[&class, &format!("<p class=\"alert-title\">{label}</p>"), "<p>x</p>"],
        );
    }
}

#[test]
fn admonitions_hold_markdown_and_have_titles() {
    shows(
        "!!! warning \"Mind the `gap`\"\n    - one\n    - two\n\n        !!! tip\n            deep\n\nafter\n",
        &[
            "<div class=\"alert alert-warning\" role=\"note\">\n<p class=\"alert-title\">Mind the <code>gap</code></p>\n<ul>",
            "<div class=\"alert alert-tip\" role=\"note\">\n<p class=\"alert-title\">Tip</p>\n<p>deep</p>",
            "</div>\n<p>after</p>",
        ],
    );
    shows("!!! danger \"\"\n    x\n", &["<p class=\"alert-title\">Danger</p>\n<p>x</p>"]);
    shows("!!! note \"1. First\"\n    x\n", &["<p class=\"alert-title\">1. First</p>"]);
    shows(
        "- item\n\n    !!! note\n        inside\n\n- next\n",
        &["<li><p>item</p>\n  <div class=\"alert alert-note\"", "<p>inside</p>\n  </div>\n</li>"],
    );
    shows("```\n!!! note\n    x\n```\n", &["!!! note\n    x"]);
}

#[test]
fn folded_blocks_are_details() {
    shows(
        "??? tip \"More\"\n    x\n",
        &["<details class=\"alert alert-tip\">\n<summary>More</summary>\n<p>x</p>\n</details>"],
    );
    shows("???+ note\n    x\n", &["<details class=\"alert alert-note\" open=\"\">\n<summary>Note</summary>"]);
    never("???\n\nreally???\n", &["<details"]);
}

#[test]
fn tabs_are_details_of_one_name() {
    shows(
        "=== \"Python\"\n    ```py\n    x = 1\n    ```\n\n=== \"R\"\n    text\n\nafter\n\n=== \"Other\"\n    y\n",
        &[
            "<div class=\"tabs\">\n<details name=\"tabs-1\" open=\"\">\n<summary>Python</summary>\n<pre",
            "</details>\n<details name=\"tabs-1\">\n<summary>R</summary>\n<p>text</p>\n</details>\n</div>\n<p>after</p>",
            "<details name=\"tabs-2\" open=\"\">\n<summary>Other</summary>",
        ],
    );
}

#[test]
fn what_stands_in_a_block_is_found_and_can_be_linked_to() {
    let library = Folder::with(&[(
        "index.md",
        "# T\n\n!!! note \"The title\"\n    ## Inside\n\n    words [gone](gone.md)\n",
    )])
    .load();
    let page = library.page("/").unwrap();
    let section = page.guide().sections.iter().find(|section| section.heading == "Inside").unwrap();
    assert_eq!(section.text, "words gone");
    assert!(page.guide().sections[0].text.contains("The title"));
    assert!(messages(&library).contains("index.md:6: error"), "{}", messages(&library));
}

#[test]
fn words_are_marked_raised_lowered_and_pressed() {
    shows("==mark *this*== and a==b==c", &["<mark>mark <em>this</em></mark>", "a==b==c"]);
    shows("x^2^ H~2~O 2^10 and 2^20 ~5 and ~10", &["x<sup>2</sup> H<sub>2</sub>O 2^10 and 2^20 ~5 and ~10"]);
    shows(
        "Press ++ctrl+c++, not C++ or i++",
        &["<span class=\"keys\"><kbd>Ctrl</kbd>+<kbd>C</kbd></span>, not C++ or i++"],
    );
    shows("Done :tada: at 10:30:20 `:tada:` :nosuch:", &["Done 🎉 at 10:30:20 <code>:tada:</code> :nosuch:"]);
}

#[test]
fn links_images_and_headings_take_attributes() {
    shows(
        "[Go](/x){ .md-button #go target=_blank }.",
        &["<a href=\"/x\" id=\"go\" class=\"md-button\">Go</a>."],
    );
    shows("![A](https://a.org/x.png){ width=300 style=\"x\" }", &["width=\"300\""]);
    never("![A](https://a.org/x.png){ width=300 style=\"x\" }", &["style", "{"]);
    shows("[a](/b){ref} and {x}", &["<a href=\"/b\">a</a>{ref} and {x}"]);
    shows("## One {#first .big}\n\nx\n", &["<h2 id=\"first\" class=\"big\">One"]);
}

#[test]
fn an_image_alone_with_a_title_is_a_figure() {
    shows(
        "![Alt](https://a.org/x.png \"What it *is*\")\n",
        &[
            "<figure><img src=\"https://a.org/x.png\" alt=\"Alt\" loading=\"lazy\" decoding=\"async\"><figcaption>What it *is*</figcaption></figure>",
        ],
    );
    never("text ![Alt](https://a.org/x.png \"T\")\n", &["<figure>"]);
}

#[test]
fn formulas_are_mathml_and_money_is_not() {
    shows(
        "Euler: $e^{i\\pi}$ and\n\n$$\\frac{a}{b}$$\n",
        &["<math", "<mfrac", "<span class=\"formula\"><math display=\"block\""],
    );
    shows("```math\nx^2\n```\n", &["<math display=\"block\""]);
    for prose in ["$5 and $6", "costs $5-$10 and US$20", "$HOME/bin:$PATH", "`$x$` a $ b $ c", "\\$x\\$"] {
        never(prose, &["<math"]);
    }
    shows("$\\nosuch$ goes on", &["<code>\\nosuch</code>", "This formula cannot be shown", "goes on"]);
    let library = Folder::with(&[("index.md", "# T\n\nx\n\n$\\nosuch$\n\n```mermaid\ngantt\n```\n")]).load();
    let told = messages(&library);
    assert!(told.contains("index.md:5: warning") && told.contains("formula `\\nosuch`"), "{told}");
    assert!(told.contains("index.md:7: warning") && told.contains("a diagram cannot be drawn"), "{told}");
}

#[test]
fn diagrams_are_drawn_or_shown_as_written() {
    shows(
        "```mermaid\nflowchart LR\nA --> B\n```\n",
        &["<svg", "role=\"img\"", "<title id=\"diagram-1-title\">"],
    );
    shows("```mermaid\ngantt\n```\n", &["This diagram cannot be drawn", "<code>gantt\n</code></pre>"]);
}

#[test]
fn listings_have_titles_numbers_and_lines_pointed_out() {
    shows(
        "```py title=\"a.py\" linenums=\"4\" hl_lines=\"2\"\nx = 1\ny = 2\n```\n",
        &[
            "<figure class=\"listing\"><figcaption>a.py</figcaption><pre tabindex=\"0\" class=\"numbered\">",
            "<span class=\"line\" data-line=\"4\">",
            "<span class=\"line line-marked\" data-line=\"5\">",
        ],
    );
    shows("```{r name, eval=FALSE}\nx <- 1\n```\n", &["<code class=\"language-r\">", "hl-"]);
    shows("```nosuch\n<x>\n```\n", &["<code class=\"language-nosuch\">&lt;x&gt;\n</code>"]);
}

#[test]
fn typography_is_for_prose_alone() {
    shows("\"a\" -- b... `\"c\" -- d` $x--y$\n", &["“a” – b…", "<code>\"c\" -- d</code>"]);
}
