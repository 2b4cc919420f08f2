//! Content codings (RFC 9110, section 12.5.3): chosen by the client's preferences, made once for each page.

use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

/// A content coding that we make, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// `gzip` (RFC 1952).
    Gzip,
}

/// Bodies shorter than this, in bytes, gain nothing.
const SHORTEST: usize = 512;

impl Coding {
    /// Best first.
    pub(super) const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// As `Content-Encoding` names it.
    #[must_use]
    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        })
    }

    /// The coding that the client likes best; among equals, the one that we do. `None` is the plain bytes.
    #[must_use]
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
        let mut best = None;
        let mut best_weight = 0;
        for coding in Self::ALL {
            let weight = weight(accepted, coding);
            if weight > best_weight {
                (best, best_weight) = (Some(coding), weight);
            }
        }
        best
    }

    fn encode(self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 32 << 10, 6, 20);
                encoder.write_all(plain)?;
                Ok(encoder.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(plain, 9),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                encoder.write_all(plain)?;
                encoder.finish()
            }
        }
    }
}

/// The q-value that `accepted` gives `coding`, in thousandths; 0 is "never".
fn weight(accepted: &str, coding: Coding) -> u32 {
    let name = coding.name();
    let mut any = 0;
    for item in accepted.split(',') {
        let (given, parameters) = item.split_once(';').unwrap_or((item, ""));
        let given = given.trim();
        let quality = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
        let weight = quality.map_or(1000, thousandths);
        if given.as_bytes().eq_ignore_ascii_case(name.as_bytes()) {
            return weight;
        }
        if given == "*" {
            any = weight;
        }
    }
    any
}

/// `0.5` is 500; what does not parse is 0.
fn thousandths(quality: &str) -> u32 {
    let quality: f32 = quality.trim().parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u32;
    thousandths
}

/// Bytes and their encoded forms, each made when it is first wanted.
#[derive(Debug)]
pub(super) struct Encoded {
    plain: Bytes,
    coded: [OnceLock<Option<Bytes>>; 3],
}

impl Encoded {
    /// These bytes.
    #[must_use]
    pub(super) fn new(plain: Bytes) -> Self {
        Self { plain, coded: Default::default() }
    }

    /// The bytes as they are.
    #[must_use]
    pub(super) fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// The bytes in `coding`, unless that makes them no shorter.
    #[must_use]
    pub(super) fn in_coding(&self, coding: Coding) -> Option<&Bytes> {
        self.coded[coding as usize]
            .get_or_init(|| {
                let long = self.plain.len() >= SHORTEST;
                let coded = long.then(|| coding.encode(&self.plain).ok()).flatten()?;
                (coded.len() < self.plain.len()).then(|| Bytes::from(coded))
            })
            .as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accepted: &'static str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        Coding::negotiate(&headers)
    }

    #[test]
    fn the_client_chooses_and_we_break_ties() {
        assert_eq!(chosen("gzip, deflate, br, zstd"), Some(Coding::Brotli));
        assert_eq!(chosen("gzip;q=1.0, br;q=0.5"), Some(Coding::Gzip));
        assert_eq!(chosen("br;q=0, *;q=0.1"), Some(Coding::Zstd));
        assert_eq!(chosen("GZIP"), Some(Coding::Gzip));
        assert_eq!(chosen("identity"), None);
        assert_eq!(chosen("gzip;q=0"), None);
        assert_eq!(chosen("gzip;q=x"), None);
        assert_eq!(chosen(""), None);
        assert_eq!(Coding::negotiate(&HeaderMap::new()), None);
    }

    #[test]
    fn codings_decode_to_the_same_bytes() {
        let plain = Bytes::from("the same words again ".repeat(100));
        let encoded = Encoded::new(plain.clone());
        let zstd = encoded.in_coding(Coding::Zstd).unwrap();
        assert_eq!(zstd::bulk::decompress(zstd, plain.len()).unwrap(), plain);
        let mut gunzipped = Vec::new();
        let gzip = encoded.in_coding(Coding::Gzip).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut gunzipped).unwrap();
        assert_eq!(gunzipped, plain);
        let mut unbrotlied = Vec::new();
        let brotli = encoded.in_coding(Coding::Brotli).unwrap();
        std::io::Read::read_to_end(&mut brotli::Decompressor::new(&brotli[..], 4096), &mut unbrotlied)
            .unwrap();
        assert_eq!(unbrotlied, plain);
        assert!(Encoded::new("short".into()).in_coding(Coding::Gzip).is_none());
    }
}
