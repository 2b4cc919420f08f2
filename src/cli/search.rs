//! `loggia search`

use std::io::IsTerminal as _;

use super::Outcome;
use super::client::{Client, wire};
use super::output::{plain, print, print_json, say};

/// How a terminal begins and ends bold text (ECMA-48, SGR).
const BOLD: (&str, &str) = ("\u{1b}[1m", "\u{1b}[22m");
const PLAIN: (&str, &str) = ("", "");

/// Search the guides and the apps that you may see
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a sign-in you find what everyone may see.\n\nExamples:\n  loggia search turn on versioning\n  \
                  loggia search '\"sign in twice\" in:guides' --limit 3\n  loggia search bucket --json | jq -r '.hits[].url'"
)]
pub(super) struct Args {
    /// What to look for, as in the search box
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,

    /// The most sections to show, up to 100
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,

    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let query = args.query.join(" ");
    let limit = args.limit.to_string();
    let found: wire::Found = client.ask("search.json", &[("q", &query), ("limit", &limit)]).await?;
    if args.json {
        print_json(&found)?;
        return Ok(Outcome::Done);
    }
    let bold = if std::io::stdout().is_terminal() { BOLD } else { PLAIN };
    for line in told(&found, client.server(), bold) {
        print(line)?;
    }
    for line in remarks(&found, &query) {
        say(line);
    }
    Ok(Outcome::Done)
}

/// The hits: heading and title, address, text.
fn told(found: &wire::Found, server: &str, bold: (&str, &str)) -> Vec<String> {
    let (on, off) = bold;
    let mut lines = Vec::new();
    for hit in &found.hits {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let place = match (hit.heading == hit.title, hit.app.as_deref()) {
            (true, None) => String::new(),
            (false, None) => format!(" · {}", plain(&hit.title)),
            (true, Some(app)) => format!(" · app {}", plain(app)),
            (false, Some(app)) => format!(" · {} · app {}", plain(&hit.title), plain(app)),
        };
        lines.push(format!("{on}{}{off}{place}", plain(&hit.heading)));
        let server = if hit.url.starts_with('/') { server } else { "" };
        lines.push(format!("{server}{}", plain(&hit.url)));
        let text = words(&hit.snippet, bold);
        if !text.is_empty() {
            lines.push(format!("  {text}"));
        }
    }
    lines
}

/// What is to be said about the hits.
fn remarks(found: &wire::Found, query: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(corrected) = &found.corrected {
        lines.push(format!("Showing results for `{}`.", plain(corrected.query.trim())));
    }
    for also in &found.synonyms {
        let (word, synonym) = (plain(&also.word), plain(&also.synonym));
        lines.push(format!("For `{word}` we also searched for `{synonym}`."));
    }
    if found.total == 0 {
        let near: Vec<String> = found.suggestions.iter().map(|other| format!("`{}`", plain(other))).collect();
        let next = if near.is_empty() {
            "check the spelling, or use fewer words".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        lines.push(format!("Nothing was found for `{}`; {next}", plain(query)));
    } else if found.total > found.hits.len() {
        lines.push(format!("{} of {} sections; `--limit` shows more.", found.hits.len(), found.total));
    }
    lines
}

/// A snippet's text: its marks in bold, its escapes undone, and nothing that could steer a terminal.
fn words(snippet: &str, (on, off): (&str, &str)) -> String {
    let mut text = String::new();
    for (at, part) in snippet.split("<mark>").enumerate() {
        let (marked, rest) = match part.split_once("</mark>") {
            Some((marked, rest)) if at > 0 => (marked, rest),
            _ => ("", part),
        };
        if !marked.is_empty() {
            text.extend([on, &plain(&unescaped(marked)), off]);
        }
        text.push_str(&plain(&unescaped(rest)));
    }
    text.trim().to_owned()
}

fn unescaped(html: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'")];
    let text = named.iter().fold(html.to_owned(), |text, (escape, c)| text.replace(escape, c));
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: serde_json::Value) -> wire::Found {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn hits_read_well_on_a_terminal_and_in_a_pipe() {
        let found = found(serde_json::json!({
            "query": "rolback <x>", "total": 12, "took_us": 1,
            "corrected": {"query": "rollback", "from": "rolback"},
            "synonyms": [{"word": "vm", "synonym": "virtual machine"}],
            "suggestions": [],
            "hits": [
                {"kind": "guide", "app": null, "title": "Releases", "heading": "Go back", "url": "/releases/#go-back",
                 "page": "/releases/", "snippet": "<mark>rollback</mark> of &lt;b&gt; &amp;amp; \u{1b}[31m more", "score": 1.0},
                {"kind": "app", "app": "tides", "title": "Tides", "heading": "Tides", "url": "https://tides.example.org/",
                 "page": "https://tides.example.org/", "snippet": "", "score": 0.5},
            ],
        }));
        let shown = |bold| told(&found, "https://l.example", bold).join("\n").replace('\u{1b}', "ESC");
        let remarks = remarks(&found, "rolback").join("\n");
        insta::assert_snapshot!([shown(PLAIN), shown(BOLD), remarks].join("\n---\n"));
    }

    #[test]
    fn when_nothing_is_found_the_next_step_is_said() {
        let mut none = found(serde_json::json!({"query": "zzz", "total": 0, "took_us": 1, "corrected": null,
            "synonyms": [], "suggestions": [], "hits": []}));
        let without = remarks(&none, "zzz");
        none.suggestions = vec!["zoo".to_owned(), "zip".to_owned()];
        assert_eq!(without, ["Nothing was found for `zzz`; check the spelling, or use fewer words"]);
        assert_eq!(remarks(&none, "zzz"), ["Nothing was found for `zzz`; did you mean `zoo` or `zip`?"]);
    }
}
