//! Media types, from names alone: a browser is told what a file is and never guesses (`nosniff`).

use crate::model::FilePath;

/// Types that matter to analysts and are missing or otherwise in the general list.
const OURS: [(&str, &str); 17] = [
    ("arrow", "application/vnd.apache.arrow.file"),
    ("arrows", "application/vnd.apache.arrow.stream"),
    ("avif", "image/avif"),
    ("feather", "application/vnd.apache.arrow.file"),
    ("geojson", "application/geo+json"),
    ("ipynb", "application/x-ipynb+json"),
    ("js", "text/javascript"),
    ("map", "application/json"),
    ("mjs", "text/javascript"),
    ("ndjson", "application/x-ndjson"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pmtiles", "application/vnd.pmtiles"),
    ("qmd", "text/markdown"),
    ("rmd", "text/markdown"),
    ("topojson", "application/json"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
];

/// The media type for a file of this name, with `charset=utf-8` for text (RFC 9110, section 8.3.1).
#[must_use]
pub fn media_type(path: &FilePath) -> String {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let ours = extension.as_deref().and_then(|e| OURS.iter().find(|(ours, _)| *ours == e));
    let plain = match ours {
        Some((_, media_type)) => (*media_type).to_owned(),
        None => mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned(),
    };
    let is_text = plain.starts_with("text/") || plain == "image/svg+xml" || plain.ends_with("/xml");
    if is_text { plain + "; charset=utf-8" } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_media_types() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a/Style.CSS", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("data.csv", "text/csv; charset=utf-8"),
            ("a.svg", "image/svg+xml; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a.parquet", "application/vnd.apache.parquet"),
            ("a.arrow", "application/vnd.apache.arrow.file"),
            ("a.geojson", "application/geo+json"),
            ("site.webmanifest", "application/manifest+json"),
            ("a.ipynb", "application/x-ipynb+json"),
            ("a.pmtiles", "application/vnd.pmtiles"),
            ("a.png", "image/png"),
            ("a.woff2", "font/woff2"),
            ("a.tar.gz", "application/gzip"),
            ("README", "application/octet-stream"),
            ("a.html/b", "application/octet-stream"),
        ] {
            assert_eq!(media_type(&name.parse().unwrap()), expected, "{name}");
        }
    }
}
