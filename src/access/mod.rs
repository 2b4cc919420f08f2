//! Who is asking, and what they may open. Pure values, and the HTTP calls of OpenID Connect; records (tokens,
//! single-use markers, ended sessions, audit) are kept by the callers.
//!
//! 1. [`decide`] turns viewer, app and target into a [`Permit`] or a [`Refusal`]; only a permit opens anything.
//!    [`explain()`] says by which line, or what is missing.
//! 2. [`cookie`] reads cookies byte for byte and writes them in one way.
//! 3. [`Keyring`] seals values for one purpose and one host.
//! 4. [`Session`] says who signed in on the main host, [`AppSession`] on an app's host.
//! 5. [`hand_off`] turns the first into the second.
//! 6. [`sign_in`] has every way to sign in: with [`oidc`] providers, with `github`.
//! 7. [`email_code`] lets people in who have an address and no provider.
//! 8. [`provider`] is the OpenID provider of development mode.
//! 9. [`token`] makes and verifies API tokens.
//! 10. [`authorization`] and [`device`] sign the command line in; [`reminder`] helps to sign out at the provider.
//! 11. [`jobs`] believes what CI services say of their jobs.
//! 12. [`check_same_origin`] keeps other sites from acting in a person's name, [`Rate`] keeps anybody from guessing.

pub mod authorization;
pub mod cookie;
pub mod device;
pub mod email_code;
mod error;
mod explain;
mod github;
pub mod hand_off;
pub mod jobs;
mod jws;
mod mark;
pub mod oidc;
mod origin;
mod parameters;
mod permit;
mod pkce;
mod policy;
pub mod provider;
mod rate;
pub mod reminder;
mod return_path;
mod seal;
mod session;
pub mod sign_in;
pub mod token;
mod visit;

pub use error::AccessError;
pub use explain::{Asked, Explanation, Ground, Lack, explain};
pub use mark::OriginMark;
pub use origin::{OriginError, check_same_origin};
pub use parameters::Parameters;
pub use permit::{Part, Permit, PublishPermit, Refusal, Target};
pub use pkce::Challenge;
pub use policy::{
    Visitor, audience_of, decide, decide_publish, decide_publish_by_job, decide_restore, is_within,
    may_administer, may_choose, may_create, may_enter, may_publish_guides, may_read, may_see,
};
pub use rate::{Neighbourhood, Rate, TooMany};
pub use return_path::ReturnPath;
pub use seal::{Keyring, Purpose};
pub use session::{AppSession, Session};
pub use visit::LastVisit;
