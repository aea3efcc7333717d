//! `build.fingerprint = "content"` with `-Zchecksum-freshness`: sources are compared by what is in them and not by their
//! times.
//!
//! Source: `FingerprintMethod` and `find_stale_file` in Cargo's `src/compiler/fingerprint/mod.rs`: the way is a part
//! of the fingerprint, and dep-info then has the length and the BLAKE3 of each source. Files that a build script
//! watches are compared by time in either way.

use std::time::SystemTime;

use super::*;

const CONFIG: &str = "[unstable]\nchecksum-freshness = true\n[build]\nfingerprint = \"content\"\n";

/// Writes what `low` says, as if it had not been touched.
fn low_unseen(sandbox: &Sandbox, folder: &str, it: &str) {
    let path = sandbox.path(&format!("{folder}/low/src/lib.rs"));
    let before = fs::metadata(&path).and_then(|data| data.modified());
    low(sandbox, folder, it);
    date(&path, before.expect("a time"));
}

fn date(path: &std::path::Path, time: SystemTime) {
    let file = File::options().append(true).open(path).expect("a file");
    file.set_modified(time).expect("a time");
}

#[test]
fn nothing_is_compiled_at_the_same_commit_and_an_edit_is_noticed_whatever_its_time() {
    let Some(sandbox) = start(CONFIG) else { return };
    let said: String = files(&sandbox, "pika", "lib-low.json")
        .iter()
        .map(|path| fs::read_to_string(path).expect("text"))
        .collect();
    assert!(said.contains("\"fingerprint\":\"content\""), "{said}");
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    assert_eq!(build(&sandbox, "beside"), (vec![], "low 1\n".into()));
    low_unseen(&sandbox, "beside", "2");
    let (compiled, said) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, said.as_str()),
        (vec!["app".to_owned(), "low".into()], "low 2\n")
    );
    assert_eq!(build(&sandbox, "pika"), (vec![], "low 1\n".into()));
}

/// The donor's present source need not be the one that the unit was compiled from; and its time does not tell.
#[test]
fn a_donor_whose_source_was_edited_since_does_not_give_what_it_made_before() {
    for seen in [false, true] {
        let Some(sandbox) = start(CONFIG) else { return };
        for folder in ["pika", "beside"] {
            match seen {
                true => low(&sandbox, folder, "2"),
                false => low_unseen(&sandbox, folder, "2"),
            }
        }
        let ran = sandbox.run("beside", &["warm", "--yes", "-v"]);
        let (compiled, said) = build(&sandbox, "beside");
        assert_eq!(said, "low 2\n", "{ran:?}");
        assert_eq!(compiled, ["app", "low"], "{ran:?}");
    }
}

/// The way is in each fingerprint: Cargo takes nothing for fresh that was made the other way, and what runs is right.
/// Where a configuration tells, nothing is taken in the first place.
#[test]
fn where_sources_are_compared_in_the_other_way_all_is_compiled() {
    for (of_donor, of_destination) in [("content", "mtime"), ("mtime", "content")] {
        for configured in [true, false] {
            let Some(mut sandbox) = start(&CONFIG.replace("content", of_donor)) else {
                return;
            };
            match configured {
                true => {
                    let config = format!("[build]\nfingerprint = \"{of_destination}\"\n");
                    sandbox.write("beside/.cargo/config.toml", &config);
                }
                false => sandbox.env("CARGO_BUILD_FINGERPRINT", of_destination),
            }
            let ran = sandbox.run("beside", &["warm", "--yes", "-v"]);
            let left = ran
                .said()
                .contains("with different settings in a manifest or configuration");
            assert_eq!(left, configured, "{ran:?}");
            let (compiled, said) = build(&sandbox, "beside");
            assert_eq!(said, "low 1\n", "{ran:?}");
            assert_eq!(compiled, ["app", "low"], "{ran:?}");
            low(&sandbox, "beside", "2");
            assert_eq!(build(&sandbox, "beside").1, "low 2\n");
        }
    }
}
