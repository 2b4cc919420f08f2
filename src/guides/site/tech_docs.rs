//! `config/tech-docs.yml`: what a tech-docs-gem site says of itself.

use serde::Deserialize;
use url::Url;

use super::pairs::Pairs;
use super::{Kind, Settings, Site};
use crate::config;
use crate::guides::front_matter::Unparsed;

/// The keys of `config/tech-docs.yml` that mean something here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TechDocs {
    service_name: Option<String>,
    service_link: Option<String>,
    host: Option<String>,
    header_links: Pairs,
    footer_links: Pairs,
    redirects: Pairs,
    max_toc_heading_level: Option<u8>,
    prevent_indexing: bool,
    show_contribution_banner: bool,
    github_repo: Option<String>,
    github_branch: Option<String>,
    default_owner_slack: Option<String>,
    owner_slack_workspace: Option<String>,
    show_expiry: Option<bool>,
}

/// Reads the settings.
pub(super) fn read(content: &config::Content, settings: &Settings<'_>) -> Result<Site, Unparsed> {
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let read = if settings.text.lines().all(blank) {
        TechDocs::default()
    } else {
        serde_saphyr::from_str(settings.text).map_err(|error| Unparsed::of(&error, 0))?
    };
    Ok(read.into_site(content))
}

impl TechDocs {
    fn into_site(self, content: &config::Content) -> Site {
        let edit = self.github_repo.filter(|_| self.show_contribution_banner).map(|repository| {
            let branch = self.github_branch.as_deref().unwrap_or("main");
            format!("https://github.com/{repository}/edit/{branch}/{{file}}")
        });
        let bare = Site::bare(content, Kind::TechDocs);
        Site {
            title: self.service_name.unwrap_or_else(|| Site::title_of(content)),
            home: self.service_link,
            base_url: self.host.and_then(|host| Url::parse(&host).ok()).filter(Url::has_host),
            header_links: self.header_links.links(),
            footer_links: self.footer_links.links(),
            contents_depth: self.max_toc_heading_level.unwrap_or(6).clamp(2, 6),
            keep_out_robots: self.prevent_indexing,
            shows_expiry: self.show_expiry.unwrap_or(true),
            slack_workspace: self.owner_slack_workspace,
            edit,
            default_owner: self.default_owner_slack,
            redirects: self.redirects.0,
            ..bare
        }
    }
}
