//! Lengths of time and moments, as users write and read them.

use std::fmt;
use std::path::PathBuf;
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

/// A moment, as written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// This one: `1764513626` (seconds since 1970) or `2026-11-30T14:40:26Z`.
    At(Timestamp),
    /// So long before now: `2h`.
    Before(Age),
    /// When a file was last modified: `@FILE`.
    Of(PathBuf),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            "expected seconds since 1970 (`date +%s`), a time such as `2026-11-30T14:40:26Z`, an age such as \
                 `2h`, or `@FILE` for the mtime of a file"
                .to_owned()
        };
        let text = text.trim();
        if let Some(file) = text.strip_prefix('@') {
            return match file {
                "" => Err(wrong()),
                file => Ok(Self::Of(file.into())),
            };
        }
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits(seconds) && digits(fraction) {
            let nanoseconds: i32 = format!("{fraction:0<9.9}").parse().unwrap_or_default();
            let at = seconds.parse().ok();
            let at = at.and_then(|seconds| Timestamp::new(seconds, nanoseconds).ok());
            return at
                .map(Self::At)
                .ok_or_else(|| format!("{} (these seconds end after the year 9999)", wrong()));
        }
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        text.parse().map(Self::Before).map_err(|_| wrong())
    }
}

/// How long before `now` the moment `then` was. A moment in the future counts as no time at all.
#[must_use]
pub(crate) fn since(then: Timestamp, now: Timestamp) -> Age {
    Age(now.duration_since(then).max(SignedDuration::ZERO))
}

/// Returns whether something that is done once in `every` is due. Where it was last done further in the future than that, the
/// clock was wrong at that time.
#[must_use]
pub(crate) fn is_due(last: Option<Timestamp>, every: SignedDuration, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last).abs() >= every)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(text: &str) -> Age {
        text.parse().expect(text)
    }

    #[test]
    fn what_was_done_by_a_wrong_clock_is_due() {
        let day = SignedDuration::from_hours(24);
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let due = |hours| is_due(Some(now + SignedDuration::from_hours(hours)), day, now);
        assert!(is_due(None, day, now));
        assert!(due(-24) && due(-8760));
        assert!(!due(-23) && !due(0) && !due(1));
        assert!(due(24) && due(8760));
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
    fn moments_are_read_in_each_form() {
        let second = |second| Timestamp::from_second(second).expect("a time");
        let at = |text: &str| text.parse::<Moment>().expect(text);
        let expected = Moment::At(second(1_764_513_626));
        for text in [
            "1764513626",
            " 1764513626\n",
            "1764513626.0",
            "2025-11-30T14:40:26Z",
            "2025-11-30T15:40:26+01:00",
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
        assert_eq!(at("0"), Moment::At(second(0)));
        let half = Timestamp::new(1_764_513_626, 500_000_000).expect("a time");
        assert_eq!(at("1764513626.5"), Moment::At(half));
        assert_eq!(at("1764513626.5000000009"), Moment::At(half));
        assert_eq!(at("90m"), Moment::Before(age("1h 30m")));
        assert_eq!(at("@a b/start"), Moment::Of("a b/start".into()));
        for bad in [
            "",
            "@",
            "soon",
            "-5",
            "-2h",
            "1 month",
            "2025-11-30",
            "2025-11-30T14:40:26",
            "1764513626123",
            "99999999999999999999",
            "1.",
            ".5",
            "1e9",
            "start.txt",
        ] {
            let error = bad.parse::<Moment>().expect_err(bad);
            for form in ["date +%s", "Z`", "`2h`", "`@FILE`"] {
                assert!(error.contains(form), "{bad}: {error}");
            }
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
