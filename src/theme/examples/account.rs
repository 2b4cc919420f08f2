//! Examples of the pages about oneself: the account, letting commands and jobs in, signing out.

use super::{Words, at};
use crate::model::Ability;
use crate::theme::views::{
    AccountPage, AuthorizePage, DevicePage, NewToken, Notice, PeoplePage, PublishersPage, SessionRow,
    SignedInBy, SignedOutPage, TokenRow, TrustedRow,
};

impl Words {
    pub(super) fn publishers(self) -> PublishersPage {
        let row = |service, place: &str| TrustedRow {
            id: self.s("01J0000000000000000000000"),
            service,
            place: self.s(place),
            number: self.s("123456"),
            workflow: (service == "GitHub").then(|| self.s("publish.yml")),
            reference: (service == "GitLab").then(|| self.s("main")),
            environment: (service == "GitHub").then(|| self.s("production")),
            by: "ann@example.org".parse().unwrap(),
            since: at(1),
        };
        PublishersPage {
            layout: self.layout(),
            name: "prison-population".parse().unwrap(),
            title: self.s("Prison population, weekly"),
            server: self.s("https://guides.example.org"),
            trusted: vec![row("GitHub", "moj/prison-population"), row("GitLab", "statistics/population")],
            github: vec![self.s("https://token.actions.githubusercontent.com")],
            gitlab: vec![self.s("https://gitlab.com"), self.s("https://gitlab.example.org")],
            notice: None,
        }
    }

    pub(super) fn account(self) -> AccountPage {
        let token = |label: &str, app: Option<&str>, may, expired| TokenRow {
            id: self.s("01J0000000000000000000000"),
            label: self.s(label),
            app: app.map(|name| name.parse().unwrap()),
            may,
            created: at(1),
            used: app.map(|_| at(2)),
            expires: at(90),
            expired,
        };
        AccountPage {
            layout: self.layout(),
            email: "ann@example.org".parse().unwrap(),
            name: Some(self.s("Ann Example")),
            provider: self.s("https://login.example.org/tenant/v2.0"),
            groups: vec![self.s("analysts"), self.s("policy")],
            server: self.s("https://guides.example.org"),
            tokens: vec![
                token("laptop", None, Ability::All, false),
                token(
                    "nightly refresh of the population report",
                    Some("prison-population"),
                    Ability::Publish,
                    false,
                ),
                token("old laptop", None, Ability::Read, true),
            ],
            author: true,
            sessions: vec![
                SessionRow {
                    id: self.s("a"),
                    here: true,
                    browser: Some(self.s("Firefox on Windows")),
                    from: Some(self.s("192.0.2.7")),
                    begun: at(1),
                    expires: at(2),
                },
                SessionRow {
                    id: self.s("b"),
                    here: false,
                    browser: None,
                    from: None,
                    begun: at(1),
                    expires: at(2),
                },
            ],
            new_token: None,
            apps: vec!["prison-population".parse().unwrap(), "court-backlog".parse().unwrap()],
            notice: None,
        }
    }

    pub(super) fn new_account(self) -> AccountPage {
        let token = "loggia_01jd3v7k1m2n3p4q5r6s7t8v9w_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXU";
        AccountPage {
            name: None,
            groups: Vec::new(),
            tokens: Vec::new(),
            new_token: Some(NewToken { label: self.s("laptop"), token: self.s(token) }),
            ..self.account()
        }
    }

    pub(super) fn authorize(self) -> AuthorizePage {
        AuthorizePage {
            layout: self.layout(),
            action: self.s("/-/authorize"),
            fields: self.fields(),
            viewer: "ann@example.org".parse().unwrap(),
            client: Some(self.s("ann-laptop")),
            code: Some(self.s("WDJB-MJHT")),
            until: at(90),
        }
    }

    pub(super) fn device(self, problem: Option<&str>, done: Option<&str>) -> DevicePage {
        DevicePage {
            layout: self.layout(),
            typed: problem.map(|_| self.s("WDJB-MJH")).unwrap_or_default(),
            problem: problem.map(|text| self.s(text)),
            notice: done.map(|text| Notice::Done(self.s(text))),
        }
    }

    pub(super) fn people(self, problem: Option<&str>) -> PeoplePage {
        PeoplePage {
            layout: self.layout(),
            who: problem.map(|_| self.s("ann")).unwrap_or_default(),
            who_problem: problem.map(|text| self.s(text)),
            notice: None,
        }
    }

    pub(super) fn signed_out(self) -> SignedOutPage {
        SignedOutPage {
            layout: self.app_layout(),
            sign_in: self.s("https://guides.example.org/-/sign-in"),
            provider: None,
            at_provider: false,
            by: SignedInBy::Provider { label: self.s("Ministry account") },
        }
    }
}
