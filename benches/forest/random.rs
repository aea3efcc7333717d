//! Names and contents that differ, and are the same in every run.

/// Always the same numbers from the same seed (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn hash(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    /// From some tens of bytes to a few KiB, most of it small.
    pub(crate) fn content(&mut self) -> Vec<u8> {
        let size = 40_u64 << (self.next() % 7);
        let size = size + self.next() % size;
        vec![b'/'; usize::try_from(size).unwrap_or(40)]
    }
}
