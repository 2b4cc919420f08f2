//! `{{#include file:2:10}}` and its kin, as an mdBook has them, anywhere in a line.
//!
//! A backslash before it shows it as it is, without the backslash.

use super::part::Part;
use super::{Construct, Found, Request, Sight};

/// The next construct on the line at hand.
pub(super) fn find(sight: Sight<'_>) -> Option<Found<'_>> {
    let mut from = 0;
    loop {
        let open = from + sight.line.get(from..)?.find("{{")?;
        from = open + 2;
        let Some((name, argument, length)) = call(sight.line.get(open..)?) else { continue };
        let start = sight.at + open;
        if sight.line.get(..open)?.ends_with('\\') {
            // What follows is text, and the construct in it is passed over.
            let shown = sight.line.get(open..open + length)?.to_owned();
            return Some(Found { range: start - 1..start + length, what: Construct::Text(shown) });
        }
        let code = !sight.fenced && sight.line.get(..open)?.matches('`').count() % 2 == 1;
        let what = match name {
            "include" | "rustdoc_include" => include(argument, String::new(), ""),
            "playground" | "playpen" => {
                let (file, attributes) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
                let attributes: Vec<&str> =
                    ["rust"].into_iter().chain(attributes.split_whitespace()).collect();
                include(file, format!("```{}\n", attributes.join(",")), "\n```")
            }
            "title" => Construct::Title(argument),
            _ if sight.fenced || code => continue,
            _ => Construct::Unknown,
        };
        return Some(Found { range: start..start + length, what });
    }
}

fn include<'a>(given: &'a str, before: String, after: &'static str) -> Construct<'a> {
    let (path, part) = Part::parse(given, true);
    let request = Request { path, part, beside: true, before, after };
    Construct::Files { requests: vec![request], indent: "" }
}

/// Name, argument and length of the construct that `text` starts with.
fn call(text: &str) -> Option<(&str, &str, usize)> {
    let inside = text.strip_prefix("{{")?;
    let inside = inside.get(..inside.find("}}")?)?;
    let (name, argument) = inside.trim_start().strip_prefix('#')?.split_once(char::is_whitespace)?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let argument = argument.trim();
    (plain && !argument.is_empty() && !argument.contains('}')).then_some((name, argument, inside.len() + 4))
}
