//! Amounts of disk space.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use humansize::{BINARY, FormatSizeOptions, format_size};
use serde::{Deserialize, Serialize};

/// A number of bytes. Serialises as a plain integer and displays as `74.1 GiB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = FormatSizeOptions::from(BINARY).decimal_places(1);
        f.pad(&format_size(self.0, options))
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
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
    fn shows_one_decimal_in_binary_units() {
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(1536).to_string(), "1.5 KiB");
        assert_eq!(Bytes(79_456_894_976).to_string(), "74 GiB");
        assert_eq!(format!("{:>9}|", Bytes(1536)), "  1.5 KiB|");
    }
}
