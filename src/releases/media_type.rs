//! Media types, from names alone: what uploading clients say of types is wrong too often.

/// The media type of a file with this name, with `charset=utf-8` for text.
#[must_use]
pub fn media_type(name: &str) -> String {
    let extension = name.rsplit(['/', '.']).next().unwrap_or_default().to_ascii_lowercase();
    let essence = match extension.as_str() {
        // Missing from the registry that the crate is made of, or another type there than browsers and tools expect.
        "js" | "mjs" | "cjs" => "text/javascript".to_owned(),
        "wasm" => "application/wasm".to_owned(),
        "parquet" => "application/vnd.apache.parquet".to_owned(),
        "arrow" => "application/vnd.apache.arrow.file".to_owned(),
        "arrows" => "application/vnd.apache.arrow.stream".to_owned(),
        "geojson" => "application/geo+json".to_owned(),
        "webmanifest" => "application/manifest+json".to_owned(),
        "ipynb" => "application/x-ipynb+json".to_owned(),
        "pmtiles" => "application/vnd.pmtiles".to_owned(),
        "map" => "application/json".to_owned(),
        "md" | "qmd" | "rmd" => "text/markdown".to_owned(),
        "ico" => "image/x-icon".to_owned(),
        _ => mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned(),
    };
    let is_text = essence.starts_with("text/") || matches!(essence.as_str(), "application/json" | "application/xml");
    if is_text { format!("{essence}; charset=utf-8") } else { essence }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn names_give_the_types_that_browsers_and_tools_expect() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a/b.CSS", "text/css; charset=utf-8"),
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.mjs", "text/javascript; charset=utf-8"),
            ("duckdb.wasm", "application/wasm"),
            ("sales.parquet", "application/vnd.apache.parquet"),
            ("map.geojson", "application/geo+json"),
            ("data.csv", "text/csv; charset=utf-8"),
            ("data.json", "application/json; charset=utf-8"),
            ("logo.svg", "image/svg+xml"),
            ("font.woff2", "font/woff2"),
            ("archive.tar.gz", "application/gzip"),
            ("README", "application/octet-stream"),
            (".html", "text/html; charset=utf-8"),
        ] {
            assert_eq!(media_type(name), expected, "{name}");
        }
    }
}
