//! Markdown and notebooks by section. Both are served as they are, so their headings are no anchors.

use std::time::Instant;

use pulldown_cmark::{Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::outline::Outline;
use crate::model::AppPage;

/// The sections of a Markdown document.
pub(super) fn read(markdown: &str, path: String, name: &str, until: Instant) -> Option<AppPage> {
    let mut outline = Outline::default();
    let title = take(markdown, &mut outline, until);
    outline.finish(path, title.as_deref(), name)
}

/// The sections of a Jupyter notebook: its Markdown and its code, not what the code put out.
pub(super) fn read_notebook(json: &str, path: String, name: &str, until: Instant) -> Option<AppPage> {
    let notebook: Notebook = serde_json::from_str(json).ok()?;
    let mut outline = Outline::default();
    for cell in notebook.cells {
        let source = match cell.source {
            Source::Whole(source) => source,
            Source::Lines(lines) => lines.concat(),
        };
        match cell.kind.as_str() {
            "markdown" => {
                take(&source, &mut outline, until);
            }
            "code" => {
                outline.code(&source);
                outline.code("\n");
            }
            _ => {}
        }
    }
    outline.finish(path, None, name)
}

#[derive(Deserialize)]
struct Notebook {
    #[serde(default)]
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(default, rename = "cell_type")]
    kind: String,
    #[serde(default)]
    source: Source,
    /// Figures and tables: large, and not what anybody wrote.
    #[serde(default, rename = "outputs")]
    _outputs: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Whole(String),
    Lines(Vec<String>),
}

impl Default for Source {
    fn default() -> Self {
        Self::Whole(String::new())
    }
}

/// Adds a document to `outline`; answers the title that its front matter gives.
fn take(markdown: &str, outline: &mut Outline, until: Instant) -> Option<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut place = Place::Prose;
    let mut heading = String::new();
    let mut front_matter = String::new();
    for event in Parser::new_ext(markdown, options) {
        if outline.is_full() || Instant::now() >= until {
            break;
        }
        match event {
            Event::Start(Tag::Heading { .. }) => place = Place::Heading,
            Event::End(TagEnd::Heading(level)) => {
                outline.heading(level as u8, "", &heading);
                heading.clear();
                place = Place::Prose;
            }
            Event::Start(Tag::CodeBlock(_)) => place = Place::Code,
            Event::Start(Tag::MetadataBlock(MetadataBlockKind::YamlStyle)) => place = Place::FrontMatter,
            Event::End(TagEnd::CodeBlock | TagEnd::MetadataBlock(_)) => place = Place::Prose,
            Event::Text(text) | Event::Code(text) => match place {
                Place::Prose => outline.text(&text),
                Place::Code => outline.code(&text),
                Place::Heading => heading.push_str(&text),
                Place::FrontMatter => front_matter.push_str(&text),
            },
            Event::SoftBreak | Event::End(TagEnd::TableCell) => match place {
                Place::Heading => heading.push(' '),
                _ => outline.text(" "),
            },
            Event::HardBreak
            | Event::Rule
            | Event::End(
                TagEnd::Paragraph
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow
                | TagEnd::BlockQuote(_),
            )
            | Event::Start(Tag::List(_)) => outline.line(),
            _ => {}
        }
    }
    title_in(&front_matter)
}

#[derive(Clone, Copy)]
enum Place {
    Prose,
    Heading,
    Code,
    FrontMatter,
}

fn title_in(front_matter: &str) -> Option<String> {
    let title = front_matter.lines().find_map(|line| line.strip_prefix("title:"))?.trim();
    let bare = title.trim_matches(['"', '\'']).trim();
    (!bare.is_empty()).then(|| bare.to_owned())
}
