//! Searching without a server: a bounded index, and a page with the script that reads it.

use anyhow::Result;
use serde::Serialize;

use super::folder::Folder;
use super::rewrite::Site;
use crate::model::{Guide, encode_path};

/// How much of a section's text is searched, in characters.
const LONGEST_TEXT: usize = 1000;
/// The most text in an index, in characters: a few megabytes, fewer when they are sent compressed.
const MOST_TEXT: usize = 6_000_000;

const SCRIPT: &str = include_str!("../../../themes/default/static/search.js");
const END_OF_MAIN: &str = "</main>";

/// A section, as the script finds it.
#[derive(Serialize)]
struct Entry<'a> {
    /// The guide's title.
    t: &'a str,
    /// The heading, where the section has one of its own.
    #[serde(skip_serializing_if = "str::is_empty")]
    h: &'a str,
    /// The address, from the site's root without its first slash.
    u: String,
    /// The text.
    x: String,
}

/// Writes the index and the script, and puts them into the search page.
pub(super) fn write<'a>(
    folder: &Folder,
    site: &Site<'_>,
    guides: impl Iterator<Item = &'a Guide>,
) -> Result<()> {
    let mut left = MOST_TEXT;
    let mut entries = Vec::new();
    for guide in guides {
        let path = encode_path(guide.path.as_str());
        for (index, section) in guide.sections.iter().enumerate() {
            let text: String = section.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text: String = text.chars().take(LONGEST_TEXT.min(left)).collect();
            left -= text.chars().count();
            let anchor =
                if section.id.is_empty() { String::new() } else { format!("#{}", encode_path(&section.id)) };
            let heading = if index == 0 { "" } else { &section.heading };
            let url = format!("{}{anchor}", path.trim_start_matches('/'));
            entries.push(Entry { t: &guide.title, h: heading, u: url, x: text });
        }
    }
    folder.write("/-/search/index.json", &serde_json::to_vec(&entries)?)?;
    folder.write("/-/search/search.js", SCRIPT.as_bytes())?;
    let page = folder.read("/-/search/")?;
    let root = site.address("/-/search/", "/");
    let hits = format!(
        "<div id=\"found\" data-root=\"{root}\"><p>Searching here needs JavaScript. <a href=\"{root}\">The first \
         page</a> leads to every guide.</p></div>\n<script type=\"module\" src=\"search.js\"></script>\n{END_OF_MAIN}"
    );
    folder.write("/-/search/", page.replacen(END_OF_MAIN, &hits, 1).as_bytes())
}
