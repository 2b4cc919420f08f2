//! The record as files: CSV (RFC 4180) and JSON. Whatever is a part of it says so, in a `Link` (RFC 8288) for programs, in its
//! name, and in a last line for whoever opens it.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, HeaderValue, LINK};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::sharing::spreadsheet;
use super::Filter;
use crate::releases::Record;

/// Where the rest of a part is.
pub(super) struct Rest {
    /// The address of the page that shows the same.
    pub(super) page: String,
    /// What is looked for.
    pub(super) filter: Filter,
}

impl Rest {
    /// The address of the file behind `record`, where that is a part.
    fn after(&self, record: &Record, ending: &str) -> Option<String> {
        let next = record.next.as_ref()?;
        Some(format!("{}.{ending}?{}", self.page, self.filter.query(Some(next))))
    }
}

/// As a table for a spreadsheet.
pub(super) fn csv(rest: &Rest, name: &str, record: Record) -> Result<Response, Failure> {
    let headings = ["when", "who", "action", "detail", "app", "rule", "from", "times", "server", "number"];
    let next = rest.after(&record, "csv");
    let rows = record.lines.into_iter().map(|line| {
        let event = line.event;
        [
            event.when.to_string(),
            event.who.map(|who| who.to_string()).unwrap_or_default(),
            event.action.name().to_owned(),
            event.action.detail(),
            event.app.map(|app| app.to_string()).unwrap_or_default(),
            event.rule.unwrap_or_default(),
            event.from.map(|from| from.to_string()).unwrap_or_default(),
            event.times.to_string(),
            line.server,
            line.number.to_string(),
        ]
    });
    let cut = next.as_ref().map(|next| {
        let mut row: [String; 10] = std::array::from_fn(|_| String::new());
        CUT.clone_into(&mut row[2]);
        row[3].clone_from(next);
        row
    });
    let mut response = spreadsheet(&named(name, "csv", next.is_some()), headings, rows.chain(cut))?;
    link(&mut response, next.as_deref());
    Ok(response)
}

/// As an array of lines.
pub(super) fn json(rest: &Rest, name: &str, record: Record) -> Result<Response, Failure> {
    let next = rest.after(&record, "json");
    let unwritten = |error: serde_json::Error| Failure::Internal(error.to_string());
    let lines = record.lines.into_iter().map(|line| serde_json::to_value(line).map_err(unwritten));
    let mut lines = lines.collect::<Result<Vec<Value>, Failure>>()?;
    lines.extend(next.as_ref().map(|next| json!({ "action": CUT, "next": next })));
    let mut response = Json(lines).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let file = format!("inline; filename=\"{}\"", named(name, "json", next.is_some()));
    if let Ok(file) = HeaderValue::from_str(&file) {
        response.headers_mut().insert(CONTENT_DISPOSITION, file);
    }
    link(&mut response, next.as_deref());
    Ok(response)
}

/// The action of a last line that is none: it says where the rest is.
const CUT: &str = "cut-here";

fn named(name: &str, ending: &str, part: bool) -> String {
    format!("{name}{}.{ending}", if part { "-part" } else { "" })
}

/// Tells programs where the rest is.
pub(in crate::web) fn link(response: &mut Response, next: Option<&str>) {
    let value = next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok());
    if let Some(value) = value {
        response.headers_mut().insert(LINK, value);
    }
}
