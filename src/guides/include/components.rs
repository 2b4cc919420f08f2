//! What tech-docs sites draw by calling a method, as Markdown: the gem's own `warning_text`, Middleman's images
//! and links, and the components of GOV.UK Frontend.

use std::fmt::Write as _;

use super::ruby::Call;
use crate::guides::html::escape;

/// What stands in the place of a call.
pub(super) enum Shown {
    /// Text within a line.
    Inline(String),
    /// Lines of their own: `text`, or what the call's block encloses, each line after `indent`.
    Block { before: String, text: Option<String>, after: String, indent: &'static str },
}

/// What `call` draws; `None` where it is not known.
pub(super) fn shown(call: &Call<'_>) -> Option<Shown> {
    let text = call.named("text").map(str::to_owned).or_else(|| call.texts.first().cloned());
    let block = |before: &str, after: &str, indent| {
        let (before, after) = (before.to_owned(), after.to_owned());
        Some(Shown::Block { before, text: text.clone(), after, indent })
    };
    match call.name {
        "warning_text" | "govuk_warning_text" => block("\n> [!WARNING]\n", "\n", "> "),
        "govuk_inset_text" => block("\n<div class=\"govuk-inset-text\">\n\n", "\n</div>\n\n", ""),
        "govuk_details" => {
            let summary = call.named("summary_text").unwrap_or("Details");
            let open = if call.named("open") == Some("true") { " open" } else { "" };
            let before = format!(
                "\n<details class=\"govuk-details\"{open}>\n<summary>{}</summary>\n\n",
                escape(summary)
            );
            block(&before, "\n</details>\n\n", "")
        }
        "govuk_button_link_to" | "govuk_start_button" => {
            let href = call.named("href").or_else(|| call.texts.get(1).map(String::as_str))?;
            let (href, text) = (escape(href), text?);
            Some(Shown::Inline(format!("<a class=\"govuk-button\" href=\"{href}\">{}</a>", escape(&text))))
        }
        "govuk_tag" => {
            Some(Shown::Inline(format!("<strong class=\"govuk-tag\">{}</strong>", escape(&text?))))
        }
        "link_to" | "govuk_link_to" | "govuk_mail_to" | "mail_to" => link(call),
        "image_tag" => image(call),
        _ => None,
    }
}

fn link(call: &Call<'_>) -> Option<Shown> {
    let (words, dest) = match (call.name, call.texts.as_slice()) {
        ("mail_to" | "govuk_mail_to", [address]) => (address, format!("mailto:{address}")),
        ("mail_to" | "govuk_mail_to", [address, words]) => (words, format!("mailto:{address}")),
        (_, [words, dest]) => (words, dest.clone()),
        _ => return None,
    };
    Some(Shown::Inline(format!("[{}](<{}>)", words.replace(['[', ']'], ""), address(&dest)?)))
}

/// An image; a bare name is that of a file in `images/`, as in Middleman.
fn image(call: &Call<'_>) -> Option<Shown> {
    let [file] = call.texts.as_slice() else { return None };
    let elsewhere = file.starts_with('/') || file.starts_with('.') || file.contains("://");
    let src =
        if elsewhere { file.clone() } else { format!("/images/{}", file.trim_start_matches("images/")) };
    let src = address(&src)?;
    let alt = call.named("alt").unwrap_or_default();
    let mut size = String::new();
    for name in ["width", "height"] {
        if let Some(value) = call.named(name).filter(|value| value.chars().all(|c| c.is_ascii_digit())) {
            let _ = write!(size, " {name}=\"{value}\"");
        }
    }
    Some(Shown::Inline(if size.is_empty() {
        format!("![{}](<{src}>)", alt.replace(['[', ']'], ""))
    } else {
        format!("<img src=\"{}\" alt=\"{}\"{size}>", escape(src), escape(alt))
    }))
}

/// An address that can stand between `<` and `>`.
fn address(dest: &str) -> Option<&str> {
    (!dest.contains(['<', '>', '\n'])).then_some(dest)
}
