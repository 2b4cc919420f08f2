//! Settings looked at together: what is missing, and what does not go with the rest.

use std::net::SocketAddr;

use tracing_subscriber::EnvFilter;

use super::keys::Draft;
use super::load::Places;
use super::mistake::{Mistake, Place};
use super::network::MOST_RANGES;
use super::providers::is_safe;
use super::value::{is_local_name, is_loopback, keeps_secrets};
use crate::model::AppName;

mod sign_in;
mod synced;

use sign_in::unsafe_issuer;

/// The longest a session may last, in days.
const LONGEST_SESSION_DAYS: u64 = 90;

/// Looks at a whole draft.
pub(super) fn check(draft: &Draft, places: &Places) -> Vec<Mistake> {
    let mut check = Check { places, mistakes: Vec::new() };
    check.tls();
    check.logs(draft);
    check.sessions(draft);
    check.mail(draft);
    check.email_codes(draft);
    check.networks(draft);
    check.synced(draft);
    if draft.lets_others_in() {
        check.required(draft);
        check.addresses(draft);
    } else {
        check.alone_on_this_machine(draft);
    }
    check.mistakes
}

struct Check<'a> {
    places: &'a Places,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn is_set(&self, section: &'static str, name: &'static str) -> bool {
        self.places.contains_key(&(section, name, 0))
    }

    /// Reports a mistake where the setting was written.
    fn report(&mut self, section: &'static str, name: &'static str, what: String) {
        self.report_in(section, name, 0, what);
    }

    /// Reports one in the table with this number.
    fn report_in(&mut self, section: &'static str, name: &'static str, table: usize, what: String) {
        let place = self.places.get(&(section, name, table)).cloned().unwrap_or(Place::Nowhere);
        self.mistakes.push(Mistake::new(place, what));
    }

    /// Where the first setting of a table of `wanted` stands.
    fn first_of(&self, wanted: &str, table: usize) -> Place {
        let places =
            self.places.iter().filter(|((section, _, number), _)| *section == wanted && *number == table);
        places.map(|(_, place)| place).min().cloned().unwrap_or(Place::Nowhere)
    }

    /// Every table of `[[access.network]]` is whole, and none is called like another.
    fn networks(&mut self, draft: &Draft) {
        let section = "access.network";
        for (table, network) in draft.networks.iter().enumerate() {
            let needed = [
                ("name", "what publishers choose it by, such as `office`"),
                ("ranges", "its addresses, such as `[\"10.0.0.0/8\"]`"),
            ];
            let missing = |name| !self.places.contains_key(&(section, name, table));
            for (name, what) in needed.into_iter().filter(|(name, _)| missing(*name)).collect::<Vec<_>>() {
                let number = table + 1;
                let what =
                    format!("`{name}` is missing in the `[[{section}]]` number {number}: set it to {what}");
                self.mistakes.push(Mistake::new(self.first_of(section, table), what));
            }
            let ranges = network.ranges.as_ref().map_or(1, Vec::len);
            if !(1..=MOST_RANGES).contains(&ranges) {
                let what = format!("`ranges` holds {ranges} of them; write 1 to {MOST_RANGES}");
                self.report_in(section, "ranges", table, what);
            }
            let mut before = draft.networks.iter().take(table);
            if network.name.is_some() && before.any(|earlier| earlier.name == network.name) {
                let name = network.name.as_deref().unwrap_or_default();
                let what = format!("two networks are called `{name}`; give each a name of its own");
                self.report_in(section, "name", table, what);
            }
        }
    }

    fn require(&mut self, section: &'static str, names: &[&'static str], fix: &str) {
        if !names.iter().any(|name| self.is_set(section, name)) {
            let what = format!("`[{section}] {}` is missing: {fix}", names[0]);
            self.mistakes.push(Mistake::new(Place::Nowhere, what));
        }
    }

    fn tls(&mut self) {
        let certificate = self.is_set("server", "tls_certificate");
        if certificate == self.is_set("server", "tls_key") {
            return;
        }
        let (given, missing) =
            if certificate { ("tls_certificate", "tls_key") } else { ("tls_key", "tls_certificate") };
        self.report(
            "server",
            given,
            format!("`{given}` needs `{missing}` beside it; set both, or neither for plain HTTP"),
        );
    }

    fn logs(&mut self, draft: &Draft) {
        if let Err(error) = EnvFilter::try_new(&draft.logs.filter) {
            let what = format!("`filter` cannot be read: {error}; write `info`, or `info,loggia=debug`");
            self.report("logs", "filter", what);
        }
    }

    fn sessions(&mut self, draft: &Draft) {
        for (name, length) in [("session", draft.session), ("app_session", draft.app_session)] {
            if length.as_secs() > LONGEST_SESSION_DAYS * 24 * 3600 {
                let what = format!("`{name}` is longer than {LONGEST_SESSION_DAYS} days; shorten it");
                self.report("sign_in", name, what);
            }
        }
    }

    /// What a server that others reach cannot guess.
    fn required(&mut self, draft: &Draft) {
        self.require(
            "server",
            &["public_url"],
            "set it to the address people open, such as `https://loggia.example.org`",
        );
        self.require(
            "server",
            &["apps_domain"],
            "set it to the domain that apps live below, such as `apps.example.org`",
        );
        self.require("storage", &["url"], "set it to `s3://bucket/prefix` or to a folder");
        if draft.issuer.is_some() {
            self.require("sign_in", &["client_id"], "set it to the name that the provider knows Loggia by");
        } else {
            self.without_issuer();
        }
        self.providers(draft);
        self.require(
            "sign_in",
            &["session_keys_file", "session_keys"],
            "name a file that holds the output of `openssl rand -base64 33`, or set LOGGIA_SIGN_IN_SESSION_KEYS",
        );
        if let Some(issuer) = draft.issuer.as_ref().filter(|issuer| !is_safe(issuer)) {
            self.report("sign_in", "issuer", unsafe_issuer(issuer));
        }
    }

    fn addresses(&mut self, draft: &Draft) {
        let Some(public) = &draft.public_url else { return };
        if !keeps_secrets(public) {
            let what = "`public_url` is plain HTTP, over which browsers keep no sign-in; write the `https://` address \
                        that people open";
            self.report("server", "public_url", what.to_owned());
        }
        let Some(apps) = &draft.apps_domain else { return };
        let host = public.host_str().unwrap_or_default();
        let label = host.strip_suffix(apps.as_str()).and_then(|front| front.strip_suffix('.'));
        if label.is_some_and(|label| label.parse::<AppName>().is_ok()) {
            let what = format!(
                "`public_url` is at `{host}`, which would be an app's host below `{apps}`; move one of them"
            );
            self.report("server", "public_url", what);
        }
    }

    /// In development mode nobody proves who they are, so nobody else may reach it.
    fn alone_on_this_machine(&mut self, draft: &Draft) {
        self.without_issuer();
        self.listens_at_home("listen", draft.server.listen);
        self.listens_at_home("ops_listen", draft.server.ops_listen);
        if let Some(public) = draft.public_url.as_ref().filter(|public| !is_loopback(public)) {
            let what = format!(
                "`public_url` is `{public}`, which others open, while anybody can sign in as anybody; configure \
                 `[sign_in]` with `issuer` and `client_id`"
            );
            self.report("server", "public_url", what);
        }
        if let Some(apps) = draft.apps_domain.as_ref().filter(|apps| !is_local_name(apps)) {
            let what = format!(
                "`apps_domain` is `{apps}`, which others open, while anybody can sign in as anybody; configure \
                 `[sign_in]` with `issuer` and `client_id`"
            );
            self.report("server", "apps_domain", what);
        }
    }

    fn listens_at_home(&mut self, name: &'static str, listen: SocketAddr) {
        if !listen.ip().is_loopback() {
            let what = format!(
                "`{listen}` can be reached from other machines, while anybody can sign in as anybody; configure \
                 `[sign_in]` with `issuer` and `client_id`, or listen on `127.0.0.1:{}`",
                listen.port()
            );
            self.report("server", name, what);
        }
    }
}
