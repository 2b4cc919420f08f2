//! How templates put values into words: what pages say in the page's language, days, moments, sizes, queries, code in
//! sentences, and data for machines.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tera::{Kwargs, State, Tera, TeraResult, Value, escape_html};

use super::strings::{Strings, own_name};

/// What RFC 3986, section 2.3, leaves as it is.
const UNRESERVED_KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes the filters and functions known to `templates`, which speak with `strings`.
pub(super) fn register(templates: &mut Tera, strings: &Strings) {
    let words = strings.clone();
    templates.register_function("say", move |given: Kwargs, _: &State<'_>| say(&words, &given));
    let words = strings.clone();
    templates.register_filter("day", move |given: &str, _: Kwargs, _: &State<'_>| day(&words, given));
    let words = strings.clone();
    templates.register_filter("moment", move |given: &str, _: Kwargs, _: &State<'_>| moment(&words, given));
    templates.register_filter("language", |given: &str, _: Kwargs, _: &State<'_>| own_name(given).to_owned());
    templates.register_filter("json", |given: &Value, _: Kwargs, _: &State<'_>| json(given));
    templates.register_filter("size", |given: u64, _: Kwargs, _: &State<'_>| size(given));
    templates.register_filter("query", |given: &str, _: Kwargs, _: &State<'_>| query(given));
    templates.register_filter("code", |given: &str, _: Kwargs, _: &State<'_>| code(given));
}

/// `say(key="owner")`: the line with that key, and `{title}` in it replaced by what is given as `title`.
fn say(strings: &Strings, given: &Kwargs) -> TeraResult<String> {
    let key: &str = given.must_get("key")?;
    let values = given.iter().filter_map(|(name, value)| Some((name.as_str()?, value.to_string())));
    strings
        .say(key, values)
        .ok_or_else(|| tera::Error::message(format!("the theme's strings have no line `{key}`")))
}

/// `2026-11-24` and `2026-11-24T08:34:05Z` are "24 November 2026", in UTC.
fn day(strings: &Strings, given: &str) -> TeraResult<String> {
    let date = match given.parse::<Timestamp>() {
        Ok(at) => TimeZone::UTC.to_datetime(at).date(),
        Err(_) => given.parse::<Date>().map_err(tera::Error::message)?,
    };
    Ok(strings.day(date))
}

/// `2026-11-24T08:34:05Z` is "24 November 2026, 08:34 UTC".
fn moment(strings: &Strings, given: &str) -> TeraResult<String> {
    let at: Timestamp = given.parse().map_err(tera::Error::message)?;
    Ok(strings.moment(at))
}

/// A value as JSON that may stand in a `<script>`: nothing in it ends the element (HTML, section 4.12.1.3).
fn json(given: &Value) -> TeraResult<Value> {
    let text = serde_json::to_string(given).map_err(tera::Error::message)?;
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    Ok(Value::safe_string(&text))
}

/// 1,536 is "1.5 kB": powers of a thousand (ISO/IEC 80000-13), one decimal below ten.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    }
    // In tenths of the unit, so that no rounding error shows.
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "";
    for next in units {
        if tenths < 9995 {
            break;
        }
        tenths = (tenths + 500) / 1000;
        unit = next;
    }
    match tenths {
        0..100 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", (tenths + 5) / 10),
    }
}

/// Text as one value of a query, percent-encoded (RFC 3986, section 2.1).
fn query(given: &str) -> String {
    utf8_percent_encode(given, UNRESERVED_KEPT).to_string()
}

/// A sentence with `code` in backticks as HTML; everything else is escaped.
fn code(given: &str) -> TeraResult<Value> {
    let mut html = Vec::with_capacity(given.len() + 32);
    let mut parts = given.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A backtick that nothing closes is only a character.
        let lone = is_code && parts.peek().is_none();
        let (before, after): (&[u8], &[u8]) = match (is_code, lone) {
            (true, false) => (b"<code>", b"</code>"),
            (true, true) => (b"`", b""),
            (false, _) => (b"", b""),
        };
        html.extend_from_slice(before);
        escape_html(part, &mut html).map_err(tera::Error::message)?;
        html.extend_from_slice(after);
        is_code = !is_code;
    }
    let html = String::from_utf8(html).map_err(tera::Error::message)?;
    Ok(Value::safe_string(&html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_written_out() {
        let words = Strings::default();
        assert_eq!(day(&words, "2026-03-04").unwrap(), "4 March 2026");
        assert_eq!(day(&words, "2026-11-24T23:59:59Z").unwrap(), "24 November 2026");
        assert_eq!(moment(&words, "2026-11-24T08:34:05.1Z").unwrap(), "24 November 2026, 08:34 UTC");
        assert!(day(&words, "soon").is_err());
    }

    #[test]
    fn sizes_have_two_digits_or_three() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1536, "1.5 kB"),
            (99_949, "100 kB"),
            (999_400, "999 kB"),
            (999_500, "1.0 MB"),
            (12_345_678, "12 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn code_in_a_sentence_is_marked_and_escaped() {
        let html = |given| code(given).unwrap().as_str().unwrap().to_owned();
        assert_eq!(html("`a<b` links to <x>"), "<code>a&lt;b</code> links to &lt;x&gt;");
        assert_eq!(html("a lone ` stays"), "a lone ` stays");
        assert_eq!(html("``"), "<code></code>");
    }

    #[test]
    fn data_for_machines_cannot_end_its_element() {
        let value = Value::from_serializable(&"</script><!--&");
        assert_eq!(json(&value).unwrap().as_str().unwrap(), r#""\u003c/script\u003e\u003c!--\u0026""#);
    }

    #[test]
    fn a_query_holds_nothing_that_ends_it() {
        assert_eq!(query("a b&c=d\"é/~"), "a%20b%26c%3Dd%22%C3%A9%2F~");
    }
}
