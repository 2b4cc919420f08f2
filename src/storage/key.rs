//! The bucket's layout. Every path and every stored media type is made here and nowhere else.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use ulid::Ulid;

use crate::model::{AppName, Digest, ReleaseId, Subject};

/// The name of one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    path: String,
    media_type: &'static str,
}

/// The folder that a listing looks into; ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(String);

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

impl Key {
    fn json(path: String) -> Self {
        Self { path, media_type: JSON }
    }

    /// The bytes with this digest; immutable.
    #[must_use]
    pub fn blob(digest: &Digest) -> Self {
        let name = digest.to_string();
        Self { path: format!("blobs/sha256/{}/{name}", &name[..2]), media_type: BYTES }
    }

    /// The digests of a large blob's chunks; immutable.
    #[must_use]
    pub fn outline(digest: &Digest) -> Self {
        let name = digest.to_string();
        Self { path: format!("blobs/outlines/{}/{name}", &name[..2]), media_type: BYTES }
    }

    /// An app's record.
    #[must_use]
    pub fn app(app: &AppName) -> Self {
        Self::json(format!("apps/{app}/app.json"))
    }

    /// A finished release's manifest; immutable.
    #[must_use]
    pub fn manifest(app: &AppName, release: ReleaseId) -> Self {
        Self::json(format!("apps/{app}/releases/{release}.json"))
    }

    /// The text of a release's pages, for search; immutable.
    #[must_use]
    pub fn text(app: &AppName, release: ReleaseId) -> Self {
        Self { path: format!("apps/{app}/releases/{release}.text.zst"), media_type: "application/zstd" }
    }

    /// What a release that is not finished yet will hold.
    #[must_use]
    pub fn pending(app: &AppName, release: ReleaseId) -> Self {
        Self::json(format!("apps/{app}/pending/{release}/manifest.json"))
    }

    /// Says that the bytes with this digest arrived for a release that is not finished yet.
    #[must_use]
    pub fn arrived(app: &AppName, release: ReleaseId, digest: &Digest) -> Self {
        Self { path: format!("apps/{app}/pending/{release}/blobs/{digest}"), media_type: BYTES }
    }

    /// Names several blobs that arrived for a release that is not finished yet; `id` is this object's own.
    #[must_use]
    pub fn arrived_together(app: &AppName, release: ReleaseId, id: Ulid) -> Self {
        Self::json(format!("apps/{app}/pending/{release}/blobs/{}.json", id.to_string().to_lowercase()))
    }

    /// Lines of the record of a whole site that were written together: when, by which server, from which number.
    #[must_use]
    pub fn record(when: Timestamp, server: &str, first: u64) -> Self {
        let when = jiff::tz::TimeZone::UTC.to_datetime(when);
        Self::json(format!("audit/{}/{}-{server}-{first:012}.json", when.date(), when.strftime("%H%M%S")))
    }

    /// What somebody asked of an app's publishers; `owner` is who asked.
    #[must_use]
    pub fn request(app: &AppName, owner: &str) -> Self {
        Self::json(format!("apps/{app}/requests/{owner}.json"))
    }

    /// How far the filling of an app from its synced folder is.
    #[must_use]
    pub fn synced(app: &AppName) -> Self {
        Self::json(format!("apps/{app}/synced.json"))
    }

    /// Which version of which file of its synced folder was copied into an app.
    #[must_use]
    pub fn copied(app: &AppName) -> Self {
        Self::json(format!("apps/{app}/copied.json"))
    }

    /// Which server watches the synced folders.
    #[must_use]
    pub fn synced_claim() -> Self {
        Self::json("synced/claim.json".to_owned())
    }

    /// Lines of an app's audit record that were written together; `id` orders them.
    #[must_use]
    pub fn audit(app: &AppName, id: Ulid) -> Self {
        Self::json(format!("apps/{app}/audit/{}.json", id.to_string().to_lowercase()))
    }

    /// Changes with every change; what replicas poll.
    #[must_use]
    pub fn generation() -> Self {
        Self::json("catalog/generation".to_owned())
    }

    /// Changes whenever somebody has compared the gathered records with the truth.
    #[must_use]
    pub fn looked_over() -> Self {
        Self::json("catalog/looked-over".to_owned())
    }

    /// Every app's record, gathered: a copy that starts are quick with.
    #[must_use]
    pub fn gathered() -> Self {
        Self { path: "catalog/apps.json.zst".to_owned(), media_type: "application/zstd" }
    }

    /// What is being cleared away just now; there while that happens.
    #[must_use]
    pub fn clearing() -> Self {
        Self::json("gc/clearing.json".to_owned())
    }

    /// Says that the session whose identity has this digest was ended.
    #[must_use]
    pub fn ended_session(session: &Digest) -> Self {
        Self::json(format!("sessions/{session}"))
    }

    /// Says that the sessions that `whom` names were ended that began up to `until`.
    #[must_use]
    pub fn ended_sessions(whom: &Digest, until: Timestamp) -> Self {
        Self::json(format!("sessions/{whom}-{}", until.as_second()))
    }

    /// Says that the tokens that `whom` names were ended that were made up to `until`. Tokens last longer than
    /// sessions, so this is kept for longer.
    #[must_use]
    pub fn ended_tokens(whom: &Digest, until: Timestamp) -> Self {
        Self::json(format!("ended-tokens/{whom}-{}", until.as_second()))
    }

    /// A single-use marker: whoever creates it may use the code.
    #[must_use]
    pub fn burnt(code: &str) -> Self {
        Self::json(format!("burn/{}", Digest::of(code.as_bytes())))
    }

    /// One of a person's API tokens.
    #[must_use]
    pub fn token(owner: &str, id: Ulid) -> Self {
        Self::json(format!("tokens/{owner}/{}.json", id.to_string().to_lowercase()))
    }

    /// One of a person's sign-ins; `id` orders them.
    #[must_use]
    pub fn sign_in(owner: &str, id: Ulid) -> Self {
        Self::json(format!("sign-ins/{owner}/{}.json", id.to_string().to_lowercase()))
    }

    /// A command that waits until somebody types the code with this digest.
    #[must_use]
    pub fn device(code: &Digest) -> Self {
        Self::json(format!("devices/{code}.json"))
    }

    /// The first 32 hexadecimal digits of a digest of (iss, sub): how a person stands in a key.
    #[must_use]
    pub fn owner(subject: &Subject) -> String {
        let mut name = Digest::of(format!("{}\0{}", subject.iss, subject.sub).as_bytes()).to_string();
        name.truncate(32);
        name
    }

    /// What one server counted of one day's searches.
    #[must_use]
    pub fn searches(day: Date, server: &str) -> Self {
        Self::json(format!("searches/{day}/{server}.json"))
    }

    /// Never there: a bucket that lets a write replace a version of it does not honour conditions.
    #[must_use]
    pub(super) fn probe() -> Self {
        Self::json("catalog/probe".to_owned())
    }

    /// The path in the bucket, below its own prefix.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The media type it is stored with.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl Prefix {
    /// All apps: one folder an app.
    #[must_use]
    pub fn apps() -> Self {
        Self("apps/".to_owned())
    }

    /// The manifests and texts of an app's finished releases.
    #[must_use]
    pub fn releases(app: &AppName) -> Self {
        Self(format!("apps/{app}/releases/"))
    }

    /// All blobs, and their outlines.
    #[must_use]
    pub fn all_blobs() -> Self {
        Self("blobs/".to_owned())
    }

    /// The blobs whose digests begin with this byte.
    #[must_use]
    pub fn blobs(first: u8) -> Self {
        Self(format!("blobs/sha256/{first:02x}/"))
    }

    /// An app's releases that are not finished yet: one folder each.
    #[must_use]
    pub fn pending(app: &AppName) -> Self {
        Self(format!("apps/{app}/pending/"))
    }

    /// The blobs that arrived for a release that is not finished yet.
    #[must_use]
    pub fn arrived(app: &AppName, release: ReleaseId) -> Self {
        Self(format!("apps/{app}/pending/{release}/blobs/"))
    }

    /// An app's audit record, oldest first.
    #[must_use]
    pub fn audit(app: &AppName) -> Self {
        Self(format!("apps/{app}/audit/"))
    }

    /// What people asked of an app's publishers.
    #[must_use]
    pub fn requests(app: &AppName) -> Self {
        Self(format!("apps/{app}/requests/"))
    }

    /// The record of a whole site: one folder a day.
    #[must_use]
    pub fn record() -> Self {
        Self("audit/".to_owned())
    }

    /// The record of one day, oldest first.
    #[must_use]
    pub fn record_of(day: Date) -> Self {
        Self(format!("audit/{day}/"))
    }

    /// The sessions that were ended.
    #[must_use]
    pub fn ended_sessions() -> Self {
        Self("sessions/".to_owned())
    }

    /// Whose tokens were ended.
    #[must_use]
    pub fn ended_tokens() -> Self {
        Self("ended-tokens/".to_owned())
    }

    /// What was counted of searches: one folder a day.
    #[must_use]
    pub fn searches() -> Self {
        Self("searches/".to_owned())
    }

    /// What the servers counted of one day's searches.
    #[must_use]
    pub fn searches_of(day: Date) -> Self {
        Self(format!("searches/{day}/"))
    }

    /// The sign-ins of the person that [`Key::owner`] names, oldest first.
    #[must_use]
    pub fn sign_ins(owner: &str) -> Self {
        Self(format!("sign-ins/{owner}/"))
    }

    /// The API tokens of the person that [`Key::owner`] names.
    #[must_use]
    pub fn tokens(owner: &str) -> Self {
        Self(format!("tokens/{owner}/"))
    }

    /// The path in the bucket, below its own prefix.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }
}

/// A ULID made of `now` and the low 80 of these bits, the lowest first, for keys that are ordered by time.
#[must_use]
pub fn ordered_id(now: Timestamp, random: [u8; 16]) -> Ulid {
    Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or_default(), u128::from_le_bytes(random))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
