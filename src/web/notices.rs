//! News about sharing: the one place from which it goes out. So far that is into the log.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{App, AppName, EmailAddress, Grant};
use crate::releases::{By, ReleaseError, Releases, Request};

/// Something that somebody would like to know.
#[derive(Debug)]
pub(super) enum News<'n> {
    /// To an app's publishers: somebody asks to be let in.
    Asked {
        /// To which app.
        app: &'n AppName,
        /// Who, why, and where they wanted to go.
        request: &'n Request,
    },
    /// To whoever asked: they are let in, and find what they wanted at `wanted` on the app's host.
    Approved {
        /// To which app.
        app: &'n AppName,
        /// Who asked, and where they wanted to go.
        request: &'n Request,
        /// When it ends.
        until: Option<Timestamp>,
    },
    /// To whoever asked: they are not let in.
    Declined {
        /// To which app.
        app: &'n AppName,
        /// Who asked.
        request: &'n Request,
    },
    /// To whomever a line names: an app was shared with them.
    Shared {
        /// Which app.
        app: &'n AppName,
        /// The new lines.
        grants: &'n [Grant],
        /// Who shared it.
        by: &'n EmailAddress,
    },
}

/// Shares an app, and tells whom it was shared with.
pub(super) async fn share(
    releases: &Releases,
    app: &AppName,
    grants: &[Grant],
    by: &By,
) -> Result<Arc<App>, ReleaseError> {
    let changed = releases.grant_all(app, grants, by).await?;
    announce(&News::Shared { app, grants, by: &by.person.email });
    Ok(changed)
}

/// Puts it into the log.
pub(super) fn announce(news: &News<'_>) {
    match news {
        News::Asked { app, request } => {
            tracing::info!(%app, person = %request.person.email, "somebody asks to be let in");
        }
        News::Approved { app, request, until } => {
            let until = until.map(|until| until.to_string());
            tracing::info!(%app, person = %request.person.email, wanted = %request.wanted, until, "who asked is let in");
        }
        News::Declined { app, request } => {
            tracing::info!(%app, person = %request.person.email, "who asked is not let in");
        }
        News::Shared { app, grants, by } => {
            tracing::info!(%app, %by, lines = grants.len(), "an app was shared");
        }
    }
}
