//! Amounts of disk space.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use humansize::{BINARY, FormatSizeOptions, format_size};
use serde::{Deserialize, Serialize};

/// A number of bytes. Serialises as a plain integer and displays as `74.1 GiB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = FormatSizeOptions::from(BINARY).decimal_places(1);
        f.pad(&format_size(self.0, options))
    }
}

impl Bytes {
    /// It as one writes it, and as it is read again: `20GB`.
    #[must_use]
    pub(crate) fn exact(self) -> String {
        let units = [
            (1 << 40, "TiB"),
            (1_000_000_000_000, "TB"),
            (1 << 30, "GiB"),
            (1_000_000_000, "GB"),
            (1 << 20, "MiB"),
            (1_000_000, "MB"),
        ];
        let unit = units
            .iter()
            .find(|(length, _)| self.0 > 0 && self.0.is_multiple_of(*length));
        match unit {
            Some((length, name)) => format!("{}{name}", self.0 / length),
            None => format!("{}B", self.0),
        }
    }
}

impl FromStr for Bytes {
    type Err = String;

    /// Reads `20GB` and `20 GiB`. A number alone is refused, since `20` seldom means bytes; of 0 the unit does not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic()) || text == "0";
        let size = parse_size::parse_size(text).ok().filter(|_| has_unit);
        size.map(Self)
            .ok_or_else(|| "expected a size with a unit, such as `20GB` or `512MiB`".to_owned())
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let size = |text: &str| text.parse::<Bytes>();
        assert_eq!(size("20GB"), Ok(Bytes(20_000_000_000)));
        assert_eq!(size("1.5 KiB"), Ok(Bytes(1536)));
        assert_eq!(size("7B"), Ok(Bytes(7)));
        assert_eq!(size("0"), Ok(Bytes(0)));
        for wrong in ["", "much", "-1", "3 apples", "20", "1.5"] {
            let error = size(wrong).expect_err(wrong);
            assert!(error.contains("such as `20GB`"), "{error}");
        }
    }

    #[test]
    fn is_written_as_it_is_read() {
        for text in ["20GB", "512MiB", "1TiB", "1500MB", "7B", "0B"] {
            let size: Bytes = text.parse().expect(text);
            assert_eq!(size.exact(), text);
        }
    }

    #[test]
    fn shows_one_decimal_in_binary_units() {
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(1536).to_string(), "1.5 KiB");
        assert_eq!(Bytes(79_456_894_976).to_string(), "74 GiB");
        assert_eq!(format!("{:>9}|", Bytes(1536)), "  1.5 KiB|");
    }
}
