//! Content codings (RFC 9110, section 12.5.3): chosen by the client's preferences, made once for each page.

use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

/// A content coding that we make, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    /// What a file's name ends with when its bytes are in this coding.
    #[must_use]
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// The coding that the client likes best; among equals, the one that we do. `None` is the plain bytes.
    #[must_use]
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        Self::negotiate_for(headers, |_| false)
    }

    /// Like [`Coding::negotiate`]; among equals, one that is `ready` goes first.
    #[must_use]
    pub(super) fn negotiate_for(headers: &HeaderMap, ready: impl Fn(Self) -> bool) -> Option<Self> {
        let weights = Weights::of(headers)?;
        let mut best = None;
        let mut best_weight = (weights.identity.unwrap_or(0), true);
        for coding in Self::ALL {
            let weight = (weights.coded[coding as usize].or(weights.any).unwrap_or(0), ready(coding));
            // A coding that is liked as much as the plain bytes is shorter.
            let better =
                weight.0 > 0 && (weight > best_weight || best.is_none() && weight.0 >= best_weight.0);
            if better {
                (best, best_weight) = (Some(coding), weight);
            }
        }
        best
    }

    /// `plain` in this coding, when that is shorter.
    #[must_use]
    pub(super) fn encode_shorter(self, plain: &[u8], effort: Effort) -> Option<Bytes> {
        let coded = (plain.len() >= SHORTEST).then(|| self.encode(plain, effort).ok()).flatten()?;
        // Encoders leave up to as much room again behind it, which would be kept as long as the form is.
        (coded.len() < plain.len()).then(|| Bytes::from(coded.into_boxed_slice()))
    }

    fn encode(self, plain: &[u8], effort: Effort) -> std::io::Result<Vec<u8>> {
        let quick = effort == Effort::Quick;
        match self {
            Self::Brotli => {
                let quality = if quick { 4 } else { 6 };
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 32 << 10, quality, 20);
                encoder.write_all(plain)?;
                Ok(encoder.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(plain, if quick { 3 } else { 9 }),
            Self::Gzip => {
                let level = flate2::Compression::new(if quick { 4 } else { 6 });
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(plain)?;
                encoder.finish()
            }
        }
    }
}

/// How much time an encoded form may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// For what is large.
    Quick,
    /// For what is small.
    Thorough,
}

/// The q-values of an `Accept-Encoding`, in thousandths; 0 is "never", `None` is not named.
#[derive(Debug, Default)]
struct Weights {
    coded: [Option<u16>; 3],
    identity: Option<u16>,
    any: Option<u16>,
}

impl Weights {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut weights = Self::default();
        let mut named = false;
        for line in headers.get_all(header::ACCEPT_ENCODING) {
            named = true;
            for item in line.to_str().unwrap_or_default().split(',') {
                let (given, parameters) = item.split_once(';').unwrap_or((item, ""));
                let given = given.trim();
                let quality = parameters.split(';').find_map(|parameter| {
                    let (name, value) = parameter.trim().split_once('=')?;
                    name.trim().eq_ignore_ascii_case("q").then_some(value)
                });
                let is = |name: &str| given.eq_ignore_ascii_case(name);
                let place = match () {
                    () if is("br") => &mut weights.coded[Coding::Brotli as usize],
                    () if is("zstd") => &mut weights.coded[Coding::Zstd as usize],
                    () if is("gzip") || is("x-gzip") => &mut weights.coded[Coding::Gzip as usize],
                    () if is("identity") => &mut weights.identity,
                    () if given == "*" => &mut weights.any,
                    () => continue,
                };
                *place = Some(quality.map_or(1000, thousandths));
            }
        }
        named.then_some(weights)
    }
}

/// `0.5` is 500; what does not parse is 0.
fn thousandths(quality: &str) -> u16 {
    let quality: f32 = quality.trim().parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
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
            .get_or_init(|| coding.encode_shorter(&self.plain, Effort::Thorough))
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
        assert_eq!(chosen("gzip;q=0.5, identity;q=0.9"), None);
        assert_eq!(chosen("gzip;q=0.5, identity;q=0.5"), Some(Coding::Gzip));
        assert_eq!(chosen("gzip ; Q=0.2 , br;q=0.1"), Some(Coding::Gzip));
        assert_eq!(chosen("*;q=0"), None);
        assert_eq!(chosen("*, br;q=0"), Some(Coding::Zstd));
        assert_eq!(chosen("gzip;q=0"), None);
        assert_eq!(chosen("gzip;q=x"), None);
        assert_eq!(chosen(""), None);
        assert_eq!(Coding::negotiate(&HeaderMap::new()), None);
    }

    #[test]
    fn among_equals_what_is_ready_goes_first() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        let ready = |coding| coding == Coding::Gzip;
        assert_eq!(Coding::negotiate_for(&headers, ready), Some(Coding::Gzip));
        headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip;q=0.5"));
        assert_eq!(Coding::negotiate_for(&headers, ready), Some(Coding::Brotli));
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
