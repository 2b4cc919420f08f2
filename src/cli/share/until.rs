//! When a grant ends, as people write it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// When a grant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Until(pub Timestamp);

/// Reads a date, which ends with that day in UTC, or an RFC 3339 time.
pub(super) fn parse_until(given: &str) -> Result<Until, String> {
    let refuse =
        || format!("`{given}` is not a date; write one such as `2026-12-31` or `2026-12-31T17:00:00Z`");
    if let Ok(time) = given.parse::<Timestamp>() {
        return Ok(Until(time));
    }
    let date = Date::strptime("%Y-%m-%d", given).map_err(|_| refuse())?;
    TimeZone::UTC.to_timestamp(date.at(23, 59, 59, 0)).map(Until).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_ends_with_its_day() {
        let read = |given: &str| parse_until(given).map(|until| until.0.to_string());
        assert_eq!(read("2026-12-31").unwrap(), "2026-12-31T23:59:59Z");
        assert_eq!(read("2026-12-31T17:00:00Z").unwrap(), "2026-12-31T17:00:00Z");
        assert_eq!(read("2026-12-31T17:00:00+02:00").unwrap(), "2026-12-31T15:00:00Z");
        for bad in ["", "tomorrow", "31.12.2026", "2026-02-30", "2026-12-31T17:00"] {
            assert!(read(bad).unwrap_err().contains("is not a date"), "{bad}");
        }
    }
}
