//! Reading a release's two files of rules.

use crate::model::{FileEntry, Manifest};
use crate::releases::{ReleaseError, Releases};

use super::{HEADERS, LONGEST_FILE, Problems, REDIRECTS, Rules};

impl Releases {
    /// The rules of a finished release. Small files are read through the cache of blobs, and verified like any other.
    pub async fn rules_of(&self, manifest: &Manifest) -> Result<Rules, ReleaseError> {
        let (redirects, no_redirects) = self.rule_text(manifest, REDIRECTS).await?;
        let (headers, no_headers) = self.rule_text(manifest, HEADERS).await?;
        let mut rules = Rules::parse(&redirects, &headers);
        for problem in [no_redirects, no_headers].into_iter().flatten() {
            rules.problems.extend(problem.told);
        }
        Ok(rules)
    }

    /// The text of one of the files, empty when there is none or it cannot be used.
    async fn rule_text(
        &self,
        manifest: &Manifest,
        file: &'static str,
    ) -> Result<(String, Option<Problems>), ReleaseError> {
        let Some(entry) = manifest.files.get(file) else { return Ok((String::new(), None)) };
        let unusable = |what: String| {
            let mut problems = Problems::new(file);
            problems.add(0, what);
            Ok((String::new(), Some(problems)))
        };
        if entry.size > LONGEST_FILE as u64 {
            return unusable(format!("it has {} bytes; {LONGEST_FILE} is the most that is read", entry.size));
        }
        match String::from_utf8(self.small(entry).await?.to_vec()) {
            Ok(text) => Ok((text, None)),
            Err(_) => unusable("it is not UTF-8 text".to_owned()),
        }
    }

    async fn small(&self, entry: &FileEntry) -> Result<bytes::Bytes, ReleaseError> {
        #[expect(clippy::disallowed_methods, reason = "rules are read by the server and sent to nobody")]
        let blob = self.blobs().open(entry).await?;
        Ok(blob.bytes().cloned().unwrap_or_default())
    }
}
