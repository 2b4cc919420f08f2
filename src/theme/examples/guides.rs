//! Examples of guides, in a tree and to be printed.

use jiff::civil::date;

use super::{Words, at};
use crate::model::Section;
use crate::theme::views::{
    Alternate, Branch, GuidePage, Heading, Layout, More, PrintPage, Printed, Problem, ReviewNote, Trail,
};

impl Words {
    fn branch(self, label: &str, children: Vec<Branch>) -> Branch {
        let url = Some(self.s(&format!("/{}/", label.to_lowercase().replace(' ', "-"))));
        Branch { label: self.s(label), url, children, ..Branch::default() }
    }

    fn tree(self) -> Vec<Branch> {
        let leaves = |parent: &str, count| {
            (1..=count).map(|n| self.branch(&format!("{parent} guide {n}"), Vec::new())).collect::<Vec<_>>()
        };
        let mut tools = self.branch("Tools", leaves("Tool", 40));
        tools.open = true;
        let mut current = self.branch("RStudio", leaves("RStudio", 4));
        (current.current, current.open) = (true, true);
        tools.children.insert(3, current);
        let packages = Branch { url: None, ..self.branch("Package management", leaves("Package", 12)) };
        let mut tree = vec![
            self.branch("About the platform", Vec::new()),
            self.branch(
                "Get started quickly with an account, a computer and a first project",
                leaves("Start", 9),
            ),
            tools,
            packages,
            self.branch("Data and storage", leaves("Data", 60)),
        ];
        tree.extend((1..=12).map(|n| self.branch(&format!("Area {n}"), leaves("Area", 14))));
        tree
    }

    fn contents(self) -> Vec<Heading> {
        let section = |id: &str, level, heading: &str| Section {
            id: id.to_owned(),
            level,
            heading: self.s(heading),
            text: String::new(),
            code: String::new(),
        };
        Heading::tree(&[
            section("", 1, "RStudio"),
            section("open-rstudio", 2, "Open RStudio"),
            section("from-the-control-panel", 3, "From the control panel"),
            section(
                "from-your-own-computer",
                3,
                "From your own computer, when the network of your office lets you",
            ),
            section("keep-your-work", 2, "Keep your work"),
            section("memory-and-time", 2, "Memory and time"),
            section("troubleshooting", 2, "Troubleshooting"),
        ])
    }

    pub(super) fn guide(self) -> GuidePage {
        GuidePage {
            layout: self.layout(),
            title: self.s("RStudio"),
            html: include_str!("../example.html").to_owned(),
            breadcrumbs: vec![self.link("Start", "/"), self.link("Tools", "/tools/")],
            print: Some(self.s("/-/print/tools/rstudio/")),
            updated: Some(at(3)),
            languages: Vec::new(),
            trail: Trail::new(
                "https://guides.example.org",
                &[
                    self.link("Start", "/"),
                    self.link("Tools", "/tools/"),
                    self.link("RStudio", "/tools/rstudio/"),
                ],
            ),
            navigation: self.tree(),
            contents: self.contents(),
            previous: Some(self.link("Tool guide 3", "/tools/tool-guide-3/")),
            next: Some(self.link("JupyterLab and its many extensions", "/tools/jupyterlab/")),
            review: ReviewNote {
                owner: Some(self.s("#analytical-platform-support")),
                owner_url: None,
                last: Some(date(2026, 3, 4)),
                due: Some(date(2027, 3, 4)),
                overdue: false,
            },
            source: Some(self.s("/tools/rstudio.md")),
            edit: Some(self.s("https://git.example.org/guides/edit/main/tools/rstudio.md")),
            description: Some(self.s("How to open RStudio, keep your work, and get more memory.")),
            canonical: Some(self.s("https://guides.example.org/tools/rstudio/")),
            problems: Vec::new(),
            draft: false,
        }
    }

    pub(super) fn start(self) -> GuidePage {
        GuidePage {
            title: self.s("Analytical Platform"),
            html: "<p>What the platform is, and where to begin.</p>".to_owned(),
            breadcrumbs: Vec::new(),
            navigation: Vec::new(),
            contents: Vec::new(),
            previous: None,
            review: ReviewNote::default(),
            source: None,
            edit: None,
            print: None,
            updated: None,
            description: None,
            canonical: None,
            trail: None,
            ..self.guide()
        }
    }

    pub(super) fn welsh(self) -> GuidePage {
        let alternate = |lang: &str, url: &str, current| Alternate {
            lang: lang.to_owned(),
            url: self.s(url),
            absolute: Some(self.s(&format!("https://guides.example.org{url}"))),
            current,
            first: !current,
        };
        let more = |more, url: &str| Branch { url: Some(self.s(url)), more: Some(more), ..Branch::default() };
        GuidePage {
            layout: Layout { lang: "cy".to_owned(), ..self.layout() },
            languages: vec![
                alternate("en", "/tools/rstudio/", false),
                alternate("cy", "/cy/tools/rstudio/", true),
            ],
            navigation: vec![
                more(More::Earlier(40), "/cy/a/"),
                self.branch("RStudio", Vec::new()),
                more(More::Later(1200), "/cy/z/"),
            ],
            ..self.guide()
        }
    }

    pub(super) fn printed(self) -> PrintPage {
        let guide = |id: &str, title: &str, depth| Printed {
            id: self.s(id),
            title: self.s(title),
            depth,
            html: format!("<p>What it is.</p>\n<h3 id=\"{id}--more\">More</h3>"),
            lang: Some("cy".to_owned()).filter(|_| depth > 0),
            owner: Some(self.s("#analytical-platform-support")),
        };
        PrintPage {
            layout: self.layout(),
            title: self.s("Tools"),
            url: self.s("/tools/"),
            address: self.s("https://guides.example.org/tools/"),
            day: date(2026, 11, 24),
            guides: vec![guide("tools", "Tools", 0), guide("tools--rstudio", "RStudio", 1)],
            left_out: vec![self.link("JupyterLab", "/tools/jupyterlab/")],
        }
    }

    pub(super) fn with_problems(self) -> GuidePage {
        let problem = |line, text| Problem { line, message: self.s(text) };
        GuidePage {
            layout: Layout { live: true, ..self.layout() },
            review: ReviewNote { overdue: true, due: Some(date(2026, 3, 4)), ..self.guide().review },
            problems: vec![
                problem(
                    Some(12),
                    "it links to `#instal`, which is no heading here; the nearest is `#install`",
                ),
                problem(None, "it has no description"),
            ],
            ..self.guide()
        }
    }
}
