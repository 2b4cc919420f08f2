//! Sessions that ended before their time: one, or all that somebody began up to a moment. It is all that the bucket
//! holds of sessions.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Digest, Whom};
use crate::storage::{Body, Condition, Key};

use super::journal::Changed;
use super::{ReleaseError, Releases};

/// How far servers' clocks may be apart: what began within this after an ending by the clock of one may have begun
/// before it by the clock of another, so it ends too.
pub(super) const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

impl Releases {
    /// Ends a session, here at once and elsewhere with the next poll.
    pub async fn end_session(&self, session: &str) -> Result<(), ReleaseError> {
        self.end_session_named(Digest::of(session.as_bytes())).await
    }

    /// Ends the session whose identity has this digest.
    pub async fn end_session_named(&self, session: Digest) -> Result<(), ReleaseError> {
        let _stored = self.0.storage.put(&Key::ended_session(&session), nothing(), Condition::Always).await?;
        let now = self.0.clock.now();
        self.swap(|catalog| catalog.with_ended(&[session], now));
        self.announce(Changed::Session(session)).await;
        Ok(())
    }

    /// Ends whatever `whom` names that began up to `until`, here at once and elsewhere with the next poll.
    pub async fn end_all(&self, whom: &Whom<'_>, until: Timestamp) -> Result<(), ReleaseError> {
        let tokens = matches!(whom, Whom::TokensOf(_));
        let whom = whom.digest();
        let key = if tokens { Key::ended_tokens(&whom, until) } else { Key::ended_sessions(&whom, until) };
        let _stored = self.0.storage.put(&key, nothing(), Condition::Always).await?;
        self.swap(|catalog| catalog.with_all_ended_until(&[(whom, until)]));
        self.announce(Changed::Everything { whom, until: until.as_second() }).await;
        Ok(())
    }
}

fn nothing() -> Body {
    Body::Bytes(bytes::Bytes::from_static(b"{}"))
}

/// What the name of an object below `sessions/` or `ended-tokens/` says: whom it is about, and up to when; `None` is one session.
pub(super) fn parse(name: &str) -> Option<(Digest, Option<Timestamp>)> {
    match name.split_once('-') {
        None => Some((name.parse().ok()?, None)),
        Some((whom, until)) => {
            let until = Timestamp::from_second(until.parse().ok()?).ok()?;
            Some((whom.parse().ok()?, Some(until)))
        }
    }
}
