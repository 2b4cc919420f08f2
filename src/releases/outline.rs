//! The outline of a large blob: the digests of its chunks, so that each chunk is verified by itself.
//!
//! It is written down beside the blob when the blob arrives, so that one chunk of a large file costs one chunk. Its own
//! digest is at its end and covers which blob it is of: one that is damaged is none, and is made again from the blob.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;

use super::blobs::CHUNK;
use crate::model::Digest;

/// The length of a digest in bytes.
const DIGEST: usize = 32;

/// Digests of chunks, in order.
pub(super) type Outline = Arc<[Digest]>;

/// Hashes bytes as a whole and by chunks, as they come.
pub(super) struct Outliner {
    whole: Context,
    chunk: Context,
    /// Bytes of the chunk that is not full yet.
    filled: usize,
    chunks: Vec<Digest>,
    by_chunks: bool,
}

impl Outliner {
    /// For a blob of `size` bytes; one of a single chunk is hashed once.
    pub(super) fn new(size: u64) -> Self {
        let fresh = || Context::new(&SHA256);
        Self { whole: fresh(), chunk: fresh(), filled: 0, chunks: Vec::new(), by_chunks: size > CHUNK }
    }

    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        self.whole.update(bytes);
        while self.by_chunks && !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_LENGTH - self.filled));
            self.chunk.update(now);
            self.filled += now.len();
            if self.filled == CHUNK_LENGTH {
                self.end_chunk();
            }
            bytes = later;
        }
    }

    fn end_chunk(&mut self) {
        let full = std::mem::replace(&mut self.chunk, Context::new(&SHA256));
        self.chunks.push(finished(full));
        self.filled = 0;
    }

    /// The digest of all bytes, and those of the chunks; none when there is only one.
    pub(super) fn finish(mut self) -> (Digest, Outline) {
        if self.filled > 0 {
            self.end_chunk();
        }
        (finished(self.whole), self.chunks.into())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a chunk is a mebibyte")]
const CHUNK_LENGTH: usize = CHUNK as usize;

/// The outline of a blob as it is stored.
pub(super) fn write(digest: &Digest, size: u64, outline: &[Digest]) -> Bytes {
    let mut bytes = Vec::with_capacity((outline.len() + 1) * DIGEST);
    for chunk in outline {
        bytes.extend_from_slice(chunk.as_bytes());
    }
    let seal = seal(digest, size, &bytes);
    bytes.extend_from_slice(seal.as_bytes());
    bytes.into()
}

/// Reads the outline of this blob; `None` when it is damaged or another's.
pub(super) fn parse(digest: &Digest, size: u64, bytes: &[u8]) -> Option<Outline> {
    let chunks = usize::try_from(size.div_ceil(CHUNK)).ok()?;
    let (outline, sealed) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    let whole =
        outline.len() == chunks.checked_mul(DIGEST)? && seal(digest, size, outline).as_bytes() == sealed;
    whole.then(|| outline.as_chunks::<DIGEST>().0.iter().map(|chunk| Digest::from_bytes(*chunk)).collect())
}

fn seal(digest: &Digest, size: u64, outline: &[u8]) -> Digest {
    let mut seal = Context::new(&SHA256);
    seal.update(digest.as_bytes());
    seal.update(&size.to_le_bytes());
    seal.update(outline);
    finished(seal)
}

/// What a running hash came to.
fn finished(hash: Context) -> Digest {
    let mut bytes = [0; DIGEST];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_hashed_as_they_come() {
        let bytes: Vec<u8> = (0..2 * CHUNK_LENGTH + 5).map(|n| u8::try_from(n % 251).unwrap()).collect();
        for piece in [7_777, CHUNK_LENGTH, bytes.len()] {
            let mut outliner = Outliner::new(bytes.len() as u64);
            bytes.chunks(piece).for_each(|piece| outliner.add(piece));
            let (whole, outline) = outliner.finish();
            assert_eq!(whole, Digest::of(&bytes));
            let chunks: Vec<_> = bytes.chunks(CHUNK_LENGTH).map(Digest::of).collect();
            assert_eq!(&outline[..], chunks);
        }
    }

    #[test]
    fn a_small_blob_has_no_outline() {
        let mut outliner = Outliner::new(CHUNK);
        outliner.add(&vec![1; CHUNK_LENGTH]);
        assert!(outliner.finish().1.is_empty());
    }

    #[test]
    fn an_outline_reads_as_written_and_for_its_blob_alone() {
        let (digest, size) = (Digest::of(b"blob"), CHUNK + 1);
        let outline = [Digest::of(b"one"), Digest::of(b"two")];
        let written = write(&digest, size, &outline);
        assert_eq!(parse(&digest, size, &written).as_deref(), Some(&outline[..]));
        assert_eq!(parse(&Digest::of(b"other"), size, &written), None);
        assert_eq!(parse(&digest, size + 1, &written), None);
        assert_eq!(parse(&digest, 3 * CHUNK, &written), None);
        for at in [0, 40, written.len() - 1] {
            let mut damaged = written.to_vec();
            damaged[at] ^= 1;
            assert_eq!(parse(&digest, size, &damaged), None);
        }
        assert_eq!(parse(&digest, size, b""), None);
    }
}
