//! Examples of the pages on which people sign in.

use super::super::views::{CodePage, CodeProblem, EmailForm, EmailProblem, Layout, SignInPage, WayButton};
use super::Words;

impl Words {
    pub(super) fn sign_in(self) -> SignInPage {
        let way = |name: &str, label: &str| WayButton { name: self.s(name), label: self.s(label) };
        SignInPage {
            layout: self.layout(),
            return_to: self.s("/-/apps/"),
            ways: vec![way("staff", "Ministry account"), way("github", "GitHub")],
            email: Some(EmailForm::default()),
        }
    }

    pub(super) fn sign_in_in_welsh(self) -> SignInPage {
        SignInPage { layout: Layout { lang: "cy".to_owned(), ..self.layout() }, ..self.sign_in() }
    }

    pub(super) fn sign_in_by_email(self) -> SignInPage {
        let problem =
            EmailProblem::Elsewhere { domain: self.s("example.org"), way: self.s("Ministry account") };
        SignInPage {
            ways: Vec::new(),
            email: Some(EmailForm { typed: self.s("ann@example.org"), problem: Some(problem) }),
            ..self.sign_in()
        }
    }

    pub(super) fn code(self, problem: Option<CodeProblem>) -> CodePage {
        CodePage {
            layout: self.layout(),
            email: "ann@example.net".parse().unwrap(),
            again: self.s("/-/sign-in?return=%2F-%2Fapps%2F"),
            problem,
        }
    }
}
