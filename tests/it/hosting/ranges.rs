//! Conditional and range requests (RFC 9110, sections 13 and 14).

use super::{get, public};
use crate::support::app::{Answer, TestApp};

fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn site() -> TestApp {
    let large = large();
    public(&[("index.html", b"0123456789"), ("empty.bin", b""), ("big.bin", &large), ("big.parquet", &large)])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_single_suffix_open_or_none() {
    let app = site().await;
    let large = large();
    for (path, whole) in [("/", b"0123456789".as_slice()), ("/big.bin", &large), ("/big.parquet", &large)] {
        let size = whole.len();
        let end = size - 1;
        for (range, status, expected) in [
            ("bytes=0-0".to_owned(), 206, Some((0, 0))),
            ("bytes=2-5".to_owned(), 206, Some((2, 5))),
            ("bytes=5-".to_owned(), 206, Some((5, end))),
            ("bytes=-4".to_owned(), 206, Some((size - 4, end))),
            (format!("bytes=-{}", size + 9), 206, Some((0, end))),
            (format!("bytes=3-{}", size + 9), 206, Some((3, end))),
            (format!("bytes={size}-"), 416, None),
            ("bytes=-0".to_owned(), 416, None),
            ("bytes=5-2".to_owned(), 200, Some((0, end))),
            ("items=0-1".to_owned(), 200, Some((0, end))),
            ("bytes=x".to_owned(), 200, Some((0, end))),
        ] {
            let answer = get(&app, path, &[("Range", &range)]).await;
            let head = app.request("HEAD", "site", path, &[("Range", &range)]).await;
            assert_eq!(answer.status, status, "{path} {range}");
            assert_eq!((head.status, head.body.len()), (status, 0), "HEAD {path} {range}");
            assert_eq!(head.header("content-range"), answer.header("content-range"), "HEAD {path} {range}");
            assert_eq!(head.header("content-length"), answer.header("content-length"), "HEAD {path} {range}");
            match expected {
                Some((first, last)) => {
                    assert!(answer.body == whole[first..=last], "{path} {range}");
                    assert_eq!(answer.header("content-length").unwrap(), (last - first + 1).to_string());
                    let stated = (status == 206).then(|| format!("bytes {first}-{last}/{size}"));
                    assert_eq!(answer.header("content-range").map(str::to_owned), stated, "{path} {range}");
                    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
                }
                None => assert_eq!(answer.header("content-range").unwrap(), format!("bytes */{size}")),
            }
        }
    }
    assert_eq!(get(&app, "/empty.bin", &[("Range", "bytes=0-")]).await.status, 416);
    assert_eq!(get(&app, "/empty.bin", &[]).await.header("content-length"), Some("0"));
}

/// The parts of a `multipart/byteranges`: `Content-Range` and bytes.
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let media_type = answer.header("content-type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let marker = format!("\r\n--{boundary}");
    let mut rest = answer.body.as_slice();
    let mut parts = Vec::new();
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|window| window == needle);
    loop {
        let at = find(rest, marker.as_bytes()).expect("a boundary");
        rest = &rest[at + marker.len()..];
        if rest == b"--\r\n" {
            return parts;
        }
        let body = find(rest, b"\r\n\r\n").expect("the end of a part's head") + 4;
        let head = String::from_utf8(rest[..body].to_vec()).unwrap();
        let range = head.lines().find_map(|line| line.strip_prefix("Content-Range: ")).unwrap().to_owned();
        assert!(head.contains("Content-Type: "), "{head}");
        let end = find(&rest[body..], marker.as_bytes()).expect("the next boundary");
        parts.push((range, rest[body..body + end].to_vec()));
        rest = &rest[body..];
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ranges_come_in_parts_and_are_bounded() {
    let app = site().await;
    let large = large();
    let asked = "bytes=0-9, 1048570-1048585 ,-5";
    let answer = get(&app, "/big.bin", &[("Range", asked)]).await;
    assert_eq!(answer.status, 206);
    assert_eq!(answer.header("content-range"), None);
    assert_eq!(answer.header("content-length").unwrap(), answer.body.len().to_string());
    let expected = [(0, 9), (1_048_570, 1_048_585), (2_999_995, 2_999_999)];
    for ((range, bytes), (first, last)) in parts(&answer).into_iter().zip(expected) {
        assert_eq!(range, format!("bytes {first}-{last}/3000000"));
        assert!(bytes == large[first..=last], "{range}");
    }
    assert_eq!(parts(&answer).len(), 3);
    let head = app.request("HEAD", "site", "/big.bin", &[("Range", asked)]).await;
    assert_eq!(head.header("content-length"), answer.header("content-length"));

    let near = get(&app, "/big.bin", &[("Range", "bytes=0-9,5-20,30-40")]).await;
    assert_eq!(near.header("content-range"), Some("bytes 0-40/3000000"), "what nearly touches is one");
    let mixed = get(&app, "/big.bin", &[("Range", "bytes=0-9,9000000-")]).await;
    assert_eq!(mixed.header("content-range"), Some("bytes 0-9/3000000"));
    let many: Vec<String> = (0..100).map(|n| format!("{0}-{0}", n * 1000)).collect();
    let whole = get(&app, "/big.bin", &[("Range", &format!("bytes={}", many.join(",")))]).await;
    assert_eq!((whole.status, whole.body.len()), (200, 3_000_000), "too many are passed over");
    let small = get(&app, "/", &[("Range", "bytes=0-1,8-9")]).await;
    assert_eq!(small.body, b"0123456789", "in a small file everything nearly touches");
}

#[tokio::test(flavor = "multi_thread")]
async fn preconditions_are_weighed_in_the_standards_order() {
    let app = site().await;
    let first = get(&app, "/", &[]).await;
    let (etag, modified) =
        (first.header("etag").unwrap().to_owned(), first.header("last-modified").unwrap().to_owned());
    assert!(etag.starts_with('"'), "strong");
    let (past, future) = ("Tue, 01 Jan 2019 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    let weak = format!("W/{etag}");
    for (headers, status) in [
        (vec![("If-None-Match", etag.as_str())], 304),
        (vec![("If-None-Match", weak.as_str())], 304),
        (vec![("If-None-Match", "*")], 304),
        (vec![("If-None-Match", "\"other\"")], 200),
        (vec![("If-None-Match", "\"other\""), ("If-Modified-Since", future)], 200),
        (vec![("If-Modified-Since", modified.as_str())], 304),
        (vec![("If-Modified-Since", future)], 304),
        (vec![("If-Modified-Since", past)], 200),
        (vec![("If-Modified-Since", "no date")], 200),
        (vec![("If-Match", etag.as_str())], 200),
        (vec![("If-Match", weak.as_str())], 412),
        (vec![("If-Match", "\"other\"")], 412),
        (vec![("If-Unmodified-Since", past)], 412),
        (vec![("If-Unmodified-Since", modified.as_str())], 200),
        (vec![("If-Match", etag.as_str()), ("If-Unmodified-Since", past)], 200),
        (vec![("Range", "bytes=0-1"), ("If-Range", etag.as_str())], 206),
        (vec![("Range", "bytes=0-1"), ("If-Range", weak.as_str())], 200),
        (vec![("Range", "bytes=0-1"), ("If-Range", "\"other\"")], 200),
        (vec![("Range", "bytes=0-1"), ("If-Range", modified.as_str())], 206),
        (vec![("Range", "bytes=0-1"), ("If-Range", past)], 200),
        (vec![("Range", "bytes=0-1"), ("If-None-Match", etag.as_str())], 304),
    ] {
        let answer = get(&app, "/", &headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 304 {
            assert_eq!(answer.header("etag"), Some(etag.as_str()), "{headers:?}");
            assert_eq!(answer.header("last-modified"), Some(modified.as_str()));
            assert_eq!((answer.body.len(), answer.header("content-type")), (0, None));
        }
    }
}
