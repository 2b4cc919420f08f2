//! Why a call failed, as a sentence and the next step.

use std::error::Error as _;
use std::path::PathBuf;

use reqwest::StatusCode;
use serde::Deserialize;

use crate::cli::output::plain;
use crate::model::Digest;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Failure {
    /// The server could not be reached, or stopped answering.
    #[error("cannot reach {server}: {why}; check the address and that the server runs, then try again")]
    Unreachable {
        /// The server.
        server: String,
        /// What happened.
        why: String,
    },
    /// It answered, and said no.
    #[error("{sentence}{}", next.as_ref().map(|next| format!("; {next}")).unwrap_or_default())]
    Refused {
        /// How.
        status: StatusCode,
        /// What it says, without a full stop.
        sentence: String,
        /// What to do.
        next: Option<String>,
        /// The blobs that a release still lacks.
        missing: Vec<Digest>,
    },
    /// It answered something that Loggia does not answer.
    #[error("{server} does not answer like Loggia: {why}")]
    Unexpected {
        /// The server.
        server: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// A file that was to be sent is not what it was.
    #[error("{} changed while it was being published ({why}); nothing is live yet, publish again", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
        /// How.
        why: String,
    },
}

/// A problem document (RFC 9457).
#[derive(Debug, Default, Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    missing: Vec<Digest>,
}

impl Failure {
    /// How the server said no, when it did.
    pub(in crate::cli) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::Unexpected { .. } | Self::Changed { .. } => None,
        }
    }

    /// Whether the same may work later: nobody said no.
    pub(in crate::cli) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 408 | 429 | 500..),
            Self::Unexpected { .. } | Self::Changed { .. } => false,
        }
    }

    /// The blobs that a release still lacks, when that is why it is not finished.
    pub(in crate::cli) fn missing(&self) -> &[Digest] {
        match self {
            Self::Refused { missing, .. } => missing,
            Self::Unreachable { .. } | Self::Unexpected { .. } | Self::Changed { .. } => &[],
        }
    }

    pub(super) fn unreachable(server: &str, error: reqwest::Error) -> Self {
        // The innermost cause is the telling one, and no URL belongs in it.
        let error = error.without_url();
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            why = inner.to_string();
            cause = inner.source();
        }
        if error.is_timeout() {
            "it did not answer in time".clone_into(&mut why);
        }
        Self::Unreachable { server: server.to_owned(), why }
    }

    pub(super) fn refused(server: &str, status: StatusCode, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let said = problem.detail.clone().or(problem.title.clone()).filter(|said| !said.trim().is_empty());
        let sentence = said.map_or_else(|| format!("{server} answers {status}"), |said| plain(said.trim()));
        let next = match status.as_u16() {
            401 => Some(format!("sign in with `loggia login {server}`")),
            403 => Some(format!("ask its owner, or sign in as somebody else with `loggia login {server}`")),
            404 => Some("`loggia apps` and `loggia releases NAME` list what you may see".to_owned()),
            429 | 500.. => Some("try again in a minute, and tell the operator if it goes on".to_owned()),
            _ => None,
        };
        let sentence = sentence.trim_end_matches('.').to_owned();
        Self::Refused { status, sentence, next, missing: problem.missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_becomes_a_sentence_and_the_next_step() {
        let told = |status: u16, body: &str| {
            Failure::refused("https://l.example", StatusCode::from_u16(status).unwrap(), body.as_bytes())
                .to_string()
        };
        let all = [
            told(401, r#"{"title":"Unauthorized","detail":"The token has ended."}"#),
            told(403, r#"{"title":"Forbidden","detail":"Only publishers of `a` may do this."}"#),
            told(404, r#"{"title":"There is no app `a`"}"#),
            told(409, r#"{"detail":"The name is taken; choose another."}"#),
            told(500, "<html>"),
            told(503, "{\"detail\":\"Storage does not answer.\\u001b[31m\"}"),
            told(418, ""),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
