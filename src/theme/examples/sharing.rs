//! Pages about who may see an app, and the record.

use super::super::views::{
    AskedPage, Choice, Doors, DoubtRow, Explained, Filling, FoldersChoice, GapRow, NetworkChoice, Opened,
    Owned, RecordPage, RecordRow, RequestRow, SharePage, ShareReviewPage, ShareRow, SyncedPart, Tab,
    ViewAsPage, ViewedApp,
};
use super::{Words, at};
use crate::model::{Audience, NetworkUse, Role, Who};

impl Words {
    pub(super) fn doors(self) -> Doors {
        let network = |name: &str, chosen: bool| NetworkChoice {
            name: name.to_owned(),
            description: chosen.then(|| self.s("The offices in London and Leeds")),
            ranges: self.s("10.0.0.0/8, 2001:db8::/32"),
            chosen,
        };
        Doors {
            audiences: vec![Audience::Listed, Audience::SignedIn],
            narrowed: true,
            hidden: true,
            rule: Some(NetworkUse::AsWell),
            networks: vec![network("office", true), network("vpn", false)],
            gone: vec![self.s("old-office")],
        }
    }

    pub(super) fn synced(self) -> SyncedPart {
        let choice = |name: &str, marker: Option<&str>, chosen| FoldersChoice {
            name: self.s(name),
            folder: self.s("s3://example-incoming/published/prison-population/"),
            marker: marker.map(|marker| self.s(marker)),
            settle: 120,
            chosen,
        };
        SyncedPart {
            choices: vec![choice("analysts", None, true), choice("statistics", Some("_PUBLISH"), false)],
            filling: Some(Filling {
                folders: self.s("analysts"),
                folder: Some(self.s("s3://example-incoming/published/prison-population/")),
                by: "ann@example.org".parse().unwrap(),
                since: at(2),
                published: Some(at(3)),
                noticed: Some(at(4)),
                trouble: Some(self.s("path `a//b` cannot be used: it has an empty segment")),
                troubled: Some(at(4)),
            }),
        }
    }

    pub(super) fn asks(self) -> Vec<RequestRow> {
        vec![
            RequestRow {
                id: "0123456789abcdef0123456789abcdef".to_owned(),
                who: "bob@example.org".parse().unwrap(),
                name: Some(self.s("Bob Example")),
                when: at(4),
                reason: self.s("I look after the same figures in Leeds; Ann sent me."),
                wanted: Some(self.s("/weeks/47/")),
                domain: Some("example.org".to_owned()),
            },
            RequestRow {
                id: "1123456789abcdef0123456789abcdef".to_owned(),
                who: "eve@gmail.com".parse().unwrap(),
                name: None,
                when: at(5),
                reason: String::new(),
                wanted: None,
                domain: None,
            },
        ]
    }

    pub(super) fn explained(self, sees: Option<&'static str>) -> Explained {
        Explained {
            who: self.s("bob@justice.gov.uk"),
            groups: self.s("analysts"),
            from: self.s("10.1.2.3"),
            problem: sees.is_none().then(|| self.s("`10.1` is no IP address")),
            sees,
            sentences: vec![self.s(
                "bob@justice.gov.uk sees it by `@justice.gov.uk`, granted by ann@example.org on 3 May 2026.",
            )],
        }
    }

    pub(super) fn share(self) -> SharePage {
        let row = |who: Who, role, day: Option<i64>, owner: bool| ShareRow {
            who,
            role,
            until: day.map(at),
            ended: day.is_some_and(|day| day < 5),
            by: day.map(|_| "ann@example.org".parse().unwrap()),
            at: day.map(|_| at(2)),
            owner,
        };
        let who = |who: &str| who.parse::<Who>().unwrap();
        let mut rows = vec![
            row(who("ann@example.org"), Role::Publisher, None, true),
            row(
                who("a.very.long.name.of.somebody@department-with-a-long-name.example.org"),
                Role::Viewer,
                Some(60),
                false,
            ),
            row(who("@justice.gov.uk"), Role::Viewer, Some(1), false),
        ];
        rows.push(row(Who::Group(self.s("analysts")), Role::Viewer, Some(70), false));
        rows.extend(
            (0..200).map(|n| row(who(&format!("person.{n}@example.org")), Role::Viewer, Some(30), false)),
        );
        let tab = |label: &str, current| Tab {
            label: self.s(label),
            url: self.s("/-/apps/prison-population/share?show=x"),
            current,
        };
        SharePage {
            layout: self.layout(),
            name: "prison-population".parse().unwrap(),
            title: self.s("Prison population"),
            audience: Audience::SignedIn,
            viewer: "ann@example.org".parse().unwrap(),
            total: 604,
            found: 204,
            rows,
            q: self.s("example"),
            show: self.s("unopened"),
            tabs: vec![
                tab("Everyone", false),
                tab("Publishers", false),
                tab("Ended", false),
                tab("Never opened", true),
            ],
            opened: Some(Opened { since: at(0), cut: true }),
            page: 2,
            pages: 4,
            previous: Some(self.s("/-/apps/prison-population/share")),
            next: Some(self.s("/-/apps/prison-population/share?page=3")),
            who: self.s("bob@"),
            until: self.s("2026-02-30"),
            notice: None,
        }
    }

    pub(super) fn share_review(self) -> ShareReviewPage {
        let who = |who: &str| who.parse::<Who>().unwrap();
        ShareReviewPage {
            layout: self.layout(),
            name: "prison-population".parse().unwrap(),
            title: self.s("Prison population"),
            audience: Audience::Public,
            new: (0..60)
                .map(|n| who(&format!("person.{n}@example.org")))
                .chain([Who::Group(self.s("analysts"))])
                .collect(),
            held: vec![who("ann@example.org")],
            doubted: vec![
                DoubtRow {
                    who: who("bob@justcie.gov.uk"),
                    sentence: self.s("`justcie.gov.uk` is almost `justice.gov.uk`."),
                    meant: Some(who("bob@justice.gov.uk")),
                },
                DoubtRow {
                    who: who("@gmail.com"),
                    sentence: self.s("Everybody can have such an address."),
                    meant: None,
                },
            ],
            unread: vec![self.s("bob"), self.s("carol@@x")],
            left_out: 3,
            role: Role::Viewer,
            until: Some(at(60)),
            until_text: self.s("2026-11-20"),
            text: self.s("bob@justcie.gov.uk, bob"),
            mails: true,
        }
    }

    pub(super) fn view_as(self) -> ViewAsPage {
        let app = |name: &str, title: &str, sees| ViewedApp {
            name: name.parse().unwrap(),
            title: self.s(title),
            description: Some(self.s("How many people are in prison each week.")),
            owner: "ann@example.org".parse().unwrap(),
            live: sees != "depends",
            sees,
            sentences: vec![self.s(
                "bob@justice.gov.uk sees it by `@justice.gov.uk`, granted by ann@example.org on 3 May 2026.",
            )],
        };
        ViewAsPage {
            layout: self.layout(),
            who: self.s("bob@justice.gov.uk"),
            groups: self.s("analysts"),
            from: self.s("10.1.2.3"),
            problem: Some(self.s("`10.1` is no IP address")),
            all: false,
            looked_at: 3,
            shown: true,
            sees: vec![
                app("prison-population", "Prison population", "yes"),
                app("sales", "Sales", "depends"),
            ],
            sees_not: vec![app("court-backlog", "Court backlog", "no")],
        }
    }

    pub(super) fn record(self, one: bool) -> RecordPage {
        let row = |action, detail: &str, who: Option<&str>, times| RecordRow {
            when: at(4),
            who: who.map(|who| who.parse().unwrap()),
            from: who.map(|_| self.s("192.0.2.1")),
            app: who.map(|_| "prison-population".parse().unwrap()),
            action,
            // What has no detail has none, whatever words are put in.
            detail: if detail.is_empty() { String::new() } else { self.s(detail) },
            rule: who.map(|_| self.s("owner")),
            times,
        };
        let choice =
            |label: &str, current| Choice { label: self.s(label), value: self.s(label), count: 0, current };
        RecordPage {
            layout: self.layout(),
            app: one.then(|| "prison-population".parse().unwrap()),
            title: one.then(|| self.s("Prison population")),
            action_url: if one { self.s("/-/apps/prison-population/audit") } else { self.s("/-/audit") },
            who: self.s("bob"),
            since: self.s("2026-05-03"),
            until: self.s("2026-05-04"),
            app_filter: self.s("prison-population"),
            actions: vec![choice("Shared it", true), choice("Was refused", false)],
            filtered: true,
            rows: vec![
                row("Shared it", "bob@example.org until 2026-12-31T00:00:00Z", Some("ann@example.org"), 1),
                row(
                    "Was refused",
                    "",
                    Some("a.very.long.name.of.somebody@department-with-a-long-name.example.org"),
                    17,
                ),
                row("Lines were lost", "3 lines", None, 1),
            ],
            gaps: vec![GapRow { server: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"), lines: 2, when: at(3) }],
            older: Some(self.s("/-/audit?cursor=2026-05-03/081500-s-1~7")),
            newest: Some(self.s("/-/audit")),
            looked: Some(at(2)),
            csv: self.s("/-/audit.csv"),
            json: self.s("/-/audit.json"),
            problem: None,
        }
    }

    pub(super) fn owned(self) -> Owned {
        Owned {
            title: self.s("Prison population"),
            owner: "ann@example.org".parse().unwrap(),
            owner_name: Some(self.s("Ann Example")),
        }
    }

    pub(super) fn asked(self, kept: bool) -> AskedPage {
        AskedPage {
            layout: self.app_layout(),
            viewer: "bob@example.org".parse().unwrap(),
            app: kept.then(|| self.owned()),
            kept,
            told: kept,
            wanted: self.s("/weeks/47/"),
            request_id: self.s("01jd3v7k1m2n3p4q5r6s7t8v9w"),
        }
    }
}
