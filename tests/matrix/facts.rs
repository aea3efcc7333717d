//! What Cargo and rustc do that the rest is built on.

use std::process::Command;
use std::sync::OnceLock;

/// The toolchains that are installed, of those that are looked at.
pub(crate) fn toolchains() -> &'static [&'static str] {
    static THERE: OnceLock<Vec<&str>> = OnceLock::new();
    THERE.get_or_init(|| {
        let wanted = ["+stable", "+1.89.0", "+nightly"];
        let there = |name: &&str| {
            let output = Command::new("cargo").args([*name, "--version"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        wanted.into_iter().filter(there).collect()
    })
}
