//! Addresses that somebody may have meant.

use std::cmp::Ordering;

/// The longest address that is looked at.
const LONGEST: usize = 200;
/// How alike two names must be, from 0 to 1.
const ALIKE: f64 = 0.7;
/// The most names that are compared letter by letter.
const MOST_COMPARED: usize = 2_000;

/// The `most` candidates whose addresses are most like `path`, the most alike first.
pub(super) fn alike<'a, T>(
    path: &str,
    candidates: impl Iterator<Item = (&'a str, T)>,
    most: usize,
) -> Vec<T> {
    let wanted = Name::of(path);
    if path.len() > LONGEST || wanted.last.is_empty() {
        return Vec::new();
    }
    let mut compared = 0;
    let mut found: Vec<(f64, &str, T)> = candidates
        .filter_map(|(address, item)| {
            let name = Name::of(address);
            let same = name.last == wanted.last;
            // Comparing costs more than looking: only names of about this length that begin alike, or in the same folder.
            let near = name.last.len().abs_diff(wanted.last.len()) <= 3
                && (name.above == wanted.above || name.last.get(..1) == wanted.last.get(..1));
            if !same && (!near || compared >= MOST_COMPARED) {
                return None;
            }
            compared += usize::from(!same);
            let likeness =
                if same { 1.0 } else { strsim::normalized_damerau_levenshtein(&name.last, &wanted.last) };
            let neighbour = if name.above == wanted.above { 0.1 } else { 0.0 };
            (likeness >= ALIKE).then_some((likeness + neighbour, address, item))
        })
        .collect();
    found.sort_by(|(one, a, _), (other, b, _)| match other.total_cmp(one) {
        Ordering::Equal => a.cmp(b),
        order => order,
    });
    found.into_iter().take(most).map(|(.., item)| item).collect()
}

/// An address in two parts, as people remember them: small letters, without an ending, words apart by `-`.
struct Name {
    above: String,
    last: String,
}

impl Name {
    fn of(path: &str) -> Self {
        let path = path.to_lowercase().replace(['_', ' ', '+'], "-");
        let path = path.trim_matches('/');
        let path = [".html", ".htm", ".md", "/index"]
            .iter()
            .fold(path, |path, end| path.strip_suffix(end).unwrap_or(path));
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        Self { above: above.to_owned(), last: last.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(path: &str) -> Vec<&'static str> {
        let all =
            ["/", "/tools/", "/tools/rstudio/", "/tools/r-packages/", "/data/airflow/", "/apps/rstudio/"];
        alike(path, all.into_iter().map(|address| (address, address)), 3)
    }

    #[test]
    fn a_name_elsewhere_or_spelt_otherwise_is_near() {
        assert_eq!(nearest("/rstudio/"), ["/apps/rstudio/", "/tools/rstudio/"]);
        assert_eq!(nearest("/tools/r-studio.html"), ["/tools/rstudio/", "/apps/rstudio/"]);
        assert_eq!(nearest("/tools/RStudio/index.html"), ["/tools/rstudio/", "/apps/rstudio/"]);
        assert_eq!(nearest("/data/air_flow/"), ["/data/airflow/"]);
        assert!(nearest("/wp-login.php").is_empty());
        assert!(nearest("/").is_empty());
        assert!(nearest(&"/rstudio".repeat(100)).is_empty());
    }
}
