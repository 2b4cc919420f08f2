//! The lines of an app's list: who is put on it, and taken off again.

use std::sync::Arc;

use crate::model::{App, AppName, AuditAction, Grant, Who};

use super::publish::InvalidRelease;
use super::{By, ReleaseError, Releases};

/// How many lines a listed audience may have.
const MOST_GRANTS: usize = 20_000;

/// What came of adding grants.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The app as it is now.
    pub app: Arc<App>,
    /// The lines that give somebody what no line about exactly them gave before.
    pub gain: Vec<Grant>,
}

impl Releases {
    /// Adds a grant, in place of any other for the same people.
    pub async fn grant(&self, name: &AppName, grant: Grant, by: &By) -> Result<Arc<App>, ReleaseError> {
        Ok(self.grant_all(name, &[grant], by).await?.app)
    }

    /// Adds all of these grants or none, each in place of any other for the same people.
    pub async fn grant_all(
        &self,
        name: &AppName,
        grants: &[Grant],
        by: &By,
    ) -> Result<Granted, ReleaseError> {
        let now = self.0.clock.now();
        let signed =
            |grant: &Grant| Grant { by: Some(by.person.email.clone()), at: Some(now), ..grant.clone() };
        let signed: Vec<Grant> = grants.iter().map(signed).collect();
        let (mut new, mut gain) = (Vec::new(), Vec::new());
        let change = |app: &mut App| {
            let had = |grant: &Grant| {
                let held = app.grants.of(&grant.who).filter(|held| !held.has_ended(now));
                held.is_some_and(|held| held.role >= grant.role)
            };
            gain = signed.iter().filter(|grant| !had(grant)).cloned().collect();
            // A line that says what is said already keeps who granted it, and when.
            let same = |grant: &Grant, held: &Grant| held.role == grant.role && held.until == grant.until;
            let says_so = |grant: &Grant| app.grants.of(&grant.who).is_some_and(|held| same(grant, held));
            new = signed.iter().filter(|grant| !says_so(grant)).cloned().collect();
            app.grants.put(&new);
            if app.grants.len() > MOST_GRANTS {
                return Err(InvalidRelease::TooManyGrants { most: MOST_GRANTS }.into());
            }
            Ok(())
        };
        let (app, changed) = self.write_as_publisher(name, by, change).await?;
        if changed {
            let granted = new.into_iter().map(|grant| AuditAction::Granted { grant });
            self.record_all(name, by, granted).await;
        }
        Ok(Granted { app, gain })
    }

    /// Takes a grant away; there being none is fine. The owner stays.
    pub async fn revoke(&self, name: &AppName, who: &Who, by: &By) -> Result<Arc<App>, ReleaseError> {
        self.revoke_all(name, std::slice::from_ref(who), by).await
    }

    /// Takes all of these grants away; there being none is fine. The owner stays.
    pub async fn revoke_all(&self, name: &AppName, who: &[Who], by: &By) -> Result<Arc<App>, ReleaseError> {
        let mut gone = Vec::new();
        let change = |app: &mut App| {
            if who.contains(&Who::Person(app.owner.email.clone())) {
                return Err(ReleaseError::OwnerStays(app.owner.email.clone()));
            }
            let held = who.iter().filter(|who| app.grants.of(who).is_some());
            gone = held.cloned().collect();
            let going: std::collections::HashSet<&Who> = gone.iter().collect();
            app.grants.retain(|grant| !going.contains(&grant.who));
            Ok(())
        };
        let (app, changed) = self.write_as_publisher(name, by, change).await?;
        if changed {
            let revoked = gone.into_iter().map(|who| AuditAction::Revoked { who });
            self.record_all(name, by, revoked).await;
        }
        Ok(app)
    }
}
