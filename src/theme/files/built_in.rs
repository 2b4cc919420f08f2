//! The themes that are part of the program: what lies under `themes/` when it is built.

use std::path::Path;

use bytes::Bytes;

use super::{Files, Strings, ThemeError};

/// Names and contents of files under `themes/`.
macro_rules! embed {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../themes/", $folder, $name)))),*]
    };
}

type Embedded = &'static [(&'static str, &'static str)];

/// The theme that every other is laid over.
pub(super) fn default() -> Result<Files, ThemeError> {
    files(
        embed!["default/":
            "account.html", "app.html", "app_parts.html", "app_serving.html", "app_synced.html", "apps.html", "asked.html",
            "authorize.html", "code.html", "device.html", "error.html", "guide.html", "layout.html", "not_found.html",
            "parts.html", "people.html", "print.html", "provider.html", "publishers.html", "record.html",
            "refusal.html", "review.html", "search.html", "searches.html", "searches_parts.html", "share.html",
            "share_review.html", "sharing_parts.html", "sign_in.html", "sign_in_failed.html", "signed_out.html",
            "view_as.html",
        ],
        embed!["default/styles/":
            "10-tokens.css", "20-base.css", "30-frame.css", "40-guide.css", "50-content.css", "60-code.css",
            "70-forms.css", "80-pages.css", "85-print.css", "85-review.css",
            "86-sharing.css", "90-print.css",
        ],
        embed!["default/assets/": "favicon.svg", "live.js", "page.js", "print.js", "search.js"],
        embed!["default/strings/": "cy.toml", "en.toml"],
    )
}

/// What the look of a public service changes.
pub(super) fn service() -> Result<Files, ThemeError> {
    files(
        &[],
        embed!["service/styles/": "10-tokens.css", "88-service.css"],
        embed!["service/assets/": "favicon.svg"],
        &[],
    )
}

fn files(
    templates: Embedded,
    styles: Embedded,
    assets: Embedded,
    strings: Embedded,
) -> Result<Files, ThemeError> {
    let text = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let lines = |(name, text): &(&str, &str)| {
        let lines = Strings::parse(text).map_err(|reason| ThemeError::read(Path::new(name), &reason))?;
        Ok((name.trim_end_matches(".toml").to_owned(), lines))
    };
    Ok(Files {
        templates: templates.iter().map(text).collect(),
        styles: styles.iter().map(text).collect(),
        assets: assets
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Bytes::from_static(text.as_bytes())))
            .collect(),
        strings: strings.iter().map(lines).collect::<Result<_, ThemeError>>()?,
    })
}
