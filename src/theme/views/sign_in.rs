//! Signing in: choosing how, and typing a code.

use serde::Serialize;

use crate::model::EmailAddress;

use super::Layout;

/// `/-/sign-in`: choose how. A way is chosen by posting `with` and `return` to `/-/sign-in`, a code is asked for by
/// posting `email` and `return` to `/-/sign-in/email`.
#[derive(Clone, Debug, Serialize)]
pub struct SignInPage {
    /// What every page shares.
    pub layout: Layout,
    /// Where the person goes afterwards.
    pub return_to: String,
    /// The providers, in order.
    pub ways: Vec<WayButton>,
    /// Codes by e-mail, where that is a way.
    pub email: Option<EmailForm>,
}

/// One provider.
#[derive(Clone, Debug, Serialize)]
pub struct WayButton {
    /// What addresses call it.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// The form that asks for a code.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EmailForm {
    /// What was typed, when it could not be used.
    pub typed: String,
    /// Why it could not.
    pub problem: Option<EmailProblem>,
}

/// Why no code is sent to what was typed.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EmailProblem {
    /// It is no address.
    Unreadable,
    /// Addresses like it sign in with a provider.
    Elsewhere {
        /// What follows its `@`.
        domain: String,
        /// What people call the provider.
        way: String,
    },
}

/// `/-/sign-in/code`: type the code that was sent. The form posts `code`.
#[derive(Clone, Debug, Serialize)]
pub struct CodePage {
    /// What every page shares.
    pub layout: Layout,
    /// The address that it was asked for.
    pub email: EmailAddress,
    /// Where another can be asked for.
    pub again: String,
    /// What is wrong with what was typed.
    pub problem: Option<CodeProblem>,
}

/// What is wrong with a typed code.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CodeProblem {
    /// It is another one.
    Wrong {
        /// How often one may be typed yet.
        left: usize,
    },
    /// It is not six digits.
    Unreadable,
}
