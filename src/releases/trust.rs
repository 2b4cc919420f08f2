//! Which jobs of continuous integration may publish to an app.

use std::sync::Arc;

use ulid::Ulid;

use crate::model::{App, AppName, AuditAction, TrustedJobs, TrustedPublisher, VouchedJob};
use crate::storage::ordered_id;

use super::publish::InvalidRelease;
use super::{By, ReleaseError, Releases};

/// How many lines an app may have.
const MOST: usize = 20;
/// The longest text of a line, in bytes.
const LONGEST: usize = 200;

impl Releases {
    /// Lets the `jobs` of `issuer` publish to an app; a line that says the same already stays as it is.
    pub async fn trust(
        &self,
        name: &AppName,
        issuer: &str,
        jobs: &TrustedJobs,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        check(jobs)?;
        let now = self.0.clock.now();
        let line = TrustedPublisher {
            id: ordered_id(now, self.0.entropy.bytes()),
            issuer: issuer.to_owned(),
            jobs: jobs.clone(),
            by: by.person.email.clone(),
            since: now,
        };
        self.change_as_publisher(name, by, AuditAction::PublisherTrusted { jobs: jobs.clone() }, |app| {
            if app.trusted.iter().any(|held| held.issuer == issuer && held.jobs == *jobs) {
                return Ok(());
            }
            if app.trusted.len() >= MOST {
                return Err(refuse("an app has at most 20 trusted publishers; take one away first").into());
            }
            app.trusted.push(line.clone());
            Ok(())
        })
        .await
    }

    /// Takes a line away, and with it every token that was given out by it; there being none is fine.
    pub async fn distrust(&self, name: &AppName, id: Ulid, by: &By) -> Result<Arc<App>, ReleaseError> {
        self.change_as_publisher(name, by, AuditAction::PublisherRemoved { line: id }, |app| {
            app.trusted.retain(|line| line.id != id);
            Ok(())
        })
        .await
    }

    /// The apps that let `job` publish.
    #[must_use]
    pub fn trusting(&self, job: &VouchedJob) -> Vec<AppName> {
        let catalog = self.catalog();
        let trusts =
            |app: &&Arc<App>| app.deleted.is_none() && app.trusted.iter().any(|line| line.admits(job));
        catalog.apps().filter(trusts).map(|app| app.name.clone()).collect()
    }
}

fn check(jobs: &TrustedJobs) -> Result<(), InvalidRelease> {
    let plain = |text: &str| (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
    let optional = |text: &Option<String>| text.as_deref().is_none_or(plain);
    let number =
        |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match jobs {
        TrustedJobs::GitHub { repository, repository_id, repository_owner_id, workflow, environment } => {
            if !plain(repository) || !repository.contains('/') {
                return Err(refuse("write the repository as `OWNER/NAME`"));
            }
            if !number(repository_id) || !number(repository_owner_id) {
                return Err(refuse(
                    "write the numbers of the repository and its owner; `gh api repos/OWNER/NAME --jq '.id, .owner.id'` tells them",
                ));
            }
            let file = workflow.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "yml" | "yaml"));
            if !plain(workflow) || workflow.contains('/') || !file {
                return Err(refuse("write the name of the workflow's file alone, such as `publish.yml`"));
            }
            if !optional(environment) {
                return Err(refuse("write the environment's name, or leave it empty"));
            }
        }
        TrustedJobs::GitLab { project, project_id, reference, environment } => {
            if !plain(project) || !project.contains('/') {
                return Err(refuse("write the project's path, such as `group/project`"));
            }
            if !number(project_id) {
                return Err(refuse("write the project's number; its settings show it"));
            }
            if !optional(reference) || !optional(environment) {
                return Err(refuse(
                    "write the branch and the environment by their names, or leave them empty",
                ));
            }
        }
    }
    Ok(())
}

fn refuse(rule: &str) -> InvalidRelease {
    InvalidRelease::Setting { name: "trusted publishers", rule: rule.to_owned() }
}
