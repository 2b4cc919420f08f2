//! Templates, styles and scripts: one method a template, one typed view a page.
//!
//! 1. [`views`] say what a page is given.
//! 2. [`Theme::load`] reads the built-in files, and the ones that a folder puts in their place.
//! 3. A method a page renders its view.
//! 4. [`Theme::asset`] gives the bytes behind `/-/assets/NAME.HASH.EXT`: the name changes with the content, so
//!    browsers may keep them for good.

use std::path::Path;

use serde::Serialize;
use tera::{Context, Tera};

pub use assets::Asset;
pub use error::ThemeError;
use views::{
    AccountPage, AppPage, AppsPage, AuthorizePage, ErrorPage, GuidePage, NotFoundPage, ProviderPage,
    RefusalPage, ReviewPage, SearchPage, SignInFailedPage, SignedOutPage,
};

mod assets;
mod error;
mod files;
mod wording;

pub mod views;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

/// The templates and assets of a site.
#[derive(Clone, Debug)]
pub struct Theme {
    templates: Tera,
    assets: assets::Assets,
}

impl Theme {
    /// The built-in theme, with every file that `overrides` holds under the same name in place of the built-in one.
    ///
    /// The folder has the shape of `themes/default`: templates (`guide.html`) at its top, style sheets (which are
    /// joined into one) in `styles/`, scripts and images in `assets/`. Templates and assets under other names are
    /// added, so that the replaced ones can use them.
    ///
    /// # Errors
    /// When a file cannot be read, or a template does not parse: the error names file and line.
    pub fn load(overrides: Option<&Path>) -> Result<Self, ThemeError> {
        let files = files::read(overrides)?;
        let assets = assets::Assets::of(&files);
        let mut templates = Tera::new();
        templates.register_function("asset", assets.url_function());
        wording::register(&mut templates);
        templates
            .add_raw_templates(files.templates())
            .map_err(|reason| ThemeError::Template { reason: reason.to_string() })?;
        Ok(Self { templates, assets })
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

    fn render(&self, template: &'static str, page: &impl Serialize) -> Result<String, ThemeError> {
        Context::from_serialize(page)
            .and_then(|context| self.templates.render(template, &context))
            .map_err(|reason| ThemeError::Render { template, reason: reason.to_string() })
    }
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
                self.render($template, page)
            }
        )+}
    };
}

pages! {
    /// A guide.
    guide: GuidePage from "guide.html",
    /// What was found.
    search: SearchPage from "search.html",
    /// Apps and pages shared with you.
    apps: AppsPage from "apps.html",
    /// One app.
    app: AppPage from "app.html",
    /// You and your tokens.
    account: AccountPage from "account.html",
    /// Who do you want to be? (development mode)
    provider: ProviderPage from "provider.html",
    /// Whether a command may publish as you.
    authorize: AuthorizePage from "authorize.html",
    /// You are signed out.
    signed_out: SignedOutPage from "signed_out.html",
    /// The health of the guides.
    review: ReviewPage from "review.html",
    /// You do not have access.
    refusal: RefusalPage from "refusal.html",
    /// Signing in failed.
    sign_in_failed: SignInFailedPage from "sign_in_failed.html",
    /// There is nothing here.
    not_found: NotFoundPage from "not_found.html",
    /// The request could not be answered.
    error: ErrorPage from "error.html",
}
