//! Units that no build used since a moment.

use super::*;
use crate::target::unit::ReadTimes;

/// The times of a fingerprint's hash, in seconds before now: of the last read, the last modification, the last change.
fn hash_times(read: i64, modified: i64, changed: i64) -> ReadTimes {
    let before = |seconds| now() - SignedDuration::from_secs(seconds);
    ReadTimes {
        accessed: before(read),
        modified: before(modified),
        changed: before(changed),
    }
}

/// Two units: one was found fresh after the begin of a job half an hour ago, the other has these times.
fn job(times: Vec<ReadTimes>) -> Vec<Unit> {
    let fresh = Unit {
        hash_times: vec![hash_times(60, 100 * 3600, 3600)],
        ..unit("a", 100, &[], (1, 1))
    };
    let other = Unit {
        hash_times: times,
        ..unit("b", 100, &[], (2, 1))
    };
    vec![fresh, other]
}

fn since(seconds: i64) -> GcOptions {
    GcOptions {
        unused_since: Some(now() - SignedDuration::from_secs(seconds)),
        ..GcOptions::default()
    }
}

#[test]
fn only_what_was_surely_not_used_since_the_begin_of_the_job_goes() {
    const HOUR: i64 = 3600;
    let long_ago = 100 * HOUR;
    for (times, goes, why) in [
        ((HOUR, long_ago, HOUR), "b", "restored, and not read since"),
        (
            (HOUR, long_ago, HOUR - 1),
            "b",
            "restored: changed a moment after it was made",
        ),
        ((60, long_ago, HOUR), "", "read since"),
        (
            (1801, long_ago, HOUR),
            "",
            "read since, by a clock of two seconds",
        ),
        (
            (1803, long_ago, HOUR),
            "",
            "read after it was restored, so that no read is written down",
        ),
        (
            (30 * HOUR, long_ago, 40 * HOUR),
            "b",
            "not read for more than a day, so that a read is written down",
        ),
        (
            (24 * HOUR, long_ago, 40 * HOUR),
            "",
            "read less than a day before the job",
        ),
        (
            (HOUR, HOUR / 2 + 60, HOUR + 1),
            "b",
            "older than its content, so that a read is written down",
        ),
        (
            (1800, long_ago, 1799),
            "b",
            "restored in the second in which the job began",
        ),
        ((1700, long_ago, 1600), "", "put there after the job began"),
        (
            (HOUR, long_ago, 1600),
            "",
            "its mode was changed after the job began",
        ),
        (
            (30 * HOUR, long_ago, 1600),
            "b",
            "its mode was changed, but it was not read for a day",
        ),
    ] {
        let (read, modified, changed) = times;
        let units = job(vec![hash_times(read, modified, changed)]);
        assert_eq!(
            collected(vec![folder_of("/t", units)], &since(1800)),
            goes,
            "{why}"
        );
    }
    let unread = hash_times(HOUR, long_ago, HOUR);
    let read = hash_times(60, long_ago, HOUR);
    let units = |times: &[ReadTimes]| folder_of("/t", job(times.to_vec()));
    assert_eq!(
        collected(vec![units(&[])], &since(1800)),
        "",
        "without a fingerprint"
    );
    assert_eq!(collected(vec![units(&[unread, unread])], &since(1800)), "b");
    assert_eq!(
        collected(vec![units(&[unread, read])], &since(1800)),
        "",
        "one target of two"
    );
    let mut made = units(&[unread]);
    made.inventory.units[1].newest = Some(now());
    assert_eq!(collected(vec![made], &since(1800)), "", "made since");
    let mut begun = units(&[]);
    begun.inventory.units[1].unfinished = true;
    assert_eq!(
        collected(vec![begun], &since(1800)),
        "b",
        "a build would have made it"
    );
    let mut needed = units(&[unread]);
    needed.inventory.units[0].dependencies = vec![id("b")];
    assert_eq!(
        collected(vec![needed], &since(1800)),
        "",
        "needed by what was used"
    );
}

#[test]
fn nothing_goes_as_unused_where_uses_leave_no_trace() {
    let unread = || vec![hash_times(3600, 100 * 3600, 3600)];
    let no = |reads_noted| FolderUse {
        reads_noted,
        ..folder_of("/t", job(unread()))
    };
    assert_eq!(collected(vec![no(ReadsNoted::Yes)], &since(1800)), "b");
    assert_eq!(
        collected(vec![no(ReadsNoted::InUpperLayer)], &since(1800)),
        "",
        "a read in the upper layer tells nothing of the lower one"
    );
    assert_eq!(collected(vec![no(ReadsNoted::No("x"))], &since(1800)), "");
    // A unit that was made tells nothing of reads in a lower layer.
    let mut made = no(ReadsNoted::InUpperLayer);
    made.inventory.units[0].hash_times = unread();
    made.inventory.units[0].newest = Some(now());
    assert_eq!(collected(vec![made.clone()], &since(1800)), "");
    made.reads_noted = ReadsNoted::Yes;
    assert_eq!(collected(vec![made], &since(1800)), "b");
    // A job that built nothing there, and a begin in the future.
    let unused = || vec![folder_of("/t", job(unread()).split_off(1))];
    assert_eq!(collected(unused(), &since(1800)), "");
    assert_eq!(collected(vec![no(ReadsNoted::Yes)], &since(-60)), "");
    let doubts = |folders, options: &GcOptions| {
        let plan = gc(folders, &Compilers::default(), options, now(), Vec::new());
        match &plan.kept[..] {
            [kept] => match &kept.reason {
                KeptReason::NothingToCollect { doubts, .. } => doubts.join("; "),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let said = doubts(unused(), &since(1800));
    assert!(
        said.contains("no build is known to have used this folder"),
        "{said}"
    );
    let said = doubts(vec![no(ReadsNoted::Yes)], &since(-60));
    assert!(
        said.contains("the use of 2 units is unknown: START is in the future"),
        "{said}"
    );
    let said = doubts(vec![no(ReadsNoted::No("x y"))], &since(1800));
    assert!(
        said.contains("the use of 2 units is unknown: x y"),
        "{said}"
    );
}

/// The compiler's cache of a crate is deleted with the last of its units.
#[test]
fn a_cache_goes_when_no_unit_of_its_crate_was_used() {
    let cache = |name: &str, hours| Other {
        file: UnitFile {
            path: format!("debug/incremental/{name}-1qk0zjo5khjk1").into(),
            sharing: Sharing::Folder,
            modified: hours_ago(hours).into(),
            ..unit("z", 0, &[], (9, 1)).files[0].clone()
        },
        group: Group::Incremental { name: name.into() },
        profile_depth: 1,
    };
    let mut folder = folder_of("/t", job(vec![hash_times(3600, 100 * 3600, 3600)]));
    folder.inventory.units[0].targets = vec!["test-bin-my-app".into()];
    let caches = [("my_app", 100), ("app", 100), ("other", 100), ("new", 0)];
    let caches = caches.map(|(name, hours)| cache(name, hours));
    folder.inventory.others = caches.into();
    let plan = gc(
        vec![folder],
        &Compilers::default(),
        &since(1800),
        now(),
        Vec::new(),
    );
    let folder = plan.all::<CollectFolder>().next().expect("a folder");
    let gone: Vec<String> = folder
        .others
        .iter()
        .map(|other| other.path.display().to_string())
        .collect();
    assert_eq!(gone, ["debug/incremental/other-1qk0zjo5khjk1"]);
}
