//! The `build.rustc-wrapper` by which a new worktree is warmed at its first build, where no hook has done it.
//!
//! Cargo asks the compiler for its version before it makes a target folder, takes its lock and looks at what is built
//! already, and keeps the answer in there: this is where the script has us run, and then it is the compiler. Source:
//! `create_bcx` in Cargo's `ops/cargo_compile`, seen with 1.95 and 1.97 in both layouts. It may hold the lock of its package
//! caches by then (`resolve_with_previous` in `ops/resolve.rs`), so nothing is asked of Cargo there but
//! `metadata --no-deps`. It is a script, and lies beside the configuration that names
//! it, since a wrapper that is gone breaks every build: so it goes on when we are uninstalled, and it comes and goes with
//! the configuration.

use std::path::Path;

use crate::text::shell::{checksum, find_us, quoted};

/// The name of the script, in the folder of the configuration that names it.
pub(crate) const NAME: &str = "sharedtarget-rustc";

/// The variable that tells the script that we are at work, so that it only runs the compiler.
pub(crate) const AT_WORK: &str = "CARGO_SHAREDTARGET_AT_WORK";

/// The version of what we write. It grows with every change of the script.
const VERSION: u32 = 1;

const START: &str = "#!/bin/sh\n# cargo-sharedtarget rustc wrapper, version ";
const CHECKSUM: &str = ", checksum ";
const NEXT: &str = "# Runs the compiler by: ";

/// All after the line with the checksum, and the one that says what runs the compiler. A call that is no probe is not
/// examined, and starts no program but the compiler.
const BODY: &str = r#"# `cargo sharedtarget undo` takes it out, and the line that names it.

# By the compiler's name and `-vV` alone, Cargo asks who that is; for clippy that of its driver comes first. Build scripts
# may ask the same.
case ${2-}:${3-}:${CARGO_PKG_NAME-}${OUT_DIR-}${CARGO_SHAREDTARGET_AT_WORK-} in
-vV::) st_rustc=$1 ;;
*:-vV:) st_rustc=$2 ;;
*) exec @next@"$@" ;;
esac

# Only a linked worktree of git's is new; what was done for it is noted among git's own notes of it.
st_top=$PWD
until [ -e "$st_top/.git" ] || [ -z "$st_top" ]; do st_top=${st_top%/*}; done
st_line=
if [ -f "$st_top/.git" ]; then { IFS= read -r st_line <"$st_top/.git"; } 2>/dev/null || :; fi
st_dir=${st_line#gitdir: }
case $st_dir in
'' | /*) ;;
*) st_dir=$st_top/$st_dir ;;
esac
if [ ! -f "$st_dir/commondir" ] || [ -e "$st_dir/sharedtarget-onboarded" ]; then exec @next@"$@"; fi

@find@else
    st_program=
fi
if [ -n "$st_program" ]; then
    # The compiler that is asked for here may be that of `cargo +nightly`: what is beside it comes first.
    case $st_rustc in
    /*) st_path=${st_rustc%/*}:$PATH ;;
    *) st_path=$PATH ;;
    esac
    # What is said would be taken for the compiler's answer.
    if PATH=$st_path CARGO_SHAREDTARGET_AT_WORK=1 "$st_program" sharedtarget onboard --layout in-place --yes --quiet \
        </dev/null >/dev/null 2>&1; then
        { : >"$st_dir/sharedtarget-onboarded"; } 2>/dev/null || :
    fi
fi
exec @next@"$@"
"#;

/// The script, which looks for us at `program` too if we are not on the path, and runs the compiler by `next`.
#[must_use]
pub(crate) fn script(program: Option<&Path>, next: Option<&str>) -> Vec<u8> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let chained = next.map(|next| text(quoted(Some(Path::new(next)))) + " ");
    let mut body = String::new();
    if let Some(next) = next {
        body += &format!("{NEXT}{next}\n");
    }
    body += &BODY
        .replace("@find@", &text(find_us(program)))
        .replace("@next@", chained.as_deref().unwrap_or_default());
    let sum = checksum(body.as_bytes());
    format!("{START}{VERSION}{CHECKSUM}{sum}\n{body}").into_bytes()
}

/// Whose a script is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Ours, as it was written.
    Ours {
        /// The program by which it runs the compiler.
        next: Option<String>,
    },
    /// Written by another program, or changed since.
    Foreign,
}

/// Tells whose a script is.
#[must_use]
pub(crate) fn whose(bytes: &[u8]) -> Whose {
    read(bytes).unwrap_or(Whose::Foreign)
}

/// Reads one that is as it was written.
fn read(bytes: &[u8]) -> Option<Whose> {
    let rest = std::str::from_utf8(bytes).ok()?.strip_prefix(START)?;
    let (line, body) = rest.split_once('\n')?;
    let (_, sum) = line.split_once(CHECKSUM)?;
    let first = body.lines().next().and_then(|line| line.strip_prefix(NEXT));
    (sum == checksum(body.as_bytes())).then(|| Whose::Ours {
        next: first.map(str::to_owned),
    })
}

/// Whether a file begins as our scripts do, changed or not.
#[must_use]
pub(crate) fn is_begun(bytes: &[u8]) -> bool {
    bytes.starts_with(START.as_bytes())
}

/// Whether a configuration names the script: that it has the name somewhere is enough of a doubt.
#[must_use]
pub(crate) fn is_named_in(config: Option<&[u8]>) -> bool {
    let mut parts = config.unwrap_or_default().windows(NAME.len());
    parts.any(|part| part == NAME.as_bytes())
}

/// Whether a program is the script, by its name.
#[must_use]
pub(crate) fn is_ours(wrapper: &str) -> bool {
    Path::new(wrapper)
        .file_name()
        .is_some_and(|name| name == NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_known_again() {
        for known in [None, Some("/it's/sccache")] {
            let bytes = script(Some(Path::new("/a b/it")), known);
            let next = known.map(str::to_owned);
            assert_eq!(whose(&bytes), Whose::Ours { next });
            let text = String::from_utf8(bytes).expect("text");
            assert!(text.contains("st_installed='/a b/it'\n"), "{text}");
            assert!(!["@find@", "@next@"].iter().any(|mark| text.contains(mark)));
            assert!(known.is_none() || text.contains("exec '/it'\\''s/sccache' \"$@\""));
            assert_eq!(whose((text + "#").as_bytes()), Whose::Foreign);
        }
        assert_eq!(whose(b"#!/bin/sh\n"), Whose::Foreign);
        assert!(is_ours("/x/.cargo/sharedtarget-rustc") && !is_ours("sccache"));
    }
}
