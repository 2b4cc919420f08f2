//! API tokens: shown once, kept as a hash.
//!
//! 1. [`mint`] makes the text `loggia_<owner>_<id>_<secret>` and the record to keep.
//! 2. [`parse`] takes such a text apart, from an `Authorization` header by way of [`bearer`]; owner and id find
//!    the record.
//! 3. [`verify`] compares the secret in constant time, and [`covers`] says whether the token's scope is wide
//!    enough. What it may do there is an [`Ability`], of which each holds the ones before it.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::config::Secret;
use crate::model::{Ability, AppName, Digest, Entropy, Person, TokenRecord, TokenScope, VouchedJob};

use super::session::after;

/// The longest life of a token, in days.
pub const LONGEST_DAYS: u16 = 366;
const LONGEST_LABEL: usize = 80;
const OWNER_LENGTH: usize = 32;
const ID_LENGTH: usize = 26;
const SECRET_LENGTH: usize = 43;

/// Why a token cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Its label is empty, too long, or holds control characters.
    #[error("a token's label needs 1 to {LONGEST_LABEL} characters; name what will use it")]
    Label,
    /// It would last for nothing or too long.
    #[error("a token lasts 1 to {LONGEST_DAYS} days, not {0}")]
    Days(u16),
}

/// A token that somebody asks for.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// What they call it.
    pub label: &'w str,
    /// What it may do.
    pub may: Ability,
    /// Where.
    pub scope: TokenScope,
    /// How long it lasts, in days.
    pub days: u16,
    /// When the session began by which they ask. A session that began after all of somebody's sessions and tokens were
    /// ended says that it began a little later than it did, and so must what is made in it.
    pub since: Timestamp,
}

/// Makes a token for `person`, whom `owner` names in keys: the text to show once, and the record to keep.
pub fn mint(
    person: &Person,
    owner: &str,
    wanted: Wanted<'_>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(Secret, TokenRecord), MintError> {
    let Wanted { label, may, scope, days, since } = wanted;
    let label = label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(MintError::Label);
    }
    if !(1..=LONGEST_DAYS).contains(&days) {
        return Err(MintError::Days(days));
    }
    let (id, secret, text) = random(owner, now, entropy);
    let record = TokenRecord {
        id,
        person: person.clone(),
        label: label.to_owned(),
        scope,
        may,
        secret_sha256: Digest::of(secret.as_bytes()),
        created: now.max(since),
        expires: after(now, Duration::from_secs(u64::from(days) * 24 * 3600)),
        used: None,
        job: None,
    };
    Ok((text, record))
}

/// Makes a token for a job, which may publish within `scope` for `life`, as long as an app trusts it.
#[must_use]
pub fn mint_for_job(
    person: &Person,
    owner: &str,
    scope: TokenScope,
    job: VouchedJob,
    life: SignedDuration,
    now: Timestamp,
    entropy: &Entropy,
) -> (Secret, TokenRecord) {
    let (id, secret, text) = random(owner, now, entropy);
    let record = TokenRecord {
        id,
        person: person.clone(),
        label: person.email.to_string(),
        scope,
        may: Ability::Publish,
        secret_sha256: Digest::of(secret.as_bytes()),
        created: now,
        expires: now.checked_add(life).unwrap_or(now),
        used: None,
        job: Some(Box::new(job)),
    };
    (text, record)
}

/// A token's identity, its secret part, and its text.
fn random(owner: &str, now: Timestamp, entropy: &Entropy) -> (Ulid, String, Secret) {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let id = Ulid::from_parts(millis, u128::from_le_bytes(entropy.bytes()));
    let secret = entropy.secret();
    let text = format!("loggia_{owner}_{}_{secret}", id.to_string().to_lowercase());
    (id, secret, Secret::new(text))
}

/// The parts of a token's text. Its secret is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token<'t> {
    /// Whom it belongs to, as keys name them: 32 lower-case hexadecimal digits.
    pub owner: &'t str,
    /// Which of their tokens it is.
    pub id: Ulid,
    secret: &'t str,
}

/// The text after `Bearer` in the only `Authorization` header (RFC 6750, section 2.1).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim_matches(' '))
}

/// Takes a token's text apart; `None` when it is not one.
#[must_use]
pub fn parse(text: &str) -> Option<Token<'_>> {
    let mut parts = text.strip_prefix("loggia_")?.splitn(3, '_');
    let (owner, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let is_owner =
        owner.len() == OWNER_LENGTH && owner.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_secret = secret.len() == SECRET_LENGTH
        && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let ulid = (id.len() == ID_LENGTH).then(|| Ulid::from_string(id).ok())??;
    let canonical = ulid.to_string().to_lowercase() == id;
    (is_owner && is_secret && canonical).then_some(Token { owner, id: ulid, secret })
}

/// Whether `token` is the one that `record` remembers, and has not ended; constant in time for the secret.
#[must_use]
pub fn verify(record: &TokenRecord, token: &Token<'_>, now: Timestamp) -> bool {
    let given = Digest::of(token.secret.as_bytes());
    let same = verify_slices_are_equal(record.secret_sha256.as_bytes(), given.as_bytes()).is_ok();
    same && record.id == token.id && now < record.expires
}

/// Whether `scope` reaches `app`; `None` is whatever concerns no single app, such as making one.
#[must_use]
pub fn covers(scope: &TokenScope, app: Option<&AppName>) -> bool {
    match scope {
        TokenScope::All => true,
        TokenScope::App(only) => app == Some(only),
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, {}, …)", self.owner, self.id)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::super::session::tests::{ann, at};
    use super::*;

    const OWNER: &str = "0123456789abcdef0123456789abcdef";

    fn wanted(label: &str, days: u16) -> Wanted<'_> {
        Wanted { label, may: Ability::All, scope: TokenScope::All, days, since: at(0) }
    }

    fn minted(seed: u64) -> (Secret, TokenRecord) {
        mint(&ann(), OWNER, wanted(" laptop ", 30), at(1000), &Entropy::seeded(seed)).unwrap()
    }

    #[test]
    fn a_token_is_good_until_it_ends() {
        let (text, record) = minted(1);
        let token = parse(text.reveal()).unwrap();
        assert_eq!((token.owner, token.id, record.label.as_str()), (OWNER, record.id, "laptop"));
        assert!(verify(&record, &token, at(1000)));
        assert!(verify(&record, &token, at(1000 + 30 * 86400 - 1)));
        assert!(!verify(&record, &token, at(1000 + 30 * 86400)));
    }

    #[test]
    fn another_secret_or_another_record_is_refused() {
        let (text, record) = minted(1);
        let (other_text, other_record) = minted(2);
        assert!(!verify(&record, &parse(other_text.reveal()).unwrap(), at(1001)));
        assert!(!verify(&other_record, &parse(text.reveal()).unwrap(), at(1001)));
        let same_secret = TokenRecord { id: other_record.id, ..record };
        assert!(!verify(&same_secret, &parse(text.reveal()).unwrap(), at(1001)));
    }

    #[test]
    fn the_record_and_what_is_printed_keep_the_secret() {
        let (text, record) = minted(1);
        let secret = text.reveal().rsplit_once('_').unwrap().1.to_owned();
        let shown =
            format!("{} {record:?} {:?}", serde_json::to_string(&record).unwrap(), parse(text.reveal()));
        assert!(!shown.contains(&secret));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let (text, _) = minted(1);
        let text = text.reveal();
        for bad in
            ["", "loggia_", &text[1..], &text[..text.len() - 1], &format!("{text}a"), &text.to_uppercase()]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn labels_and_lives_are_bounded() {
        let mint = |label: &str, days| mint(&ann(), OWNER, wanted(label, days), at(0), &Entropy::system());
        assert_eq!(mint(" ", 1).unwrap_err(), MintError::Label);
        assert_eq!(mint("a\nb", 1).unwrap_err(), MintError::Label);
        assert_eq!(mint(&"a".repeat(81), 1).unwrap_err(), MintError::Label);
        assert_eq!(mint("a", 0).unwrap_err(), MintError::Days(0));
        assert_eq!(mint("a", 367).unwrap_err(), MintError::Days(367));
    }

    #[test]
    fn a_scope_reaches_its_own_app_only() {
        let (sales, other): (AppName, AppName) = ("sales".parse().unwrap(), "other".parse().unwrap());
        assert!(covers(&TokenScope::All, None) && covers(&TokenScope::All, Some(&sales)));
        let scope = TokenScope::App(sales.clone());
        assert!(covers(&scope, Some(&sales)) && !covers(&scope, Some(&other)) && !covers(&scope, None));
    }

    #[test]
    fn a_record_from_before_abilities_may_do_everything() {
        let (_, record) = minted(1);
        let mut old = serde_json::to_value(&record).unwrap();
        assert_eq!(old.as_object_mut().unwrap().remove("may").unwrap(), "all");
        assert_eq!(serde_json::from_value::<TokenRecord>(old).unwrap(), record);
        assert!(Ability::Read < Ability::Publish && Ability::Publish < Ability::All);
        for ability in [Ability::Read, Ability::Publish, Ability::All] {
            assert_eq!(Ability::named(ability.as_str()), Some(ability));
            assert_eq!(serde_json::to_value(ability).unwrap(), ability.as_str());
        }
        assert_eq!(Ability::named("write"), None);
    }

    #[test]
    fn the_bearer_is_read_from_one_header() {
        let read = |values: &[&'static str]| {
            let headers: HeaderMap =
                values.iter().map(|v| (AUTHORIZATION, HeaderValue::from_static(v))).collect();
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).unwrap(), "abc");
        assert_eq!(read(&["bearer  abc"]).unwrap(), "abc");
        for bad in [&[][..], &["Basic abc"], &["abc"], &["Bearer"], &["Bearer a", "Bearer a"]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn hostile_texts_do_not_parse_by_chance(text in r"(loggia_)?[0-9a-fé_-]{0,120}") {
            if let Some(token) = parse(&text) {
                prop_assert_eq!(text.len(), 7 + 32 + 1 + 26 + 1 + 43);
                prop_assert_eq!(token.owner.len(), 32);
            }
        }
    }
}
