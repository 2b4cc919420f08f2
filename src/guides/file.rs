//! Images and other files that lie beside the Markdown.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::tree::Entry;

/// A file that guides may show or link to, of a type that cannot act in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticFile {
    /// Where it is on disk.
    pub path: PathBuf,
    /// Its media type, with a charset for text.
    pub media_type: &'static str,
    /// In bytes.
    pub length: u64,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// An image's width and height in CSS pixels, where its first bytes tell.
    pub dimensions: Option<(u32, u32)>,
}

impl StaticFile {
    /// The file `relative` below `root`; `None` where its type is not one that is served.
    pub(super) fn load(root: &Path, relative: &str, entry: &Entry) -> Option<Self> {
        let media_type = media_type(relative)?;
        let path = root.join(relative);
        let dimensions = media_type.starts_with("image/").then(|| dimensions_of(&path, media_type)).flatten();
        Some(Self { path, media_type, length: entry.size, modified: entry.modified, dimensions })
    }

    /// Whether it must be served with a policy that keeps it from acting: an SVG is a document of its own.
    #[must_use]
    pub fn is_svg(&self) -> bool {
        self.media_type == "image/svg+xml"
    }
}

/// The types that are served, by the end of the name: nothing that a browser would run.
fn media_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "csv" => "text/csv; charset=utf-8",
        "tsv" => "text/tab-separated-values; charset=utf-8",
        "txt" | "log" | "r" | "py" | "sql" | "sh" => "text/plain; charset=utf-8",
        "json" | "geojson" | "ipynb" => "application/json",
        "yml" | "yaml" => "application/yaml",
        "parquet" => "application/vnd.apache.parquet",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

fn dimensions_of(path: &Path, media_type: &str) -> Option<(u32, u32)> {
    const ENOUGH: u64 = 64 << 10;
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(ENOUGH).read_to_end(&mut head).ok()?;
    let found = match media_type {
        "image/png" => png(&head),
        "image/gif" => gif(&head),
        "image/jpeg" => jpeg(&head),
        "image/svg+xml" => svg(&head),
        _ => None,
    };
    found.filter(|(width, height)| (1..=20_000).contains(width) && (1..=20_000).contains(height))
}

fn big_endian(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// PNG, section 11.2.1: the header chunk comes first.
fn png(head: &[u8]) -> Option<(u32, u32)> {
    head.starts_with(b"\x89PNG\r\n\x1a\n").then(|| Some((big_endian(head, 16)?, big_endian(head, 20)?)))?
}

/// `GIF89a`, section 18: the logical screen.
fn gif(head: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    head.starts_with(b"GIF8").then(|| Some((side(6)?, side(8)?)))?
}

/// JPEG (ITU-T T.81, annex B): the first frame header among the segments.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    head.starts_with(&[0xff, 0xd8]).then_some(())?;
    loop {
        let [0xff, marker, high, low] = *head.get(at..at + 4)? else { return None };
        let frame = (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if frame {
            let sides = big_endian(head, at + 5)?;
            return Some((sides & 0xffff, sides >> 16));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

/// SVG: its width and height in pixels, else those of its view box.
fn svg(head: &[u8]) -> Option<(u32, u32)> {
    let text = String::from_utf8_lossy(head);
    let root = text.get(text.find("<svg")?..)?;
    let root = root.get(..root.find('>')?)?;
    let attribute = |name: &str| {
        let at = root.match_indices(name).find(|(at, _)| root[..*at].ends_with(char::is_whitespace))?.0;
        let value = root.get(at + name.len()..)?.strip_prefix('=')?;
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value.get(1..)?.split(quote).next()
    };
    let pixels = |value: &str| value.trim_end_matches("px").trim().parse::<f64>().ok();
    let sides = attribute("width").and_then(pixels).zip(attribute("height").and_then(pixels));
    let sides = sides.or_else(|| {
        let mut numbers = attribute("viewBox")?.split([' ', ',']).filter(|word| !word.is_empty()).skip(2);
        pixels(numbers.next()?).zip(pixels(numbers.next()?))
    })?;
    Some((whole(sides.0)?, whole(sides.1)?))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn whole(side: f64) -> Option<u32> {
    (1.0..=20_000.0).contains(&side).then(|| side.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_that_cannot_act_are_served() {
        assert_eq!(media_type("a/b.PNG"), Some("image/png"));
        for name in
            ["a.html", "a.js", "a.mjs", "a.css", "a.xml", "a.xhtml", "a.wasm", "a.swf", "a.md", "README"]
        {
            assert_eq!(media_type(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_bytes_tell_an_image_s_size() {
        let png_head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";
        assert_eq!(png(png_head), Some((640, 480)));
        assert_eq!(gif(b"GIF89a\x80\x02\xe0\x01"), Some((640, 480)));
        let jpeg_head = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03";
        assert_eq!(jpeg(jpeg_head), Some((640, 480)));
        assert_eq!(svg(b"<?xml?><svg stroke-width='3' width=\"640px\" height='480'>"), Some((640, 480)));
        assert_eq!(svg(b"<svg width='100%' viewBox='0 0 640 480'>"), Some((640, 480)));
        for cut in 0..png_head.len() {
            png(&png_head[..cut]);
            jpeg(&jpeg_head[..cut.min(jpeg_head.len())]);
        }
    }
}
