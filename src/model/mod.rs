//! The nouns, as values that cannot be wrong: a bare string becomes an [`AppName`] or a [`FilePath`] once,
//! at the door, and stays one. Nothing here does I/O; time and randomness are handed in ([`Clock`],
//! [`Entropy`]).
//!
//! 1. names: [`AppName`], [`ReleaseId`], [`Digest`], [`AppHost`]
//! 2. paths: [`FilePath`] inside a release, [`GuidePath`] on the main host
//! 3. people: [`EmailAddress`], [`Subject`], [`Person`], [`Viewer`]
//! 4. who may see: [`Audience`], [`Grants`] of [`Grant`], [`NetworkRule`]
//! 5. what is published: [`App`] (and by which jobs: [`TrustedPublisher`], from which folder: [`Synced`]), [`Manifest`]
//! 6. what is read: [`Guide`], [`Section`], [`Markdown`], and an app's text: [`AppText`]
//! 7. what is remembered: [`TokenRecord`], [`SignIn`], [`AuditEvent`]; and what ends sessions: [`Lineage`], [`Whom`]

mod app;
mod audience;
mod audit;
mod clock;
mod device;
mod entropy;
mod grants;
mod guide;
mod markdown;
mod name;
mod network;
mod path;
mod person;
mod release;
mod sign_in;
mod standing;
mod synced;
mod text;
mod token;
mod trusted;

pub use app::{Activation, App, Retired, Settings};
pub use audience::{Audience, Grant, InvalidWho, Readers, Role, Who};
pub use audit::{AuditAction, AuditEvent, AuditLine};
pub use clock::Clock;
pub use device::{DeviceAnswer, DeviceRequest};
pub use entropy::Entropy;
pub use grants::Grants;
pub use guide::{Guide, Review, Section};
pub use markdown::Markdown;
pub use name::{AppHost, AppName, Digest, InvalidName, ReleaseId, Shows};
pub use network::{NetworkRule, NetworkUse};
pub use path::{FilePath, GuidePath, InvalidPath, encode_path};
pub use person::{EmailAddress, InvalidEmail, Person, Subject, Viewer};
pub use release::{FileEntry, Manifest, Source};
pub use sign_in::SignIn;
pub use standing::{Lineage, Whom};
pub use synced::Synced;
pub use text::{AppPage, AppText};
pub use token::{Ability, TokenRecord, TokenScope};
pub use trusted::{Job, TrustedJobs, TrustedPublisher, VouchedJob};
