//! `loggia trust`

use anyhow::bail;
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use reqwest::Method;
use serde_json::{Value, json};
use ulid::Ulid;

use super::client::Client;
use super::output::{plain, print, print_json, say, table};
use super::{Cli, Outcome};
use crate::model::{AppName, TrustedJobs, TrustedPublisher};

/// See or change which jobs of continuous integration may publish to an app
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia trust prison-population                                 which jobs it trusts
  loggia trust prison-population --github moj/report --id 12 --owner-id 34 --workflow publish.yml
  loggia trust prison-population --gitlab analysis/report --id 56 --ref main
  loggia trust prison-population --remove 01JD3M5WZ0C9V1K8Q2R4T6Y8A9

`gh api repos/OWNER/NAME --jq '.id, .owner.id'` tells both numbers of a repository;
the settings of a GitLab project show its number.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Trust jobs of this repository on GitHub
    #[arg(long, value_name = "OWNER/NAME", requires_all = ["id", "owner_id", "workflow"], conflicts_with_all = ["gitlab", "remove", "reference"])]
    github: Option<String>,
    /// Trust jobs of this project on GitLab
    #[arg(long, value_name = "PROJECT", requires = "id", conflicts_with_all = ["remove", "owner_id", "workflow"])]
    gitlab: Option<String>,
    /// The number of the repository or the project
    #[arg(long, value_name = "NUMBER")]
    id: Option<u64>,
    /// The number of the repository's owner
    #[arg(long, value_name = "NUMBER", requires = "github")]
    owner_id: Option<u64>,
    /// The workflow's file in `.github/workflows/`
    #[arg(long, value_name = "FILE", requires = "github")]
    workflow: Option<String>,
    /// Only for this branch or tag
    #[arg(long = "ref", value_name = "REF", requires = "gitlab")]
    reference: Option<String>,
    /// Only in this environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The issuer of the service's tokens, where it is a server of your own
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Trust a line no longer, by its ID
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    remove: Vec<Ulid>,
    /// Write the trusted publishers as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let name = args.name.as_str();
    let publishers = ["apps", name, "publishers"];
    let mut trusted: Vec<TrustedPublisher> = match wanted(&args)? {
        Some(wanted) => client.post(&publishers, &wanted).await?,
        None => client.get(&publishers).await?,
    };
    for id in &args.remove {
        if !trusted.iter().any(|line| line.id == *id) {
            bail!("{name} trusts nobody by the ID {id}; `loggia trust {name}` lists whom it trusts");
        }
        let line = id.to_string();
        client.change(Method::DELETE, &["apps", name, "publishers", &line], None::<&()>).await?;
        trusted.retain(|line| line.id != *id);
    }
    if args.json {
        print_json(&trusted)?;
    } else if trusted.is_empty() {
        say(format!("{name} trusts no jobs; `loggia trust {name} --help` shows how to add one"));
    } else {
        print(shown(&trusted))?;
    }
    Ok(Outcome::Done)
}

/// What is to be trusted, as the API reads it.
fn wanted(args: &Args) -> anyhow::Result<Option<Value>> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let jobs = if let Some(repository) = &args.github {
        TrustedJobs::GitHub {
            repository: repository.clone(),
            repository_id: number(args.id),
            repository_owner_id: number(args.owner_id),
            workflow: args.workflow.clone().unwrap_or_default(),
            environment: args.environment.clone(),
        }
    } else if let Some(project) = &args.gitlab {
        TrustedJobs::GitLab {
            project: project.clone(),
            project_id: number(args.id),
            reference: args.reference.clone(),
            environment: args.environment.clone(),
        }
    } else if args.id.is_some() || args.environment.is_some() || args.issuer.is_some() {
        let text = "say whose jobs: `--github OWNER/NAME` or `--gitlab PROJECT`";
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, text).into());
    } else {
        return Ok(None);
    };
    let mut wanted = json!(jobs);
    if let Some(issuer) = &args.issuer {
        wanted["issuer"] = json!(issuer);
    }
    Ok(Some(wanted))
}

fn shown(trusted: &[TrustedPublisher]) -> String {
    let row = |line: &TrustedPublisher| {
        let (service, number) = match &line.jobs {
            TrustedJobs::GitHub { repository_id, .. } => ("GitHub", repository_id),
            TrustedJobs::GitLab { project_id, .. } => ("GitLab", project_id),
        };
        let jobs = plain(&line.jobs.to_string());
        [line.id.to_string(), service.to_owned(), jobs, number.clone(), line.by.to_string()]
    };
    table(["ID", "SERVICE", "JOBS", "NUMBER", "TRUSTED BY"], &trusted.iter().map(row).collect::<Vec<_>>())
}

fn parse_id(given: &str) -> Result<Ulid, String> {
    Ulid::from_string(&given.to_ascii_uppercase())
        .map_err(|_| "write an ID as `loggia trust NAME` lists it".to_owned())
}
