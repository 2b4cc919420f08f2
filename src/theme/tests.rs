use std::fs;

use scraper::{Html, Selector};

use super::examples::{self, PLAIN, Words};
use super::{Theme, ThemeError};
use crate::config;

/// Text that breaks out of whatever is not escaped.
const HOSTILE: Words = Words(|text| format!("{text}</title><x-hostile a=\"'onload=x>&lt;"));

fn theme() -> Theme {
    Theme::load(&config::Theme::Default).unwrap()
}

fn rendered(words: Words) -> Vec<(&'static str, String, Html)> {
    let pages = examples::pages(&theme(), words).into_iter();
    pages
        .map(|(name, page)| {
            let html = page.unwrap_or_else(|error| panic!("{name}: {error}"));
            let document = Html::parse_document(&html);
            (name, html, document)
        })
        .collect()
}

fn count(document: &Html, selector: &str) -> usize {
    document.select(&Selector::parse(selector).unwrap()).count()
}

fn texts(document: &Html, selector: &str) -> Vec<String> {
    document.select(&Selector::parse(selector).unwrap()).map(|found| found.text().collect()).collect()
}

#[test]
fn every_page_has_a_title_one_main_heading_and_its_landmarks() {
    for (name, html, page) in rendered(PLAIN) {
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\""), "{name}");
        for (selector, times) in [
            ("html[lang]", 1),
            ("head > title", 1),
            ("head > meta[name=viewport]", 1),
            ("h1", 1),
            ("body > header", 1),
            ("main", 1),
            ("main#main", 1),
            ("body > footer", 1),
            ("body > a.skip[href='#main']:first-child", 1),
        ] {
            assert_eq!(count(&page, selector), times, "{name}: {selector}");
        }
        let title = texts(&page, "title").concat();
        assert!(title.ends_with("Analytical Platform") && title.trim() == title, "{name}: {title:?}");
    }
}

#[test]
fn nothing_is_inline_so_that_the_strict_policy_holds() {
    for (name, _, page) in rendered(PLAIN) {
        for forbidden in [
            "[style]",
            "style",
            "script:not([src^='/-/assets/'], [type='application/ld+json'])",
            "link[href^=http][rel=stylesheet]",
        ] {
            assert_eq!(count(&page, forbidden), 0, "{name}: {forbidden}");
        }
        let handlers =
            page.tree.values().filter_map(|node| node.as_element()).flat_map(|element| element.attrs());
        assert!(handlers.into_iter().all(|(attribute, _)| !attribute.starts_with("on")), "{name}");
    }
}

#[test]
fn every_asset_that_a_page_names_exists() {
    let theme = theme();
    for (name, _, page) in rendered(PLAIN) {
        for (selector, attribute) in
            [("script[src]", "src"), ("link[rel=icon], link[rel=stylesheet]", "href")]
        {
            for found in page.select(&Selector::parse(selector).unwrap()) {
                let file = found.attr(attribute).unwrap().strip_prefix("/-/assets/").unwrap();
                assert!(theme.asset(file).is_some(), "{name}: {file}");
            }
        }
    }
}

#[test]
fn hostile_text_stays_text_in_every_field() {
    let elements = |document: &Html| {
        let elements = document.tree.values().filter_map(|node| node.as_element());
        elements.map(|element| (element.name().to_owned(), element.attrs().count())).collect::<Vec<_>>()
    };
    for ((name, html, hostile), (_, _, plain)) in rendered(HOSTILE).into_iter().zip(rendered(PLAIN)) {
        assert!(html.contains("&lt;x-hostile") && !html.contains("<x-hostile"), "{name}");
        assert_eq!(elements(&hostile), elements(&plain), "{name}");
    }
}

#[test]
fn every_form_posts_to_loggia_itself_and_every_field_has_a_label() {
    for (name, _, page) in rendered(PLAIN) {
        for form in page.select(&Selector::parse("form").unwrap()) {
            let (method, action) = (form.attr("method").unwrap(), form.attr("action").unwrap());
            assert!(action.starts_with("/-/"), "{name}: {action}");
            // Whatever asks repeats without harm; whatever changes something posts.
            let asks = matches!(
                action,
                "/-/search"
                    | "/-/review/"
                    | "/-/apps/"
                    | "/-/apps/prison-population/"
                    | "/-/view-as"
                    | "/-/audit"
            ) || action.ends_with("/audit");
            let asks = asks || (action.ends_with("/share") && form.attr("role") == Some("search"));
            assert_eq!(method, if asks { "get" } else { "post" }, "{name}: {action}");
        }
        for field in page.select(&Selector::parse("input:not([type=hidden]), select, textarea").unwrap()) {
            let label = format!("label[for='{}']", field.attr("id").unwrap());
            assert_eq!(count(&page, &label), 1, "{name}: {label}");
        }
    }
}

#[test]
fn an_identifier_is_used_once_a_page() {
    for (name, _, page) in rendered(PLAIN) {
        let mut ids: Vec<_> =
            page.select(&Selector::parse("[id]").unwrap()).map(|found| found.attr("id").unwrap()).collect();
        ids.sort_unstable();
        let before = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), before, "{name}: {ids:?}");
    }
}

#[test]
fn the_tree_marks_the_guide_and_opens_only_what_leads_to_it() {
    let page = rendered(PLAIN).into_iter().find(|(name, ..)| *name == "guide").unwrap().2;
    assert_eq!(texts(&page, ".tree [aria-current=page]"), ["RStudio"]);
    assert_eq!(count(&page, ".tree li > details[open]"), 2);
    assert!(count(&page, ".tree li") > 250);
}

#[test]
fn a_page_on_an_apps_host_leads_back_to_the_main_host_and_searches_nothing() {
    for (name, _, page) in rendered(PLAIN) {
        if ["refusal", "refusal-unknown", "asked", "asked-not", "error", "not-found-app", "signed-out"]
            .contains(&name)
        {
            assert_eq!(count(&page, "form.search"), 0, "{name}");
            assert_eq!(count(&page, ".brand[href='https://guides.example.org/']"), 1, "{name}");
            assert_eq!(
                count(&page, ".banner-links a:not([href^='https://guides.example.org/-/'])"),
                0,
                "{name}"
            );
        }
    }
}

#[test]
fn a_refusal_names_the_viewer_and_the_owner_and_writes_the_letter() {
    let page = rendered(PLAIN).into_iter().find(|(name, ..)| *name == "refusal").unwrap().2;
    let text = texts(&page, "main").concat();
    assert!(text.contains("You are signed in as bob@example.org"));
    assert!(text.contains("Ann Example, ann@example.org"));
    assert!(text.contains("01jd3v7k1m2n3p4q5r6s7t8v9w"));
    let letter =
        page.select(&Selector::parse("a[href^='mailto:']").unwrap()).next().unwrap().attr("href").unwrap();
    assert_eq!(
        letter,
        "mailto:ann%40example.org?subject=Access%20to%20Prison%20population&body=Please%20share%20Prison%20population\
         %20with%20bob%40example.org.%0D%0A%0D%0Ahttps%3A%2F%2Fprison-population.apps.example.org%2F%0D%0A%0D%0A\
         Request%2001jd3v7k1m2n3p4q5r6s7t8v9w"
    );
}

#[test]
fn only_development_mode_follows_changes() {
    for (name, _, page) in rendered(PLAIN) {
        let followed = usize::from(name == "guide-problems");
        assert_eq!(count(&page, "script[src*='/live.']"), followed, "{name}");
    }
}

#[test]
fn assets_are_named_by_their_content() {
    let theme = theme();
    let url = theme.asset_url("style.css").unwrap();
    let style = theme.asset(url.strip_prefix("/-/assets/").unwrap()).unwrap();
    assert_eq!(style.media_type, "text/css; charset=utf-8");
    assert!(style.etag.starts_with('"') && url.contains(style.etag.trim_matches('"')));
    assert!(theme.asset("style.css").is_none());
    let script = theme.asset_url("page.js").unwrap().strip_prefix("/-/assets/").unwrap().to_owned();
    assert_eq!(theme.asset(&script).unwrap().media_type, "text/javascript; charset=utf-8");
    let icon = theme.asset_url("favicon.svg").unwrap().strip_prefix("/-/assets/").unwrap().to_owned();
    assert_eq!(theme.asset(&icon).unwrap().media_type, "image/svg+xml");
}

#[test]
fn a_folder_replaces_files_of_the_same_name_and_adds_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("styles")).unwrap();
    fs::create_dir_all(folder.path().join("assets")).unwrap();
    fs::write(folder.path().join("styles/10-tokens.css"), ":root { --paper: pink }").unwrap();
    fs::write(folder.path().join("assets/crest.png"), b"\x89PNG").unwrap();
    let error = "{% extends \"layout.html\" %}{% block main %}<img src=\"{{ asset(name=\"crest.png\") }}\">{% endblock main %}";
    fs::write(folder.path().join("error.html"), error).unwrap();

    let changed = Theme::load(&config::Theme::Folder(folder.path().to_owned())).unwrap();
    let url = changed.asset_url("style.css").unwrap();
    assert_ne!(Some(url), theme().asset_url("style.css"));
    let style = &changed.asset(url.strip_prefix("/-/assets/").unwrap()).unwrap().bytes;
    assert!(style.starts_with(b":root { --paper: pink }"));
    let pages = examples::pages(&changed, PLAIN);
    let (_, page) = pages.iter().find(|(name, _)| *name == "error").unwrap();
    assert!(page.as_ref().unwrap().contains("<img src=\"/-/assets/crest."));
}

#[test]
fn a_template_that_does_not_parse_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("error.html"), "<p>\n{% if title %}{{ title | loud }}{% endif %}\n")
        .unwrap();
    let error = Theme::load(&config::Theme::Folder(folder.path().to_owned())).unwrap_err();
    insta::assert_snapshot!(error, @r"
    theme: a template cannot be used; correct it, or remove the file to use the built-in one
    error: Unknown filter `loud`
     --> error.html:2:26
      |
    2 | {% if title %}{{ title | loud }}{% endif %}
      |                          ^^^^
    ");
}

#[test]
fn a_template_that_asks_for_too_much_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("signed_out.html"), "<p>\n{{ name }}\n").unwrap();
    let theme = Theme::load(&config::Theme::Folder(folder.path().to_owned())).unwrap();
    let pages = examples::pages(&theme, PLAIN);
    let (_, page) = pages.into_iter().find(|(name, _)| *name == "signed-out").unwrap();
    insta::assert_snapshot!(page.unwrap_err(), @r"
    theme: `signed_out.html` cannot be rendered
    error: Variable `name` is not defined. Available variables: at_provider, by, layout, provider, sign_in
     --> signed_out.html:2:4
      |
    2 | {{ name }}
      |    ^^^^
    ");
}

#[test]
fn a_folder_that_is_missing_is_an_error() {
    let missing = Theme::load(&config::Theme::Folder("no/such/theme".into())).unwrap_err();
    assert!(matches!(missing, ThemeError::Missing(path) if path.ends_with("theme")));
}

#[test]
fn a_new_token_is_not_in_debug_output() {
    let token = super::views::NewToken { label: "laptop".to_owned(), token: "hush".to_owned() };
    assert!(!format!("{token:?}").contains("hush"));
}

#[test]
fn every_language_that_is_shipped_says_everything() {
    let keys = |text: &str| toml::from_str::<std::collections::BTreeMap<String, String>>(text).unwrap();
    let english = keys(include_str!("../../themes/default/strings/en.toml"));
    let welsh = keys(include_str!("../../themes/default/strings/cy.toml"));
    assert_eq!(english.keys().collect::<Vec<_>>(), welsh.keys().collect::<Vec<_>>());
    for (key, words) in &english {
        let braces = |words: &str| {
            let mut names: Vec<_> = words
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next())
                .map(str::to_owned)
                .collect();
            names.sort_unstable();
            names
        };
        assert_eq!(braces(words), braces(&welsh[key]), "{key}");
    }
}

#[test]
fn people_sign_in_in_welsh_where_the_site_is() {
    let pages = rendered(PLAIN);
    let (_, html, page) = pages.iter().find(|(name, ..)| *name == "sign-in-welsh").unwrap();
    assert_eq!(texts(page, "h1"), ["Mewngofnodi"]);
    assert_eq!(texts(page, ".ways button"), ["Mewngofnodi gyda Ministry account", "Mewngofnodi gyda GitHub"]);
    assert_eq!(count(page, "main[lang]"), 0, "it is not marked as English");
    for english in ["Sign in", "Email address", "Send me", "Choose"] {
        assert!(!html.contains(english), "{english}");
    }
}

#[test]
fn a_page_in_welsh_says_nothing_in_english() {
    let pages = rendered(PLAIN);
    let (_, html, page) = pages.iter().find(|(name, ..)| *name == "guide-welsh").unwrap();
    assert_eq!(texts(page, ".languages li"), ["English", "Cymraeg"]);
    assert_eq!(texts(page, ".tree .more"), ["40 yn gynharach", "1200 arall"]);
    assert!(texts(page, ".review").concat().contains("4 Mawrth 2026"));
    for english in ["On this page", "Previous", "Skip to", "Last reviewed", "Search the"] {
        assert!(!html.contains(english), "{english}");
    }
}

#[test]
fn a_folder_changes_a_colour_or_a_word_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("theme.toml", "base = \"service\"\n");
    write("styles/15-colours.css", ":root { --accent: teal }");
    write("strings/en.toml", "edit = \"Suggest a change\"\n");
    write("strings/fr.toml", "skip = \"Aller au contenu\"\n");

    let theme = Theme::load(&config::Theme::Folder(folder.path().to_owned())).unwrap();
    let url = theme.asset_url("style.css").unwrap().strip_prefix("/-/assets/").unwrap();
    let style = String::from_utf8(theme.asset(url).unwrap().bytes.to_vec()).unwrap();
    let places = ["--bar-line: #", "--accent: teal", ".leaf {", ".banner .brand"]
        .map(|text| style.find(text).unwrap());
    assert!(places.is_sorted(), "tokens, then the folder's, then everything else: {places:?}");
    let pages = examples::pages(&theme, PLAIN);
    let (_, guide) = pages.iter().find(|(name, _)| *name == "guide").unwrap();
    let guide = guide.as_ref().unwrap();
    assert!(guide.contains("Suggest a change") && guide.contains("View as Markdown"));
    assert_eq!(theme.words("fr-CA", "skip"), Some("Aller au contenu"));
    assert_eq!(theme.words("fr", "edit"), Some("Suggest a change"), "what it lacks is in English");
    assert_eq!(theme.words("de", "skip"), Some("Skip to the content"));
}

#[test]
fn a_base_that_is_none_is_refused_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    for (settings, said) in [
        ("base = \"servise\"", "no built-in theme `servise`"),
        ("colour = \"red\"", "`colour` is no setting"),
    ] {
        fs::write(folder.path().join("theme.toml"), settings).unwrap();
        let error = Theme::load(&config::Theme::Folder(folder.path().to_owned())).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("base = "), "{error}");
    }
}

#[test]
fn both_built_in_themes_name_the_same_colours() {
    let names = |style: &str| {
        let names = style.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(':').next());
        names.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let default = names(include_str!("../../themes/default/styles/10-tokens.css"));
    let service = names(include_str!("../../themes/service/styles/10-tokens.css"));
    assert_eq!(default.difference(&service).collect::<Vec<_>>(), Vec::<&String>::new());
}
