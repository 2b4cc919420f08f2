//! `book.toml` and `SUMMARY.md`: what an mdBook says of itself.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{Kind, Settings, Site, SiteLink, folder_prefix, summary};
use crate::config;
use crate::guides::front_matter::Unparsed;
use crate::guides::links::joined;
use crate::guides::problem::{Problem, ProblemKind};

/// The keys of `book.toml` that mean something here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Book {
    book: About,
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    title: Option<String>,
    description: Option<String>,
    language: Option<String>,
    src: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    html: Html,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Html {
    git_repository_url: Option<String>,
    edit_url_template: Option<String>,
    no_section_label: bool,
    redirect: BTreeMap<String, String>,
    code: Code,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Code {
    hidelines: HashMap<String, String>,
}

/// Reads the settings and the navigation.
pub(super) fn read(content: &config::Content, settings: &Settings<'_>) -> Result<Site, Unparsed> {
    let Book { book, output: Output { html } } = toml::from_str(settings.text).map_err(|error| {
        let before = error.span().and_then(|span| settings.text.get(..span.start));
        let line = before.map(|text| text.matches('\n').count() + 1);
        Unparsed { line: line.and_then(|line| u32::try_from(line).ok()), reason: error.message().to_owned() }
    })?;
    let mut problems = Vec::new();
    let src = book.src.as_deref().unwrap_or("src");
    let prefix = folder_prefix(src).unwrap_or_else(|| {
        let message =
            format!("`{}` names `src = \"{src}\"`, which is outside the book; `src` is used", settings.file);
        problems.push(Problem::error(settings.file, ProblemKind::FrontMatter, message));
        "src/".to_owned()
    });
    let summary_file = format!("{prefix}SUMMARY.md");
    let plan = match super::read(&content.dir, &summary_file) {
        Ok(text) => {
            let (plan, unclear) = summary::parse(&text, &summary_file, &prefix, !html.no_section_label);
            problems.extend(unclear);
            Some(plan)
        }
        Err(Unparsed { reason, .. }) => {
            let message = format!(
                "`{summary_file}` cannot be read: {reason}; every Markdown file is shown, ordered by title"
            );
            problems.push(Problem::error(settings.file, ProblemKind::Unreadable, message));
            None
        }
    };
    let repository = html.git_repository_url.map(|url| SiteLink { title: "Repository".to_owned(), url });
    Ok(Site {
        title: book.title.unwrap_or_else(|| Site::title_of(content)),
        description: book.description,
        language: book.language,
        header_links: repository.into_iter().filter(SiteLink::is_of_the_web).collect(),
        // The path there is that of the file in the book's own folder.
        edit: html.edit_url_template.map(|template| template.replace("{path}", "{file}")),
        redirects: html.redirect.into_iter().map(redirect).collect(),
        prefix: prefix.into(),
        plan,
        hidden_lines: html.code.hidelines,
        settings: vec![summary_file],
        problems,
        ..Site::bare(content, Kind::MdBook)
    })
}

/// A former address and where it leads; a relative one is seen from the former page's folder.
fn redirect((from, to): (String, String)) -> (String, String) {
    let relative = !to.starts_with('/') && !to.contains("://");
    let (path, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let to = if relative && !path.is_empty() { format!("{}{fragment}", joined(folder, path)) } else { to };
    (from, to)
}
