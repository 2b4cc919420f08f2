//! The health of the guides, as an example.

use jiff::civil::date;

use super::super::views::{
    Choice, OwnerRow, ReviewPage, ReviewedGuide, ReviewedProblem, SearchesPage, SearchesRow,
};
use super::Words;

impl Words {
    pub(super) fn review(self) -> ReviewPage {
        let owner = |label: &str, value: &str, errors, current| OwnerRow {
            label: self.s(label),
            value: self.s(value),
            url: self.s("/-/review/?owner=x"),
            current,
            errors,
            warnings: 4,
            information: 1,
        };
        let problem = |severity: &str, line, message: &str| ReviewedProblem {
            severity: severity.to_owned(),
            file: self.s("tools/rstudio.md"),
            line,
            message: self.s(message),
        };
        let broken = "guide `tools/rstudio.md` links to `/tools/git`, which is neither a guide nor a file; the \
                      nearest is `/tools/github/`";
        ReviewPage {
            layout: self.layout(),
            viewer: "bob@example.org".parse().unwrap(),
            checked: 97,
            edition: Some(self.s(
                "Edition `01jd3m5wz0c9v1k8q2r4t6y8a1` does not load: it holds no guides. Readers see none.",
            )),
            owners: vec![
                owner("All guides", "", 3, true),
                owner("#data-platform-support", "#data-platform-support", 0, false),
            ],
            kinds: vec![Choice {
                label: self.s("Broken links"),
                value: self.s("broken-link"),
                count: 3,
                current: false,
            }],
            found: 8,
            left_out: 1,
            filtered: false,
            guides: vec![
                ReviewedGuide {
                    title: self.s("RStudio"),
                    url: Some(self.s("/tools/rstudio/")),
                    owner: Some(self.s("#data-platform-support")),
                    due: Some(date(2026, 3, 1)),
                    edit: Some(self.s("https://forge.example/edit/tools/rstudio.md")),
                    problems: vec![
                        problem("error", Some(12), broken),
                        problem(
                            "warning",
                            Some(40),
                            "guide `tools/rstudio.md` has a heading without words; remove it",
                        ),
                        problem(
                            "information",
                            None,
                            "guide `tools/rstudio.md` is to be reviewed by 2026-03-01",
                        ),
                    ],
                },
                ReviewedGuide {
                    title: self.s("-/search.md"),
                    url: None,
                    owner: None,
                    due: None,
                    edit: None,
                    problems: vec![problem("error", None, "guide `-/search.md` is not shown")],
                },
            ],
        }
    }
}

impl Words {
    pub(super) fn searches(self) -> SearchesPage {
        let row = |query: &str, asked, nothing, opened| SearchesRow {
            query: self.s(query),
            url: self.s("/-/search?q=pail"),
            asked,
            nothing,
            opened,
            synonym: self.s("\"pail\" = [\"…\"]"),
        };
        SearchesPage {
            layout: self.layout(),
            days: 30,
            frequent: vec![row("sign in twice", 412, 0, 377), row("pail", 9, 9, 0)],
            nothing_found: vec![row("pail", 9, 9, 0)],
            not_opened: vec![row("annual leave", 31, 2, 0)],
        }
    }

    pub(super) fn no_searches(self) -> SearchesPage {
        SearchesPage {
            frequent: Vec::new(),
            nothing_found: Vec::new(),
            not_opened: Vec::new(),
            ..self.searches()
        }
    }
}
