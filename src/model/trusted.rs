//! Jobs of continuous integration that may publish to an app without a secret.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::EmailAddress;

/// A line of an app's trusted publishers: whatever job is as described may publish to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedPublisher {
    /// Which line it is.
    pub id: Ulid,
    /// The issuer URL of the service that vouches for its jobs.
    pub issuer: String,
    /// Which jobs.
    #[serde(flatten)]
    pub jobs: TrustedJobs,
    /// Who trusts them.
    pub by: EmailAddress,
    /// Since when.
    pub since: Timestamp,
}

/// Which jobs of a service. What is matched is never reissued by the service; names are for showing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "lowercase")]
pub enum TrustedJobs {
    /// Of one workflow of a repository on GitHub.
    GitHub {
        /// `OWNER/NAME`, for showing.
        repository: String,
        /// The repository's number.
        repository_id: String,
        /// Its owner's number.
        repository_owner_id: String,
        /// The workflow's file in `.github/workflows/`.
        workflow: String,
        /// The environment that the job must run in; `None` is any or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
    /// Of a project on GitLab.
    GitLab {
        /// Its path, for showing.
        project: String,
        /// Its number.
        project_id: String,
        /// The branch that the job must run for; `None` is any branch or tag.
        #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The environment that the job must run in; `None` is any or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
}

/// A job, as its service vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchedJob {
    /// The issuer URL of the service.
    pub issuer: String,
    /// Which job.
    #[serde(flatten)]
    pub job: Job,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "lowercase")]
pub enum Job {
    /// On GitHub.
    GitHub {
        /// `OWNER/NAME`.
        repository: String,
        /// The repository's number.
        repository_id: String,
        /// Its owner's number.
        repository_owner_id: String,
        /// The workflow's file.
        workflow: String,
        /// The environment it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
    /// On GitLab.
    GitLab {
        /// The project's path.
        project: String,
        /// Its number.
        project_id: String,
        /// The branch or tag.
        #[serde(rename = "ref")]
        reference: String,
        /// Whether that is a tag, which may be called like a branch and is protected apart from it.
        #[serde(default)]
        tag: bool,
        /// The environment it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
}

impl TrustedPublisher {
    /// Whether this line lets `vouched` publish.
    #[must_use]
    pub fn admits(&self, vouched: &VouchedJob) -> bool {
        let within = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        let same = match (&self.jobs, &vouched.job) {
            (
                TrustedJobs::GitHub { repository_id, repository_owner_id, workflow, environment, .. },
                Job::GitHub {
                    repository_id: id,
                    repository_owner_id: owner,
                    workflow: file,
                    environment: place,
                    ..
                },
            ) => {
                repository_id == id
                    && repository_owner_id == owner
                    && workflow == file
                    && within(environment, place)
            }
            (
                TrustedJobs::GitLab { project_id, reference, environment, .. },
                Job::GitLab { project_id: id, reference: of, tag, environment: place, .. },
            ) => {
                project_id == id
                    && reference.as_ref().is_none_or(|reference| !tag && reference == of)
                    && within(environment, place)
            }
            _ => false,
        };
        same && self.issuer == vouched.issuer
    }
}

impl fmt::Display for TrustedJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let environment = match self {
            Self::GitHub { repository, workflow, environment, .. } => {
                write!(f, "{repository} {workflow}")?;
                environment
            }
            Self::GitLab { project, reference, environment, .. } => {
                write!(f, "{project}")?;
                if let Some(reference) = reference {
                    write!(f, " {reference}")?;
                }
                environment
            }
        };
        environment.as_ref().map_or(Ok(()), |environment| write!(f, " in {environment}"))
    }
}

impl VouchedJob {
    /// What the service calls where it runs, never reissued: for keys.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.job {
            Job::GitHub { repository_id, workflow, .. } => format!("repository {repository_id} {workflow}"),
            Job::GitLab { project_id, .. } => format!("project {project_id}"),
        }
    }

    /// How it stands where people stand, in releases and in the record: `owner/name@github`. No host has such a name, so
    /// it is nobody's address.
    #[must_use]
    pub fn address(&self) -> Option<EmailAddress> {
        let (path, number, service) = match &self.job {
            Job::GitHub { repository, repository_id, .. } => (repository, repository_id, "github"),
            Job::GitLab { project, project_id, .. } => (project, project_id, "gitlab"),
        };
        let written = format!("{path}@{service}").parse();
        written.or_else(|_| format!("{number}@{service}").parse()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(environment: Option<&str>) -> TrustedPublisher {
        TrustedPublisher {
            id: Ulid::from_parts(1, 1),
            issuer: "https://github.example".to_owned(),
            jobs: TrustedJobs::GitHub {
                repository: "moj/report".to_owned(),
                repository_id: "12".to_owned(),
                repository_owner_id: "34".to_owned(),
                workflow: "publish.yml".to_owned(),
                environment: environment.map(str::to_owned),
            },
            by: "ann@example.org".parse().unwrap(),
            since: Timestamp::UNIX_EPOCH,
        }
    }

    fn job(id: &str, owner: &str, file: &str, environment: Option<&str>) -> VouchedJob {
        VouchedJob {
            issuer: "https://github.example".to_owned(),
            job: Job::GitHub {
                repository: "renamed/since".to_owned(),
                repository_id: id.to_owned(),
                repository_owner_id: owner.to_owned(),
                workflow: file.to_owned(),
                environment: environment.map(str::to_owned),
            },
        }
    }

    #[test]
    fn numbers_and_files_decide_and_names_do_not() {
        assert!(trusted(None).admits(&job("12", "34", "publish.yml", None)));
        assert!(trusted(None).admits(&job("12", "34", "publish.yml", Some("production"))));
        for other in [
            job("13", "34", "publish.yml", None),
            job("12", "35", "publish.yml", None),
            job("12", "34", "test.yml", None),
        ] {
            assert!(!trusted(None).admits(&other), "{other:?}");
        }
        let elsewhere =
            VouchedJob { issuer: "https://evil.example".to_owned(), ..job("12", "34", "publish.yml", None) };
        assert!(!trusted(None).admits(&elsewhere));
    }

    #[test]
    fn an_environment_that_is_asked_for_must_be_there() {
        let production = trusted(Some("production"));
        assert!(production.admits(&job("12", "34", "publish.yml", Some("production"))));
        assert!(!production.admits(&job("12", "34", "publish.yml", Some("test"))));
        assert!(!production.admits(&job("12", "34", "publish.yml", None)));
    }

    #[test]
    fn a_job_stands_for_nobody() {
        let job = job("12", "34", "publish.yml", None);
        assert_eq!(job.address().unwrap().as_str(), "renamed/since@github");
        let text = serde_json::to_string(&trusted(None)).unwrap();
        assert!(text.contains(r#""service":"github""#), "{text}");
        assert_eq!(serde_json::from_str::<TrustedPublisher>(&text).unwrap(), trusted(None));
    }
}
