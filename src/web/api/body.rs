//! Bodies: JSON, read to a limit.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::problem::Problem;

/// Reads a JSON body of `limit` bytes at the most.
pub(super) async fn read<T: DeserializeOwned>(body: Body, limit: usize) -> Result<T, Problem> {
    parse(&read_bytes(body, limit).await?)
}

/// Like [`read`]; nothing at all is the default.
pub(super) async fn read_or_default<T: DeserializeOwned + Default>(
    body: Body,
    limit: usize,
) -> Result<T, Problem> {
    let bytes = read_bytes(body, limit).await?;
    if bytes.is_empty() { Ok(T::default()) } else { parse(&bytes) }
}

/// Like [`read`]; one value or an array of them.
pub(super) async fn read_one_or_many<T: DeserializeOwned>(
    body: Body,
    limit: usize,
) -> Result<Vec<T>, Problem> {
    let bytes = read_bytes(body, limit).await?;
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_array { parse(&bytes) } else { Ok(vec![parse(&bytes)?]) }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => Problem::unprocessable(format!("the body is not as expected: {error}")),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::malformed(format!("the body is not JSON: {error}"))
        }
    })
}

async fn read_bytes(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::malformed("the body broke off; send it again")),
    }
}
