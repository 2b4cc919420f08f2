//! The navigation as a site's own settings have it.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use crate::guides::problem::Place;
use crate::model::encode_path;

/// What stands in the navigation, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::guides) struct Plan {
    pub(in crate::guides) steps: Vec<Step>,
    /// What the settings call a file; by its path relative to the content folder.
    titles: HashMap<String, Option<String>>,
}

/// One line of the navigation, and what is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guides) struct Step {
    /// The words; a guide's own title where there are none.
    pub(in crate::guides) title: Option<String>,
    /// A chapter's number: `2.1.`
    pub(in crate::guides) number: Option<String>,
    pub(in crate::guides) leads: Leads,
    pub(in crate::guides) below: Vec<Step>,
    /// Where the settings say so.
    pub(in crate::guides) place: Place,
}

/// Where a step leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guides) enum Leads {
    /// To the guide in this file, relative to the content folder.
    To(Arc<str>),
    /// Out of the guides: an address that is safe in `href`.
    Away(String),
    /// Nowhere: a group, or a chapter that is yet to be written.
    Nowhere,
}

impl Plan {
    pub(super) fn of(steps: Vec<Step>) -> Self {
        let mut titles = HashMap::new();
        let mut ahead: Vec<&Step> = steps.iter().rev().collect();
        while let Some(step) = ahead.pop() {
            if let Leads::To(file) = &step.leads {
                titles.entry(file.to_string()).or_insert_with(|| step.title.clone());
            }
            ahead.extend(step.below.iter().rev());
        }
        Self { steps, titles }
    }

    /// Whether the guide in `file` is in the navigation.
    pub(in crate::guides) fn lists(&self, file: &str) -> bool {
        self.titles.contains_key(file)
    }

    /// What the settings call the guide in `file`.
    pub(in crate::guides) fn title(&self, file: &str) -> Option<&str> {
        self.titles.get(file)?.as_deref()
    }

    /// Every step that leads to a file, from top to bottom.
    pub(in crate::guides) fn files(&self) -> Vec<(&Arc<str>, &Place)> {
        let mut out = Vec::new();
        let mut ahead: Vec<&Step> = self.steps.iter().rev().collect();
        while let Some(step) = ahead.pop() {
            if let Leads::To(file) = &step.leads {
                out.push((file, &step.place));
            }
            ahead.extend(step.below.iter().rev());
        }
        out
    }
}

/// Where an address that is no file of the site leads: the web, a mail address or a path of this host.
pub(super) fn away(dest: &str) -> Leads {
    match Url::parse(dest) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => Leads::Away(url.into()),
        Ok(_) => Leads::Nowhere,
        Err(_) => {
            let (path, fragment) = dest.split_at(dest.find('#').unwrap_or(dest.len()));
            let path = format!("/{}", path.trim_start_matches(['/', '\\', '.']));
            Leads::Away(format!("{}{}", encode_path(&path), fragment.replace([' ', '"'], "%20")))
        }
    }
}
