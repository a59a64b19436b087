//! Instants and durations, and the one text form of them that SAML knows.

use jiff::civil::DateTime;
use jiff::tz::Offset;
pub use jiff::{SignedDuration, Timestamp};

/// The time of this machine's clock. Only the edges ask for it; the rules take it as an argument.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// An instant as a person reads it: no clock that matters here is finer than a second.
pub fn to_the_second(instant: Timestamp) -> String {
    Timestamp::from_second(instant.as_second())
        .map_or_else(|_| instant.to_string(), |whole| whole.to_string())
}

/// Reads an `xs:dateTime` as SAML uses it (Core 1.3.3: UTC, written with `Z`). An offset is understood as well, since
/// some identity providers write one; a time without either is not, since it does not name an instant.
///
/// Digits of a second after the ninth are cut off: no clock here is finer. What is later than the last instant that can
/// be named here is that one: `9999-12-31T23:59:59Z` is how some write "never".
pub fn parse_date_time(text: &str) -> Option<Timestamp> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let bytes = text.as_bytes();
    // yyyy-mm-ddThh:mm:ss; jiff itself would take several other shapes.
    let shape = b"0000-00-00T00:00:00";
    let (head, tail) = bytes.split_at_checked(shape.len())?;
    let fits = |(byte, pattern): (&u8, &u8)| {
        if *pattern == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == pattern
        }
    };
    if !head.iter().zip(shape).all(fits) {
        return None;
    }
    // A leap second is not a time of SAML's (Core 1.3.3).
    if head[17] >= b'6' {
        return None;
    }
    let digits = match tail.strip_prefix(b".") {
        None => 0,
        Some(fraction) => match fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
        {
            0 => return None,
            count => count + 1,
        },
    };
    let (fraction, zone) = tail.split_at(digits);
    let offset = offset(zone)?;
    let kept = &fraction[..fraction.len().min(10)];
    let (day, clock) = head.split_at("0000-00-00T".len());
    // Midnight as a day's end is the first instant of the next day (XML Schema part 2, 3.2.7.1).
    let ends_the_day = clock == b"24:00:00" && fraction.iter().all(|byte| b".0".contains(byte));
    let (clock, later) = if ends_the_day {
        (b"00:00:00".as_slice(), SignedDuration::from_hours(24))
    } else {
        (clock, SignedDuration::ZERO)
    };
    let text = [day, clock, kept].concat();
    let there: DateTime = std::str::from_utf8(&text).ok()?.parse().ok()?;
    let instant = Offset::UTC.to_timestamp(there).unwrap_or(Timestamp::MAX);
    Some(
        instant
            .checked_add(later - offset)
            .unwrap_or(Timestamp::MAX),
    )
}

/// `Z`, or hours and minutes up to fourteen hours (XML Schema part 2, 3.2.7.3).
fn offset(zone: &[u8]) -> Option<SignedDuration> {
    let [sign, h1, h2, b':', m1, m2] = zone else {
        return (zone == b"Z").then_some(SignedDuration::ZERO);
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(10).map(i64::from);
    let hours = 10 * digit(h1)? + digit(h2)?;
    let minutes = 10 * digit(m1)? + digit(m2)?;
    let offset = SignedDuration::from_mins(60 * hours + minutes);
    if minutes > 59 || offset > SignedDuration::from_hours(14) {
        return None;
    }
    match sign {
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

/// Reads the date of an HTTP answer in the form that is sent today (RFC 9110 section 5.6.7): `Sun, 22 Nov 2026 04:35:17
/// GMT`.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    // jiff's own form of it is a mail's, which allows far more.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | ':');
    let text = text
        .strip_suffix(" GMT")
        .filter(|text| text.chars().all(is_plain))?;
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(format!("{text} +0000"))
        .ok()
}

/// Reads an `xs:duration` of days and smaller units. Months and years have no length of their own.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let span: jiff::Span = text.strip_prefix('P').and(text.parse().ok())?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_that_identity_providers_write() {
        let noon: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        for text in [
            "2026-01-15T12:00:00Z",
            "2026-01-15T12:00:00.000Z",
            "2026-01-15T12:00:00.0000000000009Z",
            "2026-01-15T13:00:00+01:00",
            "\n 2026-01-15T12:00:00Z ",
        ] {
            assert_eq!(parse_date_time(text), Some(noon), "{text}");
        }
        for text in [
            "2026-01-16T02:00:00+14:00",
            "2026-01-15T02:30:00-09:30",
            "2026-01-15T12:00:00-00:00",
            "2026-01-14T24:00:00.000-12:00",
        ] {
            assert_eq!(parse_date_time(text), Some(noon), "{text}");
        }
        let fraction = parse_date_time("2026-01-15T12:00:00.123456789123Z").unwrap();
        assert_eq!(fraction.subsec_nanosecond(), 123_456_789);
    }

    #[test]
    fn the_date_of_an_answer_is_read_in_its_one_form() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(
            parse_http_date(date),
            Some("1994-11-06T08:49:37Z".parse().unwrap())
        );
        for text in [
            "",
            "GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 06 Nov 1994 08:49:37 (\u{1b}) GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "now",
        ] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        for text in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T24:00:00Z",
        ] {
            assert_eq!(parse_date_time(text), Some(Timestamp::MAX), "{text}");
        }
        assert_eq!(
            parse_date_time("9999-12-30T12:00:00Z").map(to_the_second),
            Some("9999-12-30T12:00:00Z".into())
        );
        assert!(parse_date_time("0000-01-01T00:00:00+14:00").is_some());
        assert_eq!(parse_date_time("9999-12-32T00:00:00Z"), None);
    }

    #[test]
    fn durations_are_read_as_far_as_they_have_a_length() {
        for (text, hours) in [("PT1H", Some(1)), ("P1D", Some(24)), ("P1DT2H", Some(26))] {
            assert_eq!(
                parse_duration(text),
                hours.map(SignedDuration::from_hours),
                "{text}"
            );
        }
        for text in ["", "P", "1 day", "P1M", "P1Y", "PT", "-P1D1", "1h"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_what_names_no_instant() {
        for text in [
            "",
            "2026-01-15",
            "2026-01-15T12:00:00",
            "2026-01-15 12:00:00Z",
            "20260115T120000Z",
            "2026-01-15T12:00Z",
            "2026-01-15T12:00:00,5Z",
            "2026-01-15T12:00:00.Z",
            "2026-01-15T12:00:00Z[UTC]",
            "2026-01-15T12:00:60Z",
            "2026-01-15T24:00:01Z",
            "2026-01-15T24:01:00Z",
            "2026-01-15T24:00:00.5Z",
            "2026-01-15T24:00:00.0000000001Z",
            "2026-01-15T25:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-01-15T12:00:00z",
            "２026-01-15T12:00:00Z",
            "+002026-01-15T12:00:00Z",
            "2026-01-15T12:00:00+1:00",
            "2026-01-15T12:00:00+14:01",
            "2026-01-15T12:00:00+15:00",
            "2026-01-15T12:00:00+01:60",
            "2026-01-15T12:00:00*01:00",
            "2026-01-15T12:00:00+0a:00",
            "2026-01-15T12:00:00+01-00",
        ] {
            assert_eq!(parse_date_time(text), None, "{text}");
        }
    }
}
