//! Ways to sign in, and the mail that one of them needs, looked at together.

use super::super::keys::Draft;
use super::super::providers::{ProviderDraft, is_safe};
use super::{Check, Mistake};

const TABLES: &str = "sign_in.provider";

impl Check<'_> {
    /// What belongs to the one provider of `[sign_in]` says nothing without it.
    pub(super) fn without_issuer(&mut self) {
        for name in ["client_id", "client_secret", "client_secret_file"] {
            if self.is_set("sign_in", name) {
                let what = format!("`{name}` needs `[sign_in] issuer` beside it; set the provider's address");
                self.report("sign_in", name, what);
            }
        }
    }

    /// Every table of `[[sign_in.provider]]` is whole, and none is called like another.
    pub(super) fn providers(&mut self, draft: &Draft) {
        for (table, provider) in draft.providers.iter().enumerate() {
            self.provider(table, provider);
        }
        let whole = draft.all_providers();
        for (place, provider) in whole.iter().enumerate() {
            let (before, table) = (&whole[..place], place - usize::from(draft.issuer.is_some()).min(place));
            if before.iter().any(|other| other.name == provider.name) {
                let name = &provider.name;
                let what =
                    format!("two providers are called `{name}`; give each `[[{TABLES}]]` a name of its own");
                self.report_in(TABLES, "name", table, what);
            }
            if before.iter().any(|other| other.issuer == provider.issuer) {
                let issuer = provider.issuer.escape_debug();
                let what =
                    format!("two providers have the issuer `{issuer}`; people are known by it, so keep one");
                self.report_in(TABLES, "issuer", table, what);
            }
        }
    }

    fn provider(&mut self, table: usize, provider: &ProviderDraft) {
        let mut missing = Vec::new();
        if provider.name.is_none() {
            missing.push(("name", "what its addresses call it, such as `staff`"));
        }
        if provider.issuer().is_none() {
            missing.push(("issuer", "the provider's address, as its discovery document writes it"));
        }
        if provider.client_id.is_none() {
            missing.push(("client_id", "the name that the provider knows Loggia by"));
        }
        if provider.github && provider.client_secret.is_none() {
            missing.push(("client_secret_file", "a file that holds the secret that GitHub gave"));
        }
        for (name, what) in missing {
            let number = table + 1;
            let what = format!("`{name}` is missing in the `[[{TABLES}]]` number {number}: set it to {what}");
            self.mistakes.push(Mistake::new(self.first_of(TABLES, table), what));
        }
        if let Some(issuer) = provider.issuer().filter(|issuer| !is_safe(issuer)) {
            self.report_in(TABLES, "issuer", table, unsafe_issuer(issuer));
        }
        if let Some(api) = provider.api.as_deref().filter(|api| !is_safe(api)) {
            let what = format!("`api` is `{}`; write the API's `https://` address", api.escape_debug());
            self.report_in(TABLES, "api", table, what);
        }
        let (others, kind) = if provider.github {
            (["audiences", "groups_claim", "verified_email"].as_slice(), "openid")
        } else {
            (["api", "organisations"].as_slice(), "github")
        };
        for name in others {
            if self.places.contains_key(&(TABLES, name, table)) {
                let what = format!(
                    "`{name}` is for providers of the kind `{kind}`; remove it, or set `kind = \"{kind}\"`"
                );
                self.report_in(TABLES, name, table, what);
            }
        }
    }

    pub(super) fn email_codes(&mut self, draft: &Draft) {
        let Some(email) = draft.email.clone().finish() else { return };
        let name = if self.is_set("sign_in.email", "domains") { "domains" } else { "granted" };
        if email.domains.is_empty() && !email.granted {
            let what = "nobody may sign in by e-mail: name `domains`, or leave `granted` to be `true`";
            self.report("sign_in.email", name, what.to_owned());
        }
        if draft.mail.server.is_none() {
            let what = "codes are sent by mail: set `server` and `from` under `[mail]`";
            self.report("sign_in.email", name, what.to_owned());
        }
    }

    pub(super) fn mail(&mut self, draft: &Draft) {
        let mail = &draft.mail;
        if mail.server.is_some() {
            self.require(
                "mail",
                &["from"],
                "set it to the address that mail is from, such as `no-reply@example.org`",
            );
        } else {
            for name in ["port", "security", "user", "password", "password_file", "from"] {
                if self.is_set("mail", name) {
                    let what = format!("`{name}` needs `server` beside it; set it to the mail server's host");
                    self.report("mail", name, what);
                }
            }
        }
        if mail.user.is_some() != mail.password.is_some() {
            let given = if mail.user.is_some() {
                "user"
            } else if self.is_set("mail", "password_file") {
                "password_file"
            } else {
                "password"
            };
            let what = "`user` and its password belong together: set `user`, and `password_file` or LOGGIA_MAIL_PASSWORD";
            self.report("mail", given, what.to_owned());
        }
        if mail.is_exposed() {
            let what = "`security` is `none`, and codes could be read on the way; write `starttls` or `tls`, or use a \
                        server on this machine";
            self.report("mail", "security", what.to_owned());
        }
    }
}

pub(super) fn unsafe_issuer(issuer: &str) -> String {
    format!("`issuer` is `{}`; write the provider's `https://` address", issuer.escape_debug())
}
