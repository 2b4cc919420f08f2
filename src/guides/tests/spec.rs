//! The examples of `CommonMark` and of GFM's extensions through our own pipeline.
//!
//! Both sides are brought to one form: heading levels as we move them, our frames and attributes taken off,
//! typographic marks as they were typed. What is different then stands in `deviations.txt` with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use scraper::{ElementRef, Html, Node};

use super::super::{events, habits, html, links, slug, source};

struct Example {
    number: usize,
    markdown: String,
    html: String,
}

#[test]
fn commonmark_is_rendered_as_its_examples_say() {
    examples_hold("commonmark", |_| true);
}

#[test]
fn the_extensions_of_gfm_are_rendered_as_their_examples_say() {
    examples_hold("gfm", |kind| !kind.is_empty());
}

/// Compares the examples of `spec` whose kind is `wanted`.
fn examples_hold(spec: &str, wanted: impl Fn(&str) -> bool) {
    let Some(text) = read(spec) else {
        println!("skipped: {spec}.txt is not in ~/.cache/loggia/specs; ./test puts it there");
        return;
    };
    let known = deviations(spec);
    let mut wrong = String::new();
    let mut agreeing = 0;
    let examples = examples(&text, wanted);
    for example in &examples {
        let shown = normal(&rendered(&example.markdown));
        let expected = normal(&as_moved(&format!("<p>Lead.</p>{}", example.html)));
        match (shown == expected, known.get(&example.number)) {
            (true, None) => agreeing += 1,
            (false, Some(_)) => {}
            (true, Some(reason)) => {
                let _ =
                    writeln!(wrong, "{} no longer deviates ({reason}): take it off the list", example.number);
            }
            (false, None) => {
                let _ = writeln!(
                    wrong,
                    "{spec} {}\n  markdown {:?}\n  expected {expected}\n  shown    {shown}",
                    example.number, example.markdown
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(agreeing * 100 >= examples.len() * 70, "{agreeing} of {}", examples.len());
}

fn rendered(markdown: &str) -> String {
    let text = format!("Lead.\n\n{markdown}");
    let prepared = habits::prepare(&source::Source::of_file("a.md", text), 0, false);
    let document = events::parse(&prepared.source.text, slug::Style::GitHub);
    html::render(&document, &links::Targets::default())
}

#[expect(clippy::disallowed_methods, reason = "where the specifications are is no setting of the server")]
fn read(spec: &str) -> Option<String> {
    let home = std::env::var("HOME").ok()?;
    std::fs::read_to_string(PathBuf::from(home).join(".cache/loggia/specs").join(format!("{spec}.txt"))).ok()
}

/// Numbers and reasons.
fn deviations(spec: &str) -> BTreeMap<usize, &'static str> {
    let mut out = BTreeMap::new();
    let mut reason = "";
    for line in include_str!("deviations.txt").lines() {
        if let Some(numbers) = line.strip_prefix(spec).and_then(|line| line.strip_prefix(": ")) {
            out.extend(numbers.split_whitespace().map(|number| (number.parse().unwrap(), reason)));
        } else if let Some(said) = line.strip_prefix("# ") {
            reason = said;
        }
    }
    out
}

fn examples(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Example> {
    let fence = "`".repeat(32);
    let (mut out, mut number) = (Vec::new(), 0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix(&fence).and_then(|line| line.trim().strip_prefix("example"))
        else {
            continue;
        };
        number += 1;
        let (mut markdown, mut html, mut below) = (String::new(), String::new(), false);
        for line in lines.by_ref().take_while(|line| *line != fence) {
            if line == "." && !below {
                below = true;
                continue;
            }
            let part = if below { &mut html } else { &mut markdown };
            part.push_str(&line.replace('→', "\t"));
            part.push('\n');
        }
        if wanted(kind.trim()) {
            out.push(Example { number, markdown, html });
        }
    }
    out
}

/// Headings one level down where there is one of the first: the page's title has that level.
fn as_moved(html: &str) -> String {
    if !html.contains("<h1>") {
        return html.to_owned();
    }
    let mut out = html.to_owned();
    for level in (1..=6).rev() {
        let lower = (level + 1).min(6);
        out = out.replace(&format!("<h{level}>"), &format!("<h{lower}>"));
        out = out.replace(&format!("</h{level}>"), &format!("</h{lower}>"));
    }
    out
}

/// `html` in one form, whoever wrote it.
fn normal(html: &str) -> String {
    let mut out = String::new();
    write_children(Html::parse_fragment(html).root_element(), false, &mut out);
    let mut lines = String::new();
    for (from, to) in [
        ('‘', "'"),
        ('’', "'"),
        ('“', "\""),
        ('”', "\""),
        ('–', "--"),
        ('—', "---"),
        ('…', "..."),
        ('\u{a0}', " "),
    ] {
        out = out.replace(from, to);
    }
    lines.push_str(out.trim());
    lines
}

fn write_children(element: ElementRef<'_>, pre: bool, out: &mut String) {
    for child in element.children() {
        if let Some(element) = ElementRef::wrap(child) {
            write_element(element, pre, out);
        } else if let Node::Text(text) = child.value() {
            if pre {
                out.push_str(text);
            } else {
                for c in text.chars() {
                    let space = c.is_whitespace();
                    if !(space && out.ends_with([' ', '>'])) {
                        out.push(if space { ' ' } else { c });
                    }
                }
            }
        }
    }
}

fn write_element(element: ElementRef<'_>, pre: bool, out: &mut String) {
    let name = element.value().name();
    let class = element.attr("class").unwrap_or_default();
    if class == "anchor" {
        return;
    }
    if class.starts_with("task") || name == "input" {
        let done = class.contains("done") || element.attr("checked").is_some();
        out.push_str(if done { "[x]" } else { "[ ]" });
        return;
    }
    let ours = class == "table" || class.starts_with("hl-");
    if ours {
        return write_children(element, pre, out);
    }
    let block = !["a", "em", "strong", "del", "code", "img", "span", "br", "sub", "sup"].contains(&name);
    if block || name == "br" {
        out.truncate(out.trim_end_matches(' ').len());
    }
    let _ = write!(out, "<{name}");
    let mut attributes: Vec<(&str, String)> = Vec::new();
    for (attribute, value) in element.value().attrs() {
        match attribute {
            "id" | "tabindex" | "scope" | "loading" | "decoding" => {}
            "class" if value == "end" || value == "center" => {
                attributes.push(("align", value.replace("end", "right")));
            }
            "align" if value == "left" => {}
            "href" | "src" => attributes.push((attribute, links::decode(value))),
            "class" => attributes.push((attribute, value.to_ascii_lowercase())),
            _ => attributes.push((attribute, value.to_owned())),
        }
    }
    attributes.sort();
    for (attribute, value) in attributes {
        let _ = write!(out, " {attribute}=\"{value}\"");
    }
    out.push('>');
    write_children(element, pre || name == "pre", out);
    if block && !pre {
        out.truncate(out.trim_end().len());
    }
    let _ = write!(out, "</{name}>");
}
