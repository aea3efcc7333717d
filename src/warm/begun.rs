//! Whether the times of a unit are those that its build left.
//!
//! The moment at which a unit was compiled is the time of its dep-info, that of a run the time of what the script said:
//! sources that are newer make it stale. Anybody can set these times, such as a program that touches a whole target
//! folder or unpacks one without its times, and the unit then looks as if it had been compiled of sources that came later.
//!
//! Cargo writes an empty file before it starts the compiler or the script, `invoked.timestamp`, and afterwards gives the
//! dep-info, or what the script said, exactly the time of that one; where a unit was only checked, also what the compiler
//! made. So in a unit that was left alone
//!
//! - both have one time, and the dep-info is older than its own last change, whose time only the system keeps;
//! - what the compiler made lies between these two.
//!
//! One touch makes the time of a file that of its last change; unpacking without times does the same, or brings what was
//! made behind the dep-info. A copy that keeps times changes nothing of this. Where the system does not know when a file
//! was last changed (Windows), nothing but the first half of each point is relied on.
//!
//! Source: `rustc` in `src/cargo/core/compiler/mod.rs` and `build_work` in `custom_build.rs` of Cargo, which call
//! `set_invocation_time` and `set_file_time_no_err`. A test of the suite holds it for both layouts.

use jiff::Timestamp;

use crate::target::layout;
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::{Role, Sharing, UnitFile};

/// Returns the file whose time was set by another program than Cargo, if it is the time by which the unit's build is
/// dated, and what is wrong with it.
#[must_use]
pub fn set_since(unit: &Unit, now: Timestamp) -> Option<(&UnitFile, &'static str)> {
    const SET: &str = "its mtime was set later, so the time of its compilation is unknown";
    const AHEAD: &str = "its mtime is in the future";
    let run = unit.kind == UnitKind::BuildScriptRun;
    let is_dated = |file: &&UnitFile| match run {
        true => file.is_said(),
        false => file.is_dep_info(),
    };
    let is_stamp = |file: &&UnitFile| {
        // The stamp of a script lies beside its output.
        let beside = file.role == Role::Noted || (!run && file.is_fingerprint());
        beside && file.name() == layout::STAMP
    };
    let is_output = |file: &&UnitFile| {
        file.sharing != Sharing::Folder
            && layout::in_profile(&file.path, &unit.id.profile, |path| {
                layout::is_output(path, run)
            })
    };
    // Without one the unit is refused for that.
    let dated = unit.files.iter().find(is_dated)?;
    let outputs = || unit.files.iter().filter(is_output);
    let mut all = std::iter::once(dated).chain(outputs());
    if let Some(file) = all.find(|file| file.modified() > Some(now)) {
        return Some((file, AHEAD));
    }
    let begun = dated.modified();
    let stamp = unit.files.iter().find(is_stamp);
    if begun.is_none() || stamp.is_none_or(|stamp| stamp.modified() != begun) {
        return Some((dated, SET));
    }
    // A script may end before a coarse clock goes on; but it was compiled, and that unit tells.
    if dated.changed().is_some_and(|changed| Some(changed) < begun) || (!run && was_touched(dated))
    {
        return Some((dated, SET));
    }
    if run {
        return None;
    }
    let newest = outputs().max_by_key(|file| file.modified())?;
    let made = newest.modified();
    let metadata = |file: &UnitFile| file.path.extension().is_some_and(|end| end == "rmeta");
    let checked = made == begun && !was_touched(newest) && outputs().all(metadata);
    let late = dated.changed().is_some_and(|changed| made > Some(changed));
    (late || (made <= begun && !checked)).then_some((newest, SET))
}

/// It has the time of its last change, as what was just written or touched.
fn was_touched(file: &UnitFile) -> bool {
    file.changed().is_some() && file.changed() == file.modified()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::model::Identity;
    use crate::size::Bytes;

    fn at(millisecond: i64) -> Option<Timestamp> {
        Timestamp::from_millisecond(1_700_000_000_000 + millisecond).ok()
    }

    /// A file of a unit with the moments of its time and of its last change.
    fn file(path: &str, role: Role, modified: i64, changed: Option<i64>) -> UnitFile {
        UnitFile {
            path: path.into(),
            sharing: Sharing::Copy,
            role,
            length: Bytes(1),
            on_disk: Bytes(1),
            links: 1,
            identity: Identity::default(),
            modified: at(modified).into(),
            changed: changed.and_then(at).into(),
        }
    }

    /// A library, by the times of its stamp, its dep-info and its only artifact, and those of their last changes.
    fn library(stamp: i64, info: (i64, Option<i64>), made: (i64, Option<i64>)) -> Unit {
        of("rlib", stamp, info, made)
    }

    /// The same, which was only checked.
    fn checked(stamp: i64, info: (i64, Option<i64>), made: (i64, Option<i64>)) -> Unit {
        of("rmeta", stamp, info, made)
    }

    fn of(end: &str, stamp: i64, info: (i64, Option<i64>), made: (i64, Option<i64>)) -> Unit {
        let print = |name: &str| format!("debug/.fingerprint/a-0123456789abcdef/{name}");
        let files = vec![
            file(&print(layout::STAMP), Role::Fingerprint, stamp, None),
            file(&print("dep-lib-a"), Role::Fingerprint, info.0, info.1),
            file(
                &format!("debug/deps/liba-0123456789abcdef.{end}"),
                Role::Made,
                made.0,
                made.1,
            ),
        ];
        Unit {
            files,
            ..Unit::sample("debug", "0123456789abcdef", UnitKind::Library)
        }
    }

    #[track_caller]
    fn assert_set(unit: &Unit, expected: Option<&str>) {
        let now = at(1000).expect("a time");
        let found = set_since(unit, now).map(|(file, _)| file.name().into_owned());
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn what_cargo_leaves() {
        assert_set(&library(0, (0, Some(90)), (80, Some(81))), None);
        // Only checked: the metadata has the same time as the dep-info.
        assert_set(&checked(0, (0, Some(90)), (0, Some(90))), None);
        // Copied with its times.
        assert_set(&library(0, (0, Some(500)), (80, Some(500))), None);
        // The system does not know when a file was last changed.
        assert_set(&library(0, (0, None), (80, None)), None);
        assert_set(&checked(0, (0, None), (0, None)), None);
    }

    #[test]
    fn what_others_leave() {
        let (info, made) = (Some("dep-lib-a"), Some("liba-0123456789abcdef.rlib"));
        // All was touched at once, or one after the other.
        assert_set(&library(500, (500, Some(500)), (500, Some(500))), info);
        assert_set(&library(500, (510, Some(510)), (520, Some(520))), info);
        assert_set(&library(500, (500, Some(500)), (520, Some(520))), info);
        // Only what the compiler made, or only the notes.
        assert_set(&library(0, (0, Some(90)), (500, Some(500))), made);
        assert_set(&library(500, (500, Some(501)), (80, Some(81))), made);
        assert_set(&library(500, (500, Some(501)), (500, Some(501))), made);
        let metadata = Some("liba-0123456789abcdef.rmeta");
        assert_set(&checked(500, (500, Some(501)), (500, Some(500))), metadata);
        assert_set(&library(0, (20, Some(90)), (80, Some(81))), info);
        // No time of a last change is needed for some of it.
        assert_set(&library(500, (510, None), (520, None)), info);
        assert_set(&library(500, (500, None), (80, None)), made);
        // The clock was ahead, or was put back since.
        assert_set(&library(2000, (2000, Some(2090)), (2080, Some(2081))), info);
        assert_set(&library(0, (0, Some(90)), (2000, Some(90))), made);
        assert_set(&library(900, (900, Some(90)), (950, Some(91))), info);
    }

    #[test]
    fn a_run() {
        let run = |stamp: i64, said: (i64, Option<i64>)| {
            let path = |name: &str| format!("debug/build/a-0123456789abcdef/{name}");
            let print = "debug/.fingerprint/a-0123456789abcdef/invoked.timestamp";
            let files = vec![
                file(print, Role::Fingerprint, 7, None),
                file(&path(layout::STAMP), Role::Noted, stamp, None),
                file(&path("output"), Role::Said, said.0, said.1),
                file(&path("out/output"), Role::OutDir, 300, Some(300)),
            ];
            Unit {
                files,
                ..Unit::sample("debug", "0123456789abcdef", UnitKind::BuildScriptRun)
            }
        };
        assert_set(&run(0, (0, Some(2))), None);
        assert_set(&run(0, (0, Some(0))), None);
        assert_set(&run(0, (0, None)), None);
        assert_set(&run(0, (500, Some(500))), Some("output"));
        assert_set(&run(500, (500, Some(0))), Some("output"));
        assert_set(&run(2000, (2000, Some(2000))), Some("output"));
    }
}
