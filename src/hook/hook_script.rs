//! The `post-checkout` that runs us in each new worktree, and how it is told from others.

use std::path::{Path, PathBuf};

use crate::text::shell;
use crate::text::shell::checksum;

/// The version of what we write. It grows with every change of the script.
pub const VERSION: u32 = 2;

/// The line for another program's `post-checkout` that is a shell script.
///
/// On anything but a new worktree it starts no program, and a submodule is none: its git folder has no `commondir`.
/// It succeeds in any case.
pub const LINE: &str = "case \"${#1}:$1\" in *:*[!0]*) ;; 40:*|64:*) if st_line=; { IFS= read -r st_line <.git; } 2>/dev/null; \
    [ -f .git ] && [ -f \"${st_line#gitdir: }/commondir\" ] && st_program=$(command -v cargo-sharedtarget); \
    then case $st_program in /*|[A-Za-z]:*) \"$st_program\" sharedtarget onboard --yes --quiet </dev/null || : ;; esac; fi ;; esac";

/// The text that every script contains that runs us from a hook.
pub(crate) const CALL: &str = "sharedtarget onboard --yes --quiet";

const START: &str = "#!/bin/sh\n# cargo-sharedtarget post-checkout hook, version ";
const CHECKSUM: &str = ", checksum ";
const MADE_FOLDER: &str = "# The hooks folder was made for it.\n";
/// Where it is found out where we are.
const FIND: &str = "@find@";

/// All after the line with the checksum. Only what a shell has built in runs before it is clear that there is a
/// new worktree. The names are not those of variables that the one from before may look at.
const BODY: &str = r#"# Sets up for Cargo what `git worktree add` makes. `cargo sharedtarget hook uninstall` takes it out.

# The hook that was here before runs first, and alone decides how this one ends.
case $0 in
*/*) st_before=${0%/*}/post-checkout.before-sharedtarget ;;
*) st_before=./post-checkout.before-sharedtarget ;;
esac
st_code=0
if [ -f "$st_before" ] && [ -x "$st_before" ]; then
    # Where another program has moved this hook to call it, they would call each other for ever.
    if [ "${CARGO_SHAREDTARGET_HOOK-}" = "$PWD $*" ]; then exit 0; fi
    CARGO_SHAREDTARGET_HOOK="$PWD $*" "$st_before" "$@" || st_code=$?
fi

# A new worktree comes from the null commit, and its .git is a file that leads to a folder with a commondir.
case ${#1}:$1 in
*:*[!0]*) exit "$st_code" ;;
40:* | 64:*) ;;
*) exit "$st_code" ;;
esac
[ -f .git ] || exit "$st_code"
st_line=
{ IFS= read -r st_line <.git; } 2>/dev/null
[ -f "${st_line#gitdir: }/commondir" ] || exit "$st_code"

@find@else
    # The command is for a terminal to show, and for a shell to take as it is.
    st_quote() {
        st_word= st_rest=$1
        while :; do
            case $st_rest in *\'*) ;; *) break ;; esac
            st_word=$st_word${st_rest%%\'*}"'\\''"
            st_rest=${st_rest#*\'}
        done
        st_word="'$st_word$st_rest'"
    }
    LC_ALL=C
    st_quote "$0"
    st_hook=$st_word
    st_quote "$st_before"
    case $0 in
    *[![:print:]]*) st_out="delete post-checkout in the hooks folder of the repository, or put post-checkout.before-sharedtarget in its place" ;;
    *) if [ -e "$st_before" ]; then st_out="mv $st_word $st_hook"; else st_out="rm $st_hook"; fi ;;
    esac
    printf '%s\n' "cargo-sharedtarget is not installed, so this worktree was not set up; to take its hook out: $st_out" >&2
    exit "$st_code"
fi
"$st_program" sharedtarget onboard --yes --quiet </dev/null
exit "$st_code"
"#;

/// The common hooks folder of a repository, given by its common git directory.
#[must_use]
pub(crate) fn folder(common_dir: &Path) -> PathBuf {
    common_dir.join("hooks")
}

/// The name of the hook in its folder.
pub(crate) const NAME: &str = "post-checkout";

/// The name under which the hook from before is kept.
pub(crate) const BEFORE: &str = "post-checkout.before-sharedtarget";

/// A hooks folder that is being made or taken away: it comes and goes whole, by one rename.
#[must_use]
pub(crate) fn staging(common_dir: &Path) -> PathBuf {
    common_dir.join("hooks.sharedtarget")
}

/// The hook, which looks for us at `program` too if we are not on the path.
#[must_use]
pub(crate) fn script(program: Option<&Path>, made_folder: bool) -> Vec<u8> {
    let (head, tail) = BODY.split_once(FIND).unwrap_or((BODY, ""));
    let made_folder = if made_folder { MADE_FOLDER } else { "" };
    let mut body = Vec::new();
    body.extend(made_folder.as_bytes());
    body.extend(head.as_bytes());
    body.extend(shell::find_us(program));
    body.extend(tail.as_bytes());
    sealed(VERSION, &body)
}

/// A hook of a version, with the checksum by which changes are noticed.
#[must_use]
pub fn sealed(version: u32, body: &[u8]) -> Vec<u8> {
    let mut all = format!("{START}{version}{CHECKSUM}{}\n", checksum(body)).into_bytes();
    all.extend(body);
    all
}

/// Whose a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Ours, as it was written.
    Ours {
        /// Its version.
        version: u32,
        /// Its folder was made for it.
        made_folder: bool,
    },
    /// Ours, but changed since.
    Changed,
    /// Another program's, or the user's own.
    Foreign,
}

/// Tells whose a hook is.
#[must_use]
pub(crate) fn whose(bytes: &[u8]) -> Whose {
    read(bytes).unwrap_or_else(|| {
        let has_mark =
            |line: &[u8]| line.starts_with(START.split('\n').nth(1).unwrap_or(START).as_bytes());
        if bytes.split(|&b| b == b'\n').take(5).any(has_mark) {
            Whose::Changed
        } else {
            Whose::Foreign
        }
    })
}

/// Reads one that is as it was written.
fn read(bytes: &[u8]) -> Option<Whose> {
    let rest = bytes.strip_prefix(START.as_bytes())?;
    let end = rest.iter().position(|&b| b == b'\n')?;
    let (line, body) = (std::str::from_utf8(&rest[..end]).ok()?, &rest[end + 1..]);
    let (version, sum) = line.split_once(CHECKSUM)?;
    (sum == checksum(body)).then_some(Whose::Ours {
        version: version.parse().ok()?,
        made_folder: body.starts_with(MADE_FOLDER.as_bytes()),
    })
}

/// Whether a script runs us.
#[must_use]
pub(crate) fn runs_us(bytes: &[u8]) -> bool {
    bytes
        .windows(CALL.len())
        .any(|part| part == CALL.as_bytes())
}

/// Whether a script may go by the name under which it is called, which changes when it is chained. To find the
/// folder that it lies in is no harm.
#[must_use]
pub(crate) fn goes_by_its_name(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let harmless = |before: &str| {
        ["dirname ", "dirname \"", "dirname -- ", "dirname -- \""]
            .iter()
            .any(|way| before.ends_with(way))
    };
    text.starts_with("#!")
        && (text.contains("${0##")
            || text
                .match_indices("$0")
                .any(|(at, _)| !harmless(&text[..at])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_known_again() {
        for made_folder in [false, true] {
            let bytes = script(Some(Path::new("/a b/it's")), made_folder);
            let ours = Whose::Ours {
                version: VERSION,
                made_folder,
            };
            assert_eq!(whose(&bytes), ours);
            let text = String::from_utf8(bytes).expect("text");
            assert!(text.contains("\nst_installed='/a b/it'\\''s'\n"), "{text}");
            assert_eq!(whose((text.clone() + "#").as_bytes()), Whose::Changed);
            let other_shell = text.replacen("/bin/sh", "/bin/bash", 1);
            assert_eq!(whose(other_shell.as_bytes()), Whose::Changed);
            let with_crlf = text.replace('\n', "\r\n");
            assert_eq!(whose(with_crlf.as_bytes()), Whose::Changed);
        }
        assert_eq!(
            whose(&sealed(0, b"exit 0\n")),
            Whose::Ours {
                version: 0,
                made_folder: false
            }
        );
        for foreign in [
            &b""[..],
            b"#!/bin/sh\n",
            b"\x7fELF\x02",
            b"#!/bin/sh\n# cargo-sharedtarget",
        ] {
            assert_eq!(whose(foreign), Whose::Foreign);
        }
    }

    #[test]
    fn hooks_that_go_by_their_name() {
        for name in ["name=$(basename \"$0\")", "exec \"$0.d\"/x", "x=${0##*/}"] {
            assert!(goes_by_its_name(format!("#!/bin/sh\n{name}\n").as_bytes()));
        }
        for place in ["here=$(dirname \"$0\")", "cd ${0%/*}", "echo $1"] {
            assert!(!goes_by_its_name(
                format!("#!/bin/sh\n{place}\n").as_bytes()
            ));
        }
    }

    #[test]
    fn the_line_runs_us() {
        assert!(runs_us(LINE.as_bytes()) && !LINE.contains('\n'));
        assert!(runs_us(&script(None, false)));
    }
}
