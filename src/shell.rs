//! What our shell scripts have in common.

use std::hash::Hasher;
use std::path::Path;

use rustc_stable_hash::StableSipHasher128;

const INSTALLED: &str = "@installed@";

/// Finds out where we are: on the path, where we were when the script was written, or where Cargo installs programs. The
/// last branch is left to the script.
const FIND_US: &str = r#"st_installed=@installed@
st_home=${CARGO_HOME:-$HOME/.cargo}/bin/cargo-sharedtarget
if command -v cargo-sharedtarget >/dev/null 2>&1; then
    st_program=cargo-sharedtarget
elif [ -f "$st_installed" ] && [ -x "$st_installed" ]; then
    st_program=$st_installed
elif [ -f "$st_home" ] && [ -x "$st_home" ]; then
    st_program=$st_home
"#;

/// The lines that put into `st_program` where we are, up to the branch for where we are not found.
#[must_use]
pub fn find_us(installed: Option<&Path>) -> Vec<u8> {
    let (head, tail) = FIND_US.split_once(INSTALLED).unwrap_or((FIND_US, ""));
    [head.as_bytes(), &quoted(installed), tail.as_bytes()].concat()
}

/// A word of a shell that means exactly this path.
#[must_use]
pub fn quoted(program: Option<&Path>) -> Vec<u8> {
    let bytes = program.map_or(&[][..], |path| path.as_os_str().as_encoded_bytes());
    let mut word = vec![b'\''];
    for &byte in bytes {
        match byte {
            b'\'' => word.extend(b"'\\''"),
            // Git's own shell takes both there, but only this one everywhere.
            b'\\' if cfg!(windows) => word.push(b'/'),
            _ => word.push(byte),
        }
    }
    word.push(b'\'');
    word
}

/// By what a script is known to be as it was written.
#[must_use]
pub fn checksum(body: &[u8]) -> String {
    let mut hasher = StableSipHasher128::new();
    hasher.write(body);
    format!("{:016x}", Hasher::finish(&hasher))
}
