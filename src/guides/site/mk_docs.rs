//! `mkdocs.yml`: what a site of `MkDocs` says of itself.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::plan::{Leads, Plan, Step, away};
use super::{Kind, Settings, Site, SiteLink, folder_prefix};
use crate::config;
use crate::guides::front_matter::Unparsed;
use crate::guides::problem::{Place, Problem, ProblemKind};

/// Groups in groups are followed this deep.
const DEEPEST: usize = 16;

/// The keys of `mkdocs.yml` that mean something here. Plug-ins and extensions shape many of them freely.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MkDocs {
    site_name: Value,
    site_url: Value,
    site_description: Value,
    repo_url: Value,
    repo_name: Value,
    edit_uri: Value,
    edit_uri_template: Value,
    docs_dir: Value,
    nav: Value,
    plugins: Value,
    theme: Value,
    markdown_extensions: Value,
    #[serde(rename = "INHERIT")]
    inherit: Value,
}

/// Reads the settings.
pub(super) fn read(content: &config::Content, settings: &Settings<'_>) -> Result<Site, Unparsed> {
    let text = without_environment(settings.text);
    let read: MkDocs = if text.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
        MkDocs::default()
    } else {
        serde_saphyr::from_str(&text).map_err(|error| Unparsed::of(&error, 0))?
    };
    let mut problems = Vec::new();
    let mut complain = |needle: &str, kind, what: String| {
        let place = place_of(settings, needle);
        problems.push(Problem::warning(&place, kind, format!("`{}` {what}", settings.file)));
    };
    let docs_dir = words(&read.docs_dir).unwrap_or_else(|| "docs".to_owned());
    let prefix = folder_prefix(&docs_dir).unwrap_or_else(|| {
        let what = format!("names `docs_dir: {docs_dir}`, which is outside the site; `docs` is used");
        complain("docs_dir", ProblemKind::FrontMatter, what);
        "docs/".to_owned()
    });
    if let Some(parent) = words(&read.inherit) {
        let what = format!("inherits from `{parent}`, which is not read; write its settings here");
        complain("INHERIT", ProblemKind::NotUnderstood, what);
    }
    let plan = read
        .nav
        .as_array()
        .map(|nav| Plan::of(nav.iter().flat_map(|item| steps(item, &prefix, settings, 0)).collect()));
    let repository = words(&read.repo_url).map(|url| SiteLink { title: repository_name(&read, &url), url });
    Ok(Site {
        title: words(&read.site_name).unwrap_or_else(|| Site::title_of(content)),
        base_url: words(&read.site_url).and_then(|url| Url::parse(&url).ok()).filter(Url::has_host),
        description: words(&read.site_description),
        language: read.theme.get("language").and_then(words),
        edit: edit(&read),
        header_links: repository.into_iter().filter(SiteLink::is_of_the_web).collect(),
        redirects: redirects(&read.plugins),
        include_from: snippet_folders(&read.markdown_extensions),
        prefix: prefix.into(),
        plan,
        problems,
        ..Site::bare(content, Kind::MkDocs)
    })
}

/// The file with what it takes from environment variables taken as absent.
fn without_environment(text: &str) -> String {
    let kept = |line: &str| match line.split_once(": !ENV ") {
        Some((key, rest)) if !rest.trim_start().starts_with('[') => format!("{key}:"),
        _ => line.to_owned(),
    };
    text.lines().map(|line| kept(line) + "\n").collect()
}

/// A string, or the default that ends a list: `!ENV [SITE_NAME, "The guide"]`.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => items.last().filter(|last| last.is_string()).and_then(words),
        _ => None,
    }
}

/// One item of `nav`: a file, or a title with a file, an address or more items.
fn steps(item: &Value, prefix: &str, settings: &Settings<'_>, depth: usize) -> Vec<Step> {
    let step = |title: Option<&String>, leads, below, needle: &str| Step {
        title: title.cloned(),
        number: None,
        leads,
        below,
        place: place_of(settings, needle),
    };
    match item {
        Value::String(dest) => vec![step(None, leads(dest, prefix), Vec::new(), dest)],
        Value::Object(titled) => {
            let titled = titled.iter().map(|(title, value)| match value {
                Value::String(dest) => step(Some(title), leads(dest, prefix), Vec::new(), dest),
                Value::Array(items) if depth < DEEPEST => {
                    let below = items.iter().flat_map(|item| steps(item, prefix, settings, depth + 1));
                    step(Some(title), Leads::Nowhere, below.collect(), title)
                }
                _ => step(Some(title), Leads::Nowhere, Vec::new(), title),
            });
            titled.collect()
        }
        _ => Vec::new(),
    }
}

fn leads(dest: &str, prefix: &str) -> Leads {
    let markdown = [".md", ".markdown"].iter().any(|end| dest.ends_with(end));
    if markdown && !dest.contains("://") {
        let file: Arc<str> = format!("{prefix}{}", dest.trim_start_matches(['.', '/'])).into();
        Leads::To(file)
    } else {
        away(dest)
    }
}

/// The first line that holds `needle`.
fn place_of(settings: &Settings<'_>, needle: &str) -> Place {
    let line = settings.text.lines().position(|line| line.contains(needle));
    Place { file: settings.file.into(), line: line.and_then(|line| u32::try_from(line + 1).ok()) }
}

/// The settings of the plug-in or extension `name`, in a list or a mapping of them.
fn settings_of<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    match list {
        Value::Array(items) => items.iter().find_map(|item| item.get(name)),
        other => other.get(name),
    }
}

fn redirects(plugins: &Value) -> Vec<(String, String)> {
    let maps = settings_of(plugins, "redirects").and_then(|redirects| redirects.get("redirect_maps"));
    let maps = maps.and_then(Value::as_object).into_iter().flatten();
    maps.filter_map(|(from, to)| Some((format!("/{}", from.trim_start_matches('/')), words(to)?))).collect()
}

/// Where the site's own settings look for snippets, relative to the content folder.
fn snippet_folders(extensions: &Value) -> Vec<String> {
    let given = settings_of(extensions, "pymdownx.snippets").and_then(|snippets| snippets.get("base_path"));
    let folders: Vec<&str> = match given {
        Some(Value::String(folder)) => vec![folder],
        Some(Value::Array(folders)) => folders.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    folders.into_iter().filter_map(folder_prefix).collect()
}

/// The template for editing a file: whole, or what follows the repository's address.
fn edit(read: &MkDocs) -> Option<String> {
    let repository = words(&read.repo_url);
    let repository = repository.as_deref().map(|url| url.trim_end_matches('/'));
    let template = match (words(&read.edit_uri_template), words(&read.edit_uri)) {
        (Some(template), _) => template.replace("{path!q}", "{path}").replace("{path_noext}.md", "{path}"),
        (None, Some(uri)) if uri.is_empty() => return None,
        (None, Some(uri)) => format!("{}{{path}}", with_slash(&uri)),
        (None, None) => {
            let host = repository.and_then(|url| Url::parse(url).ok());
            match host.as_ref().and_then(Url::host_str) {
                Some("github.com" | "gitlab.com") => "edit/master/docs/{path}".to_owned(),
                Some("bitbucket.org") => "src/default/docs/{path}".to_owned(),
                _ => return None,
            }
        }
    };
    if template.starts_with("https://") || template.starts_with("http://") {
        return Some(template);
    }
    let between = if template.starts_with(['?', '#']) { "" } else { "/" };
    let url = format!("{}{between}{}", repository?, template.trim_start_matches('/'));
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}

fn with_slash(uri: &str) -> String {
    if uri.ends_with(['/', '=']) { uri.to_owned() } else { format!("{uri}/") }
}

fn repository_name(read: &MkDocs, url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    words(&read.repo_name).unwrap_or_else(|| match host.as_deref() {
        Some("github.com") => "GitHub".to_owned(),
        Some("gitlab.com") => "GitLab".to_owned(),
        Some("bitbucket.org") => "Bitbucket".to_owned(),
        _ => "Repository".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::site::{Kind, Site};

    const SETTINGS: &str = include_str!("tests/mkdocs.yml");

    fn loaded(settings: &str) -> Site {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mkdocs.yml"), settings).unwrap();
        Site::load(&config::Content { dir: dir.path().to_owned(), title: None, language: None })
    }

    #[test]
    fn settings_with_tags_of_python_are_read() {
        let site = loaded(SETTINGS);
        assert_eq!(site.problems, []);
        assert_eq!((site.kind, &*site.title, &*site.prefix), (Kind::MkDocs, "The guide", "manual/"));
        assert_eq!(site.language.as_deref(), Some("cy"));
        assert_eq!(site.base_url.as_ref().map(Url::as_str), Some("https://guide.example/"));
        let edit = site.edit_url("manual/a b.md").unwrap();
        assert_eq!(edit, "https://github.com/example/guide/blob/main/manual/a%20b.md");
        assert_eq!(site.redirects, [("/old.md".to_owned(), "new.md".to_owned())]);
        assert_eq!(site.include_from, ["snippets/"]);
        let links: Vec<&str> = site.header_links.iter().map(|link| &*link.title).collect();
        assert_eq!(links, ["example/guide"]);
    }

    #[test]
    fn a_folder_outside_the_site_is_not_followed() {
        let site = loaded("site_name: A\ndocs_dir: ../secret\nINHERIT: ../base.yml\n");
        assert_eq!(&*site.prefix, "docs/");
        let said: Vec<String> = site.problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"), @"
        mkdocs.yml:2: warning: `mkdocs.yml` names `docs_dir: ../secret`, which is outside the site; `docs` is used
        mkdocs.yml:3: warning: `mkdocs.yml` inherits from `../base.yml`, which is not read; write its settings here
        ");
    }

    #[test]
    fn the_edit_address_follows_the_repository() {
        let edit = |more: &str| loaded(&format!("repo_url: https://github.com/a/b/\n{more}")).edit;
        assert_eq!(edit("").unwrap(), "https://github.com/a/b/edit/master/docs/{path}");
        assert_eq!(edit("edit_uri: blob/main/d").unwrap(), "https://github.com/a/b/blob/main/d/{path}");
        assert_eq!(edit("edit_uri: ''"), None);
        assert_eq!(
            edit("edit_uri_template: 'https://e.example/{path}'").unwrap(),
            "https://e.example/{path}"
        );
    }
}
