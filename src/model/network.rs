//! From where an app may be opened.

use serde::{Deserialize, Serialize};

/// What being in a network does for whoever is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkUse {
    /// Instead of signing in: whoever is there may open the app; from elsewhere its audience decides.
    Instead,
    /// As well as the audience: nobody opens it from elsewhere.
    AsWell,
}

/// An app's condition on networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRule {
    /// What being in one of them does.
    pub rule: NetworkUse,
    /// The networks by the names that the configuration gives them. A name that it no longer knows holds no address.
    pub names: Vec<String>,
}

impl std::fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rule = match self.rule {
            NetworkUse::Instead => "without signing in from",
            NetworkUse::AsWell => "only from",
        };
        write!(f, "{rule} {}", self.names.join(", "))
    }
}
