//! Who is asking, and what they may open. Pure values, and the HTTP calls of OpenID Connect; records (tokens,
//! single-use markers, ended sessions, audit) are kept by the callers.
//!
//! 1. [`decide`] turns viewer, app and target into a [`Permit`] or a [`Refusal`]; only a permit opens anything.
//!    [`explain`] says by which line, or what is missing.
//! 2. [`cookie`] reads cookies byte for byte and writes them in one way.
//! 3. [`Keyring`] seals values for one purpose and one host.
//! 4. [`Session`] says who signed in on the main host, [`AppSession`] on an app's host.
//! 5. [`hand_off`] turns the first into the second.
//! 6. [`oidc`] signs people in with an OpenID provider.
//! 7. [`provider`] is the OpenID provider of development mode.
//! 8. [`token`] makes and verifies API tokens.
//! 9. [`authorization`] signs the command line in.
//! 10. [`check_same_origin`] keeps other sites from acting in a person's name.

pub mod authorization;
pub mod cookie;
mod error;
mod explain;
pub mod hand_off;
mod mark;
pub mod oidc;
mod origin;
mod parameters;
mod permit;
mod pkce;
mod policy;
pub mod provider;
mod return_path;
mod seal;
mod session;
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
    Visitor, audience_of, decide, decide_publish, decide_restore, is_within, may_administer, may_choose,
    may_create, may_enter, may_publish_guides, may_read, may_see,
};
pub use return_path::ReturnPath;
pub use seal::{Keyring, Purpose};
pub use session::{AppSession, Session};
pub use visit::LastVisit;
