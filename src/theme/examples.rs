//! An example of each page, for the tests and for looking at them.

use jiff::Timestamp;

mod account;
mod review;
mod sharing;
mod sign_in;

use crate::model::{Audience, Entropy, NetworkRule, NetworkUse, ReleaseId, Role, Who};

use super::views::{
    AppCard, AppPage, AppsPage, CodeProblem, Correction, DiffRow, Doors, ErrorPage, Field, Filter, GrantRow,
    Hit, HitKind, KeptFact, Layout, Link, Manage, NotFoundPage, Notice, ProviderPage, PublishersPage,
    RefusalPage, ReleaseRow, ReviewPage, SearchPage, Serving, ShareForm, SharePage, SignInFailedPage,
    SignedInBy, SignedOutPage, Synonyms, UnreadRow,
};
use super::{Theme, ThemeError};

mod guides;

/// Makes every text of an example: as it is, or hostile.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) fn(&str) -> String);

/// Texts as they are.
pub(super) const PLAIN: Words = Words(str::to_owned);

/// Every example page by its name.
pub(super) fn pages(theme: &Theme, words: Words) -> Vec<(&'static str, Result<String, ThemeError>)> {
    vec![
        ("guide", theme.guide(&words.guide())),
        ("guide-start", theme.guide(&words.start())),
        ("guide-problems", theme.guide(&words.with_problems())),
        ("guide-welsh", theme.guide(&words.welsh())),
        ("print", theme.print(&words.printed())),
        ("search", theme.search(&words.search())),
        ("search-empty", theme.search(&SearchPage { query: String::new(), ..words.nothing_found() })),
        ("search-nothing", theme.search(&words.nothing_found())),
        ("apps", theme.apps(&words.apps())),
        ("apps-empty", theme.apps(&AppsPage { apps: Vec::new(), ..words.apps() })),
        ("apps-anonymous", theme.apps(&AppsPage { viewer: None, may_publish: false, ..words.apps() })),
        ("app", theme.app(&words.app())),
        ("app-viewer", theme.app(&AppPage { manage: None, notice: None, ..words.app() })),
        ("app-deleted", theme.app(&AppPage { deleted: Some(at(9)), ..words.app() })),
        (
            "app-cleared",
            theme.app(&AppPage { deleted: Some(at(9)), cleared: true, live: false, ..words.app() }),
        ),
        ("app-new", theme.app(&words.new_app())),
        ("share", theme.share(&words.share())),
        ("share-empty", theme.share(&SharePage { rows: Vec::new(), opened: None, ..words.share() })),
        ("share-review", theme.share_review(&words.share_review())),
        ("view-as", theme.view_as(&words.view_as())),
        ("record", theme.record(&words.record(true))),
        ("record-whole", theme.record(&words.record(false))),
        ("publishers", theme.publishers(&words.publishers())),
        ("publishers-none", theme.publishers(&PublishersPage { trusted: Vec::new(), ..words.publishers() })),
        ("account", theme.account(&words.account())),
        ("account-new", theme.account(&words.new_account())),
        ("sign-in", theme.sign_in(&words.sign_in())),
        ("sign-in-email", theme.sign_in(&words.sign_in_by_email())),
        ("sign-in-welsh", theme.sign_in(&words.sign_in_in_welsh())),
        ("code", theme.code(&words.code(None))),
        ("code-wrong", theme.code(&words.code(Some(CodeProblem::Wrong { left: 4 })))),
        ("provider", theme.provider(&words.provider(None))),
        ("provider-problem", theme.provider(&words.provider(Some("`ann` is not an e-mail address")))),
        ("authorize", theme.authorize(&words.authorize())),
        ("device", theme.device(&words.device(None, None))),
        ("device-problem", theme.device(&words.device(Some("nothing waits for this code"), None))),
        ("device-done", theme.device(&words.device(None, Some("Go back to your terminal.")))),
        ("people", theme.people(&words.people(None))),
        ("people-problem", theme.people(&words.people(Some("`ann` is not an e-mail address")))),
        ("signed-out", theme.signed_out(&words.signed_out())),
        (
            "signed-out-provider",
            theme.signed_out(&SignedOutPage {
                provider: Some(words.s("https://login.example.org/end?state=s")),
                ..words.signed_out()
            }),
        ),
        ("signed-out-code", theme.signed_out(&SignedOutPage { by: SignedInBy::Code, ..words.signed_out() })),
        (
            "signed-out-unknown",
            theme.signed_out(&SignedOutPage { by: SignedInBy::Unknown, ..words.signed_out() }),
        ),
        (
            "signed-out-everywhere",
            theme.signed_out(&SignedOutPage { at_provider: true, ..words.signed_out() }),
        ),
        ("review", theme.review(&words.review())),
        ("review-empty", theme.review(&ReviewPage { guides: Vec::new(), edition: None, ..words.review() })),
        ("searches", theme.searches(&words.searches())),
        ("searches-empty", theme.searches(&words.no_searches())),
        ("refusal", theme.refusal(&words.refusal())),
        ("refusal-unknown", theme.refusal(&RefusalPage { app: None, ended: false, ..words.refusal() })),
        ("asked", theme.asked(&words.asked(true))),
        ("asked-not", theme.asked(&words.asked(false))),
        ("sign-in-failed", theme.sign_in_failed(&words.sign_in_failed())),
        ("not-found", theme.not_found(&words.not_found())),
        ("not-found-app", theme.not_found(&words.not_found_on_an_app())),
        ("error", theme.error(&words.error())),
    ]
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
}

fn release(seed: u64) -> ReleaseId {
    ReleaseId::new(at(i64::try_from(seed).unwrap()), &Entropy::seeded(seed))
}

impl Words {
    fn s(self, text: &str) -> String {
        self.0(text)
    }

    fn link(self, label: &str, url: &str) -> Link {
        Link { label: self.s(label), url: self.s(url) }
    }

    fn layout(self) -> Layout {
        Layout {
            site: self.s("Analytical Platform"),
            footer: vec![
                self.link("About", "/about/"),
                self.link("Accessibility", "/accessibility/"),
                self.link("Contact", "mailto:platform@example.org"),
            ],
            ..Layout::main_host("")
        }
    }

    fn app_layout(self) -> Layout {
        Layout { site: self.s("Analytical Platform"), ..Layout::app_host("", "https://guides.example.org") }
    }

    fn search(self) -> SearchPage {
        let hit = |kind, title: &str, heading: &str, snippet: &str| Hit {
            kind,
            title: self.s(title),
            heading: self.s(heading),
            url: self.s("/data/amazon-s3/#versioning"),
            place: vec![
                self.link("Data and storage", "/data/"),
                Link { label: self.s("Guides without a page"), url: String::new() },
            ],
            snippet: snippet.to_owned(),
            more: Vec::new(),
        };
        let text = "Every <mark>bucket</mark> keeps the versions of its objects for 30 days, so that a file that was \
                    overwritten or deleted by mistake can be brought back by the people who manage the <mark>bucket</mark> …";
        SearchPage {
            layout: self.layout(),
            query: self.s("s3 versoning"),
            total: 37,
            filters: [("Everything", true), ("Guides", false), ("Apps", false)]
                .map(|(label, current)| Filter {
                    label: self.s(label),
                    url: self.s("/-/search?q=s3&in=apps"),
                    current,
                })
                .into(),
            everywhere: None,
            freely: None,
            corrected: Some(Correction {
                query: self.s("s3 versioning"),
                from: self.s("s3 versoning"),
                instead: self.s("/-/search?q=s3+versoning&verbatim=1"),
            }),
            synonyms: vec![Synonyms {
                word: self.s("s3"),
                others: vec![self.s("bucket"), self.s("storage")],
            }],
            suggestions: Vec::new(),
            hits: vec![
                Hit {
                    more: ["Turn it on", "Delete a version", "Restore", "Costs"]
                        .map(|heading| self.link(heading, "/data/amazon-s3/#restore"))
                        .into(),
                    ..hit(HitKind::Guide, "Amazon S3", "Versioning", text)
                },
                Hit {
                    place: Vec::new(),
                    ..hit(HitKind::Guide, "Data and storage", "Data and storage", text)
                },
                hit(HitKind::App, "Prison population, weekly", "Method", text),
            ],
            previous: Some(self.s("/-/search?q=s3+versoning")),
            next: Some(self.s("/-/search?q=s3+versoning&page=3")),
            page: 2,
            pages: 4,
        }
    }

    fn nothing_found(self) -> SearchPage {
        SearchPage {
            query: self.s("xyzzy"),
            total: 0,
            corrected: None,
            everywhere: Some(self.s("/-/search?q=xyzzy")),
            freely: Some(self.s("/-/search?q=xyzzy")),
            synonyms: Vec::new(),
            suggestions: vec![self.link("xyz", "/-/search?q=xyz")],
            hits: Vec::new(),
            previous: None,
            next: None,
            page: 1,
            pages: 1,
            ..self.search()
        }
    }

    fn card(self, name: &str, title: &str, description: Option<&str>) -> AppCard {
        AppCard {
            name: name.parse().unwrap(),
            title: self.s(title),
            url: self.s(&format!("https://{name}.apps.example.org/")),
            description: description.map(|text| self.s(text)),
            owner: "ann@example.org".parse().unwrap(),
            owner_name: description.map(|_| self.s("Ann Example")),
            changed: at(3),
            new: description.is_some(),
            networks: if description.is_none() { vec![self.s("office")] } else { Vec::new() },
            audience: Audience::Listed,
            publisher: false,
            live: true,
        }
    }

    fn apps(self) -> AppsPage {
        let population = "How many people are in prison each week, by establishment, since 2015.";
        AppsPage {
            layout: self.layout(),
            viewer: Some("bob@example.org".parse().unwrap()),
            sign_in: self.s("/-/sign-in?to=%2F-%2Fapps%2F"),
            may_publish: true,
            server: self.s("https://guides.example.org"),
            publishes: true,
            administers: true,
            q: String::new(),
            total: 3,
            new: 1,
            apps: vec![
                AppCard {
                    publisher: true,
                    ..self.card("prison-population", "Prison population", Some(population))
                },
                AppCard { audience: Audience::SignedIn, ..self.card("court-backlog", "Court backlog", None) },
                AppCard { live: false, ..self.card("draft", "A draft without a release", None) },
            ],
            notice: None,
        }
    }

    fn grant(who: &str, role: Role, until: Option<Timestamp>) -> GrantRow {
        GrantRow { who: who.parse().unwrap(), role, until, ended: until.is_some_and(|until| until < at(5)) }
    }

    fn app(self) -> AppPage {
        let release = |seed, message: Option<&str>, current| ReleaseRow {
            id: release(seed),
            url: self.s(&format!("https://{}--prison-population.apps.example.org/", release(seed))),
            when: at(i64::try_from(seed).unwrap()),
            by: "ann@example.org".parse().unwrap(),
            message: message.map(|text| self.s(text)),
            files: 214,
            size: 12_345_678,
            current,
            commit: (seed > 1).then(|| self.s("9b2c180a77e0")),
            diff: (seed > 1).then(|| DiffRow {
                summary: self.s("1 added, 1 changed"),
                files: vec![self.s("+ weeks/2026-11-20.html"), self.s("~ index.html")],
                more: usize::from(seed > 2) * 3,
            }),
        };
        let mut grants = vec![
            Self::grant("ann@example.org", Role::Publisher, None),
            Self::grant(
                "a.very.long.name.of.somebody@department-with-a-long-name.example.org",
                Role::Viewer,
                None,
            ),
            Self::grant("@example.org", Role::Viewer, Some(at(60))),
        ];
        let group = GrantRow {
            who: Who::Group(self.s("analysts")),
            ..Self::grant("@x.org", Role::Viewer, Some(at(1)))
        };
        grants.push(group);
        AppPage {
            layout: self.layout(),
            name: "prison-population".parse().unwrap(),
            title: self.s("Prison population"),
            url: self.s("https://prison-population.apps.example.org/"),
            description: Some(
                self.s("How many people are in prison each week, by establishment, since 2015."),
            ),
            owner: "ann@example.org".parse().unwrap(),
            audience: Audience::Listed,
            network: Some(NetworkRule { rule: NetworkUse::AsWell, names: vec![self.s("office")] }),
            because: vec![self.s("by `@example.org`, granted by ann@example.org on 3 May 2026")],
            created: at(0),
            changed: at(3),
            deleted: None,
            cleared: false,
            live: true,
            kept: vec![
                KeptFact { name: "Kept in", value: self.s("a bucket") },
                KeptFact { name: "Region", value: self.s("eu-west-1") },
                KeptFact { name: "Earlier versions", value: self.s("not known") },
            ],
            manage: Some(Manage {
                grants,
                granted: 204,
                doors: self.doors(),
                requests: self.asks(),
                explained: self.explained(Some("yes")),
                releases: vec![
                    release(3, Some("Weeks to 20 November"), true),
                    release(2, None, false),
                    release(1, Some("First version"), false),
                ],
                can_roll_back: true,
                in_search: true,
                unread: vec![UnreadRow {
                    file: self.s("annex/tables.pdf"),
                    why: self.s("it is protected by a password"),
                }],
                share: ShareForm {
                    who: self.s("bob"),
                    until: self.s("2026-02-30"),
                    who_problem: Some(self.s("`bob` names nobody; write an address (`ann@example.org`)")),
                    until_problem: Some(self.s("there is no such day")),
                },
                mails: true,
                serving: Serving {
                    problems: vec![
                        self.s("_redirects line 3: `418` is not a status; 200, 301 and 302 can be used"),
                    ],
                    fallback: self.s("index.html"),
                    isolated: true,
                    frame_ancestors: self.s("'self' https://intranet.example.org"),
                    csp: self.s("default-src 'self'"),
                    keep_days: self.s("30"),
                },
                synced: Some(self.synced()),
            }),
            notice: Some(Notice::Failed(self.s("`bob` names nobody, so nothing was shared"))),
        }
    }

    fn new_app(self) -> AppPage {
        let manage = Manage {
            grants: Vec::new(),
            granted: 0,
            doors: Doors { audiences: vec![Audience::Listed], ..Doors::default() },
            requests: Vec::new(),
            explained: self.explained(None),
            releases: Vec::new(),
            can_roll_back: false,
            in_search: false,
            unread: Vec::new(),
            share: ShareForm::default(),
            mails: false,
            serving: Serving::default(),
            synced: None,
        };
        AppPage {
            audience: Audience::Public,
            network: None,
            because: Vec::new(),
            description: None,
            live: false,
            manage: Some(manage),
            notice: Some(Notice::Done(self.s("The audience is now everyone."))),
            ..self.app()
        }
    }

    fn fields(self) -> Vec<Field> {
        vec![
            Field { name: self.s("state"), value: self.s("abc") },
            Field { name: self.s("nonce"), value: self.s("d") },
        ]
    }

    fn provider(self, problem: Option<&str>) -> ProviderPage {
        ProviderPage {
            layout: Layout { search: false, ..self.layout() },
            action: self.s("/-/provider/authorize"),
            fields: self.fields(),
            email: problem.map(|_| self.s("ann")).unwrap_or_default(),
            problem: problem.map(|text| self.s(text)),
            suggestions: vec!["ann@example.org".parse().unwrap(), "bob@example.org".parse().unwrap()],
        }
    }

    fn refusal(self) -> RefusalPage {
        RefusalPage {
            layout: self.app_layout(),
            app: Some(self.owned()),
            ended: false,
            from: None,
            ask: self.s("/-/ask"),
            url: self.s("https://prison-population.apps.example.org/"),
            viewer: "bob@example.org".parse().unwrap(),
            leave: self.s("/-/leave"),
            leave_fields: self.fields(),
            request_id: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"),
        }
    }

    fn sign_in_failed(self) -> SignInFailedPage {
        SignInFailedPage {
            layout: self.layout(),
            reason: self.s("Your sign-in took longer than ten minutes, so it was given up."),
            next_step: self.s("Start again; it is done within a minute."),
            retry: Some(self.s("/-/sign-in")),
            request_id: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"),
        }
    }

    fn not_found(self) -> NotFoundPage {
        NotFoundPage {
            layout: self.layout(),
            path: self.s("/tools/r-studio/"),
            query: self.s("tools r studio"),
            sign_in: Some(self.s("/-/sign-in?return=%2Ftools%2Fr-studio%2F")),
            nearest: vec![self.link("RStudio", "/tools/rstudio/"), self.link("Tools", "/tools/")],
            request_id: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"),
        }
    }

    fn not_found_on_an_app(self) -> NotFoundPage {
        NotFoundPage {
            layout: self.app_layout(),
            query: String::new(),
            nearest: Vec::new(),
            sign_in: None,
            ..self.not_found()
        }
    }

    fn error(self) -> ErrorPage {
        ErrorPage {
            layout: self.app_layout(),
            status: 503,
            title: self.s("The storage cannot be reached"),
            sentence: self
                .s("Nothing was lost. Try again in a minute; if it stays like this, tell the platform team."),
            request_id: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"),
        }
    }
}
