//! Lengths of time, as users write and read them.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// How long something has not been used, as written on the command line: `30d`, `12h`, `2w`.
///
/// A day is 24 hours. Months and years are refused, since their length depends on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(pub SignedDuration);

impl Age {
    /// It as one writes it, and as it is read again: `30d`.
    #[must_use]
    pub(crate) fn exact(self) -> String {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
        let unit = units
            .iter()
            .find(|(length, _)| seconds > 0 && seconds % length == 0);
        match unit {
            Some((length, name)) => format!("{}{name}", seconds / length),
            None => format!("{seconds}s"),
        }
    }
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "expected an age such as `30d`, `12h` or `2w`".to_owned();
        let span: Span = text.trim().parse().map_err(|_| wrong())?;
        let age = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| format!("{} (months and years have no fixed length)", wrong()))?;
        if age.is_negative() {
            return Err(format!("{} (it cannot be negative)", wrong()));
        }
        Ok(Self(age))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs().max(0);
        let (count, unit) = match seconds {
            0..60 => return f.pad("just now"),
            60..3_600 => (seconds / 60, "minute"),
            3_600..86_400 => (seconds / 3_600, "hour"),
            86_400..5_184_000 => (seconds / 86_400, "day"),
            5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
            _ => (seconds / 31_536_000, "year"),
        };
        let plural = if count == 1 { "" } else { "s" };
        f.pad(&format!("{count} {unit}{plural} ago"))
    }
}

/// How long before `now` the moment `then` was. A moment in the future counts as no time at all.
#[must_use]
pub(crate) fn since(then: Timestamp, now: Timestamp) -> Age {
    Age(now.duration_since(then).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(text: &str) -> Age {
        text.parse().expect(text)
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(age("30d").0, SignedDuration::from_hours(720));
        assert_eq!(age("2w"), age("14 days"));
        assert_eq!(age("90m"), age("1h 30m"));
        for bad in ["", "30", "soon", "1 month", "-3d"] {
            let error = bad.parse::<Age>().expect_err(bad);
            assert!(error.contains("such as `30d`"), "{error}");
        }
    }

    #[test]
    fn is_written_as_it_is_read() {
        for (text, written) in [("2w", "14d"), ("36h", "36h"), ("90s", "90s"), ("0s", "0s")] {
            assert_eq!(age(text).exact(), written);
            assert_eq!(age(written), age(text));
        }
    }

    #[test]
    fn speaks_in_the_largest_sensible_unit() {
        let shown = |text: &str| age(text).to_string();
        assert_eq!(shown("59s"), "just now");
        assert_eq!(shown("1h"), "1 hour ago");
        assert_eq!(shown("59d"), "59 days ago");
        assert_eq!(shown("61d"), "2 months ago");
        assert_eq!(shown("800d"), "2 years ago");
    }

    #[test]
    fn the_future_is_now() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            since(now + SignedDuration::from_hours(5), now).to_string(),
            "just now"
        );
        assert_eq!(
            since(now - SignedDuration::from_hours(5), now).to_string(),
            "5 hours ago"
        );
    }
}
