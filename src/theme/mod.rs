//! Templates, styles and scripts: one method a template, one typed view a page.
//!
//! 1. [`views`] say what a page is given.
//! 2. [`Theme::load`] reads the built-in files, and the ones that a folder puts in their place; `strings` are the words
//!    that pages say in each language, `wording` how values are put into words.
//! 3. A method a page renders its view.
//! 4. [`Theme::asset`] gives the bytes behind `/-/assets/NAME.HASH.EXT`: the name changes with the content, so
//!    browsers may keep them for good.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use tera::{Context, Tera};

use crate::config;
pub use assets::Asset;
pub use error::ThemeError;
use strings::Strings;
use views::{
    AccountPage, AppPage, AppsPage, AskedPage, AuthorizePage, CodePage, DevicePage, ErrorPage, GuidePage,
    NotFoundPage, PeoplePage, PrintPage, ProviderPage, PublishersPage, RecordPage, RefusalPage, ReviewPage,
    SearchPage, SearchesPage, SharePage, ShareReviewPage, SignInFailedPage, SignInPage, SignedOutPage,
    ViewAsPage,
};

mod assets;
mod error;
mod files;
mod strings;
mod wording;

pub mod views;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

/// The templates and assets of a site.
#[derive(Clone, Debug)]
pub struct Theme {
    /// The same templates for each language, which speak with its words.
    templates: BTreeMap<String, Tera>,
    strings: BTreeMap<String, Strings>,
    assets: assets::Assets,
}

impl Theme {
    /// A built-in theme, or one with every file that a folder holds under the same name in place of the built-in one.
    ///
    /// The folder has the shape of `themes/default`: templates (`guide.html`) at its top, style sheets (which are
    /// joined into one) in `styles/`, scripts and images in `assets/`, words in `strings/`, where a line takes the
    /// place of the line with the same key. Files under other names are added, so that the replaced ones can use
    /// them. `base = "service"` in `theme.toml` says that it changes that theme rather than `default`.
    ///
    /// # Errors
    /// When a file cannot be read, or a template does not parse: the error names file and line.
    pub fn load(theme: &config::Theme) -> Result<Self, ThemeError> {
        let files = files::read(theme)?;
        let assets = assets::Assets::of(&files);
        let mut by_language = BTreeMap::new();
        let all_strings = files.strings();
        for (language, strings) in &all_strings {
            let mut templates = Tera::new();
            templates.register_function("asset", assets.url_function());
            wording::register(&mut templates, strings);
            templates
                .add_raw_templates(files.templates())
                .map_err(|reason| ThemeError::Template { reason: reason.to_string() })?;
            by_language.insert(language.clone(), templates);
        }
        Ok(Self { templates: by_language, strings: all_strings, assets })
    }

    /// Whether somebody wrote down what pages say in `language`.
    #[must_use]
    pub fn speaks(&self, language: &str) -> bool {
        let primary = language.split('-').next().unwrap_or(language);
        self.strings.contains_key(language) || self.strings.contains_key(primary)
    }

    /// The line with this key in `language` (a BCP 47 tag), or in English.
    #[must_use]
    pub fn words(&self, language: &str, key: &str) -> Option<&str> {
        chosen(&self.strings, language)?.get(key)
    }

    /// The line with this key in `language`, or in English, and every `{name}` in it replaced by what `given` says.
    #[must_use]
    pub fn say(&self, language: &str, key: &str, given: &[(&str, &str)]) -> Option<String> {
        let given = given.iter().map(|(name, value)| (*name, (*value).to_owned()));
        chosen(&self.strings, language)?.say(key, given)
    }

    /// A moment written out in `language`, or in English: "24 November 2026, 08:34 UTC".
    #[must_use]
    pub fn moment(&self, language: &str, at: Timestamp) -> String {
        chosen(&self.strings, language).map_or_else(|| at.to_string(), |strings| strings.moment(at))
    }

    /// What is at `/-/assets/<file>`, such as `style.0f3a….css`.
    #[must_use]
    pub fn asset(&self, file: &str) -> Option<&Asset> {
        self.assets.get(file)
    }

    /// Every asset and its file name.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.all()
    }

    /// Where the asset called `name` is: `style.css` is at `/-/assets/style.0f3a….css`.
    #[must_use]
    pub fn asset_url(&self, name: &str) -> Option<&str> {
        self.assets.url(name)
    }

    /// Renders `template` in `language`, or in English where nobody wrote down what pages say in it.
    fn render(
        &self,
        template: &'static str,
        language: &str,
        page: &impl Serialize,
    ) -> Result<String, ThemeError> {
        let failed = |reason: String| ThemeError::Render { template, reason };
        let templates = chosen(&self.templates, language)
            .ok_or_else(|| failed("the theme has no words in English".to_owned()))?;
        let context = Context::from_serialize(page).map_err(|reason| failed(reason.to_string()))?;
        templates.render(template, &context).map_err(|reason| failed(reason.to_string()))
    }
}

/// What there is for `pt-BR`, else for `pt`, else for English.
fn chosen<'a, T>(by_language: &'a BTreeMap<String, T>, language: &str) -> Option<&'a T> {
    let primary = language.split('-').next().unwrap_or(language);
    [language, primary, strings::FIRST].iter().find_map(|language| by_language.get(*language))
}

/// One method a page.
macro_rules! pages {
    ($($(#[$doc:meta])+ $page:ident: $view:ident from $template:literal,)+) => {
        impl Theme {$(
            $(#[$doc])+
            ///
            /// # Errors
            /// When the template, which a site may have replaced, asks for what its view does not hold.
            pub fn $page(&self, page: &$view) -> Result<String, ThemeError> {
                self.render($template, &page.layout.lang, page)
            }
        )+}
    };
}

pages! {
    /// A guide.
    guide: GuidePage from "guide.html",
    /// A section of guides, one after another, to be printed.
    print: PrintPage from "print.html",
    /// What was found.
    search: SearchPage from "search.html",
    /// Apps and pages shared with you.
    apps: AppsPage from "apps.html",
    /// One app.
    app: AppPage from "app.html",
    /// Who may see an app.
    share: SharePage from "share.html",
    /// What was understood of a paste.
    share_review: ShareReviewPage from "share_review.html",
    /// What somebody else sees.
    view_as: ViewAsPage from "view_as.html",
    /// Who did what.
    record: RecordPage from "record.html",
    /// The jobs that may publish to an app.
    publishers: PublishersPage from "publishers.html",
    /// You and your tokens.
    account: AccountPage from "account.html",
    /// How do you sign in?
    sign_in: SignInPage from "sign_in.html",
    /// Type the code that was sent to you.
    code: CodePage from "code.html",
    /// Who do you want to be? (development mode)
    provider: ProviderPage from "provider.html",
    /// Whether a command may publish as you.
    authorize: AuthorizePage from "authorize.html",
    /// The code that a command on another machine shows.
    device: DevicePage from "device.html",
    /// Signing somebody out everywhere.
    people: PeoplePage from "people.html",
    /// You are signed out.
    signed_out: SignedOutPage from "signed_out.html",
    /// The health of the guides.
    review: ReviewPage from "review.html",
    /// What people search for.
    searches: SearchesPage from "searches.html",
    /// You do not have access.
    refusal: RefusalPage from "refusal.html",
    /// Somebody asked to be let in.
    asked: AskedPage from "asked.html",
    /// Signing in failed.
    sign_in_failed: SignInFailedPage from "sign_in_failed.html",
    /// There is nothing here.
    not_found: NotFoundPage from "not_found.html",
    /// The request could not be answered.
    error: ErrorPage from "error.html",
}
