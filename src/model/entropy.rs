//! Randomness, handed in so that a test can repeat it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::BASE64URL_NOPAD;

/// Where random bytes come from: the system's generator, or a test's seed.
#[derive(Clone, Debug, Default)]
pub struct Entropy(Option<Arc<(u64, AtomicU64)>>);

impl Entropy {
    /// The system's cryptographic generator.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A repeatable stream for tests; never for keys that matter.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new((seed, AtomicU64::new(0)))))
    }

    /// `N` random bytes, 32 at the most from a seeded stream.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done without it.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret can be made, and going on would be unsafe"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match &self.0 {
            None => SystemRandom::new().fill(&mut out).expect("the system's random generator answers"),
            Some(stream) => {
                let step = stream.1.fetch_add(1, Ordering::SeqCst);
                let block = digest(&SHA256, &[stream.0.to_le_bytes(), step.to_le_bytes()].concat());
                for (to, from) in out.iter_mut().zip(block.as_ref()) {
                    *to = *from;
                }
            }
        }
        out
    }

    /// 256 random bits as 43 characters of base64url (RFC 4648, section 5), safe in URLs and cookies.
    #[must_use]
    pub fn secret(&self) -> String {
        BASE64URL_NOPAD.encode(&self.bytes::<32>())
    }
}
