//! Media types and content codings.

use std::io::Read as _;

use super::{eventually, get, public};

/// A text that gets shorter.
fn text(times: usize) -> Vec<u8> {
    "the same words, again and again; ".repeat(times).into_bytes()
}

fn decoded(coding: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        None => plain.extend_from_slice(bytes),
        Some("gzip") => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap()),
        Some("br") => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap()),
        Some("zstd") => plain = zstd::stream::decode_all(bytes).unwrap(),
        Some(other) => panic!("{other}"),
    }
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_chooses_among_encodings() {
    let plain = text(200);
    let app = public(&[("index.html", &plain), ("data.csv", &plain), ("tiny.txt", b"tiny")]).await;
    let mut tags = Vec::new();
    for (accepts, coding) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip, deflate", Some("gzip")),
        ("zstd", Some("zstd")),
        ("br;q=0.1, gzip;q=0.9", Some("gzip")),
        ("br;q=0, *", Some("zstd")),
        ("identity", None),
        ("gzip;q=0", None),
        ("identity;q=1, gzip;q=0.2", None),
        ("deflate", None),
        ("", None),
    ] {
        for path in ["/", "/data.csv"] {
            let answer = get(&app, path, &[("Accept-Encoding", accepts)]).await;
            assert_eq!(answer.header("content-encoding"), coding, "{path} {accepts}");
            assert_eq!(decoded(coding, &answer.body), plain, "{path} {accepts}");
            assert_eq!(answer.header("vary"), Some("accept-encoding"), "{path} {accepts}");
            let head = app.request("HEAD", "site", path, &[("Accept-Encoding", accepts)]).await;
            assert_eq!(head.header("content-length"), answer.header("content-length"), "{path} {accepts}");
            assert_eq!(head.header("etag"), answer.header("etag"), "{path} {accepts}");
            tags.push(answer.header("etag").unwrap().to_owned());
        }
    }
    for tag in &tags {
        let held = [("Accept-Encoding", "br"), ("If-None-Match", tag.as_str())];
        let answer = get(&app, "/", &held).await;
        assert_eq!(
            (answer.status, answer.header("etag")),
            (304, Some(tag.as_str())),
            "whoever holds one form has it"
        );
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "each form has a tag of its own");
    assert_eq!(get(&app, "/tiny.txt", &[("Accept-Encoding", "br")]).await.header("content-encoding"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_compressed_already_or_read_by_ranges_is_sent_as_it_is() {
    let plain = text(200);
    let names = ["a.png", "a.parquet", "a.zip", "a.woff2", "a.tar.gz", "a.csv.gz", "a.csv"];
    let files: Vec<_> = names.iter().map(|name| (*name, plain.as_slice())).collect();
    let app = public(&files).await;
    for name in &names[..6] {
        let answer = get(&app, &format!("/{name}"), &[("Accept-Encoding", "gzip, br, zstd")]).await;
        assert_eq!(answer.header("content-encoding"), None, "{name}");
        assert_eq!(answer.body, plain, "{name}");
    }
    assert_eq!(get(&app, "/a.csv.gz", &[]).await.header("content-type"), Some("application/gzip"));
    let range = [("Accept-Encoding", "br"), ("Range", "bytes=4-7")];
    let part = get(&app, "/a.csv", &range).await;
    assert_eq!(
        (part.status, part.header("content-encoding"), part.body.as_slice()),
        (206, None, &plain[4..8])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishers_own_encoded_copies_are_sent() {
    let plain = text(200);
    let app = public(&[
        ("x.js", &plain),
        ("x.js.br", b"brotli by hand"),
        ("y.js", &plain),
        ("y.js.gz", b"gzip by hand"),
        ("z.png", &plain),
        ("z.png.gz", b"not used"),
    ])
    .await;
    let br = get(&app, "/x.js", &[("Accept-Encoding", "gzip, br")]).await;
    assert_eq!((br.text().as_str(), br.header("content-encoding")), ("brotli by hand", Some("br")));
    assert_eq!(br.header("content-type"), Some("text/javascript; charset=utf-8"));
    let made = get(&app, "/x.js", &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(decoded(made.header("content-encoding"), &made.body), plain);
    let ready = get(&app, "/y.js", &[("Accept-Encoding", "gzip, br")]).await;
    assert_eq!((ready.text().as_str(), ready.header("content-encoding")), ("gzip by hand", Some("gzip")));
    assert_eq!(get(&app, "/y.js", &[]).await.body, plain);
    let asked = get(&app, "/y.js.gz", &[("Accept-Encoding", "gzip")]).await;
    assert_eq!((asked.text().as_str(), asked.header("content-encoding")), ("gzip by hand", None));
    assert_eq!(get(&app, "/z.png", &[("Accept-Encoding", "gzip")]).await.body, plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_as_it_is_until_its_encoded_form_is_ready() {
    let plain = text(60_000);
    assert!(plain.len() > 1 << 20);
    let app = public(&[("bundle.js", &plain)]).await;
    let accepts = [("Accept-Encoding", "zstd")];
    let first = get(&app, "/bundle.js", &accepts).await;
    assert_eq!(decoded(first.header("content-encoding"), &first.body), plain);
    let later =
        eventually(&app, "/bundle.js", &accepts, |answer| answer.header("content-encoding").is_some()).await;
    assert!(later.body.len() < plain.len() / 10);
    assert_eq!(decoded(Some("zstd"), &later.body), plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_tell_media_types_and_browsers_do_not_guess() {
    let types = [
        ("a.css", "text/css; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.wasm", "application/wasm"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.arrow", "application/vnd.apache.arrow.file"),
        ("a.arrows", "application/vnd.apache.arrow.stream"),
        ("a.geojson", "application/geo+json"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.ipynb", "application/x-ipynb+json"),
        ("a.pmtiles", "application/vnd.pmtiles"),
        ("a.avif", "image/avif"),
        ("a.woff2", "font/woff2"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pdf", "application/pdf"),
        ("a.html.unknown", "application/octet-stream"),
        ("noending", "application/octet-stream"),
    ];
    let files: Vec<_> = types.iter().map(|(name, _)| (*name, b"x".as_slice())).collect();
    let app = public(&files).await;
    for (name, media_type) in types {
        let answer = get(&app, &format!("/{name}"), &[]).await;
        assert_eq!(answer.header("content-type"), Some(media_type), "{name}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name}");
    }
}
