//! Killed at every point: what is left is nothing to Cargo, and the next run finishes.

use super::*;
use crate::faults::harness::Stopped;

#[test]
fn at_every_point() {
    let sandbox = start("little");
    let points = [
        "warm-locked",
        "warm-staged",
        "warm-placed#1",
        "warm-placed#3",
        "warm-placed#5",
    ];
    for point in points {
        let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), point);
        stopped.kill();
        assert!(
            sandbox.exists("beside/target/.sharedtarget-warm"),
            "{point}"
        );
        copy_all(&sandbox.path("beside/target"), &sandbox.path("kept"));
        let compiled = build(&sandbox, "beside", "little");
        assert!(compiled.contains(&"app".into()), "{point}");

        fs::remove_dir_all(sandbox.path("beside/target")).expect("removed");
        fs::rename(sandbox.path("kept"), sandbox.path("beside/target")).expect("renamed");
        let again = warm(&sandbox, "beside", &[]);
        if point != "warm-placed#5" {
            assert!(units(&again) > 0, "{point}");
        }
        assert_eq!(build(&sandbox, "beside", "little"), ["app"], "{point}");
        let left = sandbox.exists("beside/target/.sharedtarget-warm");
        assert!(!left, "{point}: a stage is left");
        fs::remove_dir_all(sandbox.path("beside/target")).expect("removed");
    }
}

/// Killed between the entries of one unit, the last being the fingerprint: the earlier entries are replaced.
#[test]
fn in_the_middle_of_a_unit() {
    let sandbox = start("little");
    assert_eq!(units(&warm(&sandbox, "beside", &[])), 5);
    let fingerprints = profile::fingerprints(&sandbox.path("beside/target/debug"));
    assert_eq!(fingerprints.len(), 5);
    for (_, folder) in fingerprints {
        fs::remove_dir_all(folder).expect("removed");
    }
    copy_all(&sandbox.path("beside/target"), &sandbox.path("kept"));
    build(&sandbox, "beside", "little");
    fs::remove_dir_all(sandbox.path("beside/target")).expect("removed");
    fs::rename(sandbox.path("kept"), sandbox.path("beside/target")).expect("renamed");
    assert_eq!(units(&warm(&sandbox, "beside", &[])), 5);
    assert_eq!(build(&sandbox, "beside", "little"), ["app"]);
}
