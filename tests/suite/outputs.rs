//! The outputs that the pages quote are what the program prints: each quoted session is played in a sandbox that
//! reproduces its situation, and compared.
//!
//! `UPDATE_README=1 cargo test --test suite outputs::` writes sessions that differ anew. Sizes, times, paths, hashes and
//! versions are redacted on both sides. A page replaces by `…` the lines that it leaves out.

mod blocks;
mod compare;
mod documents;
mod scenes;
mod stage;

use blocks::Block;
use stage::Stage;

/// The scenes, each with the blocks that it plays: the page, and a text that only this block of the page contains.
macro_rules! scenes {
    ($($scene:ident: $($page:literal $part:literal),+;)+) => {
        const SCENES: &[(&str, &str, &str)] = &[$($((stringify!($scene), $page, $part)),+),+];

        $(
            #[test]
            fn $scene() {
                if let Some(stage) = Stage::open(stringify!($scene)) {
                    scenes::$scene(&stage);
                    stage.close();
                }
            }
        )+
    };
}

scenes! {
    audit: "docs/audit.md" "audit --top 4";
    dedupe: "docs/sharing.md" "cargo sharedtarget dedupe";
    doctor: "docs/doctor.md" "doctor --fix";
    error: "STYLE.md" "expected a folder";
    gc: "docs/ci.md" "--unused-since @../start";
    hook: "docs/hook.md" "--for claude,cursor";
    json: "docs/json.md" "\"clean\"", "docs/json.md" "\"hook status\"";
    log: "docs/log.md" "sharedtarget::cli::log: asked";
    providers: "docs/store.md" "\"ask\":\"before\"", "docs/store.md" "\"stays\":\"kept\"",
        "docs/store.md" "\"ask\":\"after\"", "docs/store.md" "\"relocated\":";
    setup: "docs/setup.md" "Create the shared root";
    why: "docs/why.md" "sharedtarget why\n", "docs/why.md" "why leaf";
}

/// Blocks that hold no output of this program though their language does not say so, each with the reason.
const NO_OUTPUT: &[(&str, &str, &str)] = &[
    ("ARCHITECTURE.md", " arguments, environment", "a drawing"),
    ("ARCHITECTURE.md", " values     size", "a list of modules"),
];

/// Whether an entry of a list names a block.
fn names((page, part): (&str, &str), block: &Block) -> bool {
    block.page == page && block.text.contains(part)
}

/// A block with output that no scene plays fails this test: new pages do not escape.
#[test]
fn each_output_has_a_scene() {
    let blocks = blocks::all();
    let listed = || {
        let played = SCENES.iter().map(|(_, page, part)| (*page, *part));
        played.chain(NO_OUTPUT.iter().map(|(page, part, _)| (*page, *part)))
    };
    let mut seen = 0;
    for block in blocks.iter().filter(|block| block.is_output()) {
        let count = listed().filter(|entry| names(*entry, block)).count();
        assert_eq!(
            count, 1,
            "{}: {count} entries in tests/suite/outputs.rs name the output\n{}",
            block.page, block.text
        );
        seen += 1;
    }
    for entry in listed() {
        let count = blocks.iter().filter(|block| names(entry, block)).count();
        assert_eq!(count, 1, "{count} blocks for {entry:?}");
    }
    assert_eq!(seen, listed().count());
}
