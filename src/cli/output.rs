//! The two ways of speaking: results on standard output, everything else on standard error.

use std::io::{self, Write as _};

use serde::Serialize;

/// Writes one line of a result.
pub(super) fn print(line: impl AsRef<str>) -> io::Result<()> {
    writeln!(io::stdout(), "{}", line.as_ref())
}

/// Writes a result as JSON.
pub(super) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

/// Tells the person at the terminal something that is no result. A terminal that went away is no failure.
pub(super) fn say(line: impl AsRef<str>) {
    let _ = writeln!(io::stderr(), "{}", line.as_ref());
}

/// Text from elsewhere, fit for a terminal: control characters, which could move its cursor or recolour it,
/// become spaces.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Rows under headings, aligned, without trailing spaces.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(ToOwned::to_owned);
    let all: Vec<[String; N]> =
        std::iter::once(&headings).chain(rows).map(|row| row.each_ref().map(|cell| plain(cell))).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let lines = all.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_harmless() {
        let rows = [["a".to_owned(), "é\u{1b}[31m".to_owned()], ["longer".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "TITLE"], &rows), "NAME    TITLE\na       é [31m\nlonger");
    }
}
