//! What a job's token says. `sub` is never read: services change how they write it, and it is made of names.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::model::Job;

use super::{JobError, Service};

/// How far the service's clock may be from ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// The oldest token that is taken, however long its service says it lasts: that it was used is remembered for a day.
const OLDEST: SignedDuration = SignedDuration::from_hours(12);
/// The longest text of a claim, in bytes.
const LONGEST: usize = 400;

type Claims = Map<String, Value>;

/// Whose token it is, for whom, and when (RFC 7519, section 4.1).
pub(super) fn check(claims: &Claims, issuer: &str, audience: &str, now: Timestamp) -> Result<(), JobError> {
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(JobError::Claim("iss"));
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => all.len() == 1 && all[0].as_str() == Some(audience),
        _ => false,
    };
    if !for_us {
        return Err(JobError::Audience);
    }
    let issued = moment(claims, "iat")?.ok_or(JobError::Claim("iat"))?;
    let expires = moment(claims, "exp")?.ok_or(JobError::Claim("exp"))?;
    let from = moment(claims, "nbf")?.unwrap_or(issued);
    let over = now >= expires + LEEWAY || now > issued + OLDEST;
    if issued > now + LEEWAY || from > now + LEEWAY || over {
        return Err(JobError::Time);
    }
    Ok(())
}

/// The token's own name.
pub(super) fn id(claims: &Claims) -> Result<String, JobError> {
    text(claims, "jti").map(str::to_owned)
}

/// The job.
pub(super) fn job(claims: &Claims, service: Service) -> Result<Job, JobError> {
    match service {
        Service::GitHub => github(claims),
        Service::GitLab => gitlab(claims),
    }
}

fn github(claims: &Claims) -> Result<Job, JobError> {
    if text(claims, "event_name")?.starts_with("pull_request") {
        return Err(JobError::Request);
    }
    let repository = text(claims, "repository")?;
    // OWNER/NAME/.github/workflows/FILE@REF; a workflow that is shared by another repository is that one's.
    let workflow = text(claims, "job_workflow_ref")?
        .strip_prefix(repository)
        .and_then(|rest| rest.strip_prefix("/.github/workflows/"))
        .and_then(|rest| rest.split_once('@'))
        .map(|(file, _)| file)
        .filter(|file| !file.is_empty() && !file.contains('/'))
        .ok_or(JobError::Claim("job_workflow_ref"))?;
    Ok(Job::GitHub {
        repository: repository.to_owned(),
        repository_id: number(claims, "repository_id")?,
        repository_owner_id: number(claims, "repository_owner_id")?,
        workflow: workflow.to_owned(),
        environment: maybe(claims, "environment")?,
    })
}

fn gitlab(claims: &Claims) -> Result<Job, JobError> {
    if matches!(text(claims, "pipeline_source")?, "merge_request_event" | "external_pull_request_event") {
        return Err(JobError::Request);
    }
    let tag = match text(claims, "ref_type")? {
        "branch" => false,
        "tag" => true,
        _ => return Err(JobError::Claim("ref_type")),
    };
    Ok(Job::GitLab {
        project: text(claims, "project_path")?.to_owned(),
        project_id: number(claims, "project_id")?,
        reference: text(claims, "ref")?.to_owned(),
        tag,
        environment: maybe(claims, "environment")?,
    })
}

fn text<'c>(claims: &'c Claims, name: &'static str) -> Result<&'c str, JobError> {
    let value = claims.get(name).and_then(Value::as_str);
    value.filter(|value| !value.is_empty() && value.len() <= LONGEST).ok_or(JobError::Claim(name))
}

fn maybe(claims: &Claims, name: &'static str) -> Result<Option<String>, JobError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) if value.is_empty() => Ok(None),
        Some(_) => text(claims, name).map(|value| Some(value.to_owned())),
    }
}

/// A number, which services write as text.
fn number(claims: &Claims, name: &'static str) -> Result<String, JobError> {
    let digits = match claims.get(name) {
        Some(Value::String(digits)) => digits.clone(),
        Some(Value::Number(number)) => number.as_u64().map(|number| number.to_string()).unwrap_or_default(),
        _ => String::new(),
    };
    let whole = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.then_some(digits).ok_or(JobError::Claim(name))
}

fn moment(claims: &Claims, name: &'static str) -> Result<Option<Timestamp>, JobError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let second = value.as_i64().and_then(|second| Timestamp::from_second(second).ok());
            second.map(Some).ok_or(JobError::Claim(name))
        }
    }
}
