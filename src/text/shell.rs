//! Functions that all our shell scripts share.

use std::hash::Hasher;
use std::path::Path;

use rustc_stable_hash::StableSipHasher128;

use crate::text;
use crate::text::is_unsafe;

const INSTALLED: &str = "@installed@";

/// Finds out where we are: on the path, where we were when the script was written, or where Cargo installs programs. The
/// last branch is left to the script.
const FIND_US: &str = r#"st_installed=@installed@
st_home=${CARGO_HOME:-$HOME/.cargo}/bin/cargo-sharedtarget
# A relative folder of the PATH would lead to a program that came with the branch.
st_program=$(command -v cargo-sharedtarget 2>/dev/null) || st_program=
case $st_program in /* | [A-Za-z]:*) ;; *) st_program= ;; esac
if [ -n "$st_program" ]; then
    :
elif [ -f "$st_installed" ] && [ -x "$st_installed" ]; then
    st_program=$st_installed
elif [ -f "$st_home" ] && [ -x "$st_home" ]; then
    st_program=$st_home
"#;

/// The lines that put into `st_program` where we are, up to the branch for where we are not found.
#[must_use]
pub(crate) fn find_us(installed: Option<&Path>) -> Vec<u8> {
    let (head, tail) = FIND_US.split_once(INSTALLED).unwrap_or((FIND_US, ""));
    [head.as_bytes(), &quoted(installed), tail.as_bytes()].concat()
}

/// A word of a shell that means exactly this path.
#[must_use]
pub(crate) fn quoted(program: Option<&Path>) -> Vec<u8> {
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

/// A word of a command that we suggest, which means exactly this path wherever it is pasted.
///
/// It is safe in every shell, and right in those that are common: nothing in it is run, and nothing in it ends a line or
/// moves the cursor.
#[must_use]
pub(crate) fn word(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    match cfg!(windows) {
        true => windows_word(&path.to_string_lossy()),
        false => unix_word(bytes),
    }
}

/// Returns whether a character stands for itself in each shell, also at the start of a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ',' | ':' | '@' | '+')
}

/// Single quotes, in which only these themselves mean something.
///
/// Bytes that cannot be shown are written as `$'…'`, which bash, zsh and POSIX of 2024 know. A shell that does not
/// know it takes it for a dollar and a text in quotes, for there is no quote inside of it.
fn unix_word(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes);
    // An option is nothing that begins by a dot.
    let before = if bytes.starts_with(b"-") { "./" } else { "" };
    match text {
        Ok(text) if !text.is_empty() && text.chars().all(is_plain) => format!("{before}{text}"),
        Ok(text) if !text.contains(is_unsafe) => {
            format!("'{before}{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let mut all = format!("$'{before}");
            let mut rest = bytes;
            while let Some(byte) = rest.first() {
                let chunk = rest.utf8_chunks().next();
                let c = chunk.and_then(|chunk| chunk.valid().chars().next());
                let length = c.map_or(1, char::len_utf8);
                match c {
                    Some('\\') => all.push_str(r"\\"),
                    Some(c) if c != '\'' && !is_unsafe(c) => all.push(c),
                    Some(_) => rest[..length]
                        .iter()
                        .for_each(|byte| octal(&mut all, *byte)),
                    None => octal(&mut all, *byte),
                }
                rest = &rest[length..];
            }
            all + "'"
        }
    }
}

fn octal(all: &mut String, byte: u8) {
    all.push_str(&format!("\\{byte:03o}"));
}

/// Double quotes, which `cmd`, PowerShell and Git's shell have in common.
///
/// No way is common to them to write what means something inside: it is shown by its number, so that the command finds
/// no file.
fn windows_word(text: &str) -> String {
    let text = text.replace('\\', "/");
    let before = if text.starts_with('-') { "./" } else { "" };
    if !text.is_empty() && text.chars().all(is_plain) {
        return format!("{before}{text}");
    }
    let mut all = format!("\"{before}");
    for c in text.chars() {
        match c {
            // PowerShell takes curly quotes for straight ones.
            '$' | '`' | '%' | '!' | '"' | '\u{201c}'..='\u{201f}' => all.extend(c.escape_unicode()),
            c => text::put(&mut all, c),
        }
    }
    all + "\""
}

/// By what a script is known to be as it was written.
#[must_use]
pub(crate) fn checksum(body: &[u8]) -> String {
    let mut hasher = StableSipHasher128::new();
    hasher.write(body);
    format!("{:016x}", Hasher::finish(&hasher))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_unix() {
        for (name, word) in [
            ("/a/b-1.rs", "/a/b-1.rs"),
            ("", "''"),
            ("/a b", "'/a b'"),
            ("~", "'~'"),
            ("-rf", "./-rf"),
            ("- x", "'./- x'"),
            (
                "/it's $(x) `y` \"z\" \\ !",
                r#"'/it'\''s $(x) `y` "z" \ !'"#,
            ),
            ("a\n'b\u{1b}\\", r"$'a\012\047b\033\\'"),
            ("\u{202e}ü", r"$'\342\200\256ü'"),
        ] {
            assert_eq!(unix_word(name.as_bytes()), word);
        }
        assert_eq!(unix_word(b"a\xff'\xc3"), r"$'a\377\047\303'");
    }

    #[test]
    fn words_for_windows() {
        for (name, word) in [
            (r"C:\code\a", "C:/code/a"),
            (r"C:\my code", "\"C:/my code\""),
            ("a & calc", "\"a & calc\""),
            ("a$(calc)", "\"a\\u{24}(calc)\""),
            ("%PATH%`", "\"\\u{25}PATH\\u{25}\\u{60}\""),
            ("-x", "./-x"),
        ] {
            assert_eq!(windows_word(name), word);
        }
    }
}
