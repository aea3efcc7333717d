//! Decides what of the cache of scripts may go.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::age::Age;
use crate::plan::action::DropReason;
use crate::script::model::{
    CacheFolder, DropScript, KeptPackage, KeptProgram, ScriptCache, ScriptPart,
};
use crate::size::Bytes;

/// Which part of the cache is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CachePart {
    /// Kept programs; the next run of a script builds it, with its dependencies there
    Bins,
    /// Compiled dependencies; kept programs run as before
    Target,
    /// Everything
    #[default]
    All,
}

/// The rules for a cleaning of the cache. Without a rule everything is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheOptions {
    pub(crate) part: CachePart,
    /// Only what was not used for as long.
    pub(crate) older_than: Option<Age>,
    /// How much all of it may take.
    pub(crate) max_size: Option<Bytes>,
    /// The folder of a program that is about to run.
    pub(crate) spared: Option<PathBuf>,
    /// Programs that ran within so long are kept, whatever the size: they may be about to run, or still run.
    pub(crate) recent: Option<SignedDuration>,
}

/// The deletions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Programs, packages and target folders of their own.
    pub(crate) drops: Vec<DropScript>,
    /// The part of the target folder of all scripts that is deleted.
    pub(crate) target: TargetPart,
}

/// The part of the target folder of all scripts that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TargetPart {
    /// It stays as it is.
    #[default]
    Stays,
    /// All of it goes.
    Goes,
    /// Units of it go.
    Units {
        /// Those not used for as long.
        older_than: Option<Age>,
        /// Those used longest ago, until it takes no more.
        max_size: Option<Bytes>,
    },
}

/// Programs that did not run for so long go for space before compiled dependencies do: other scripts may need those.
const LONG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Decides what of the cache goes.
///
/// By size: first programs that have not run for 30 days, those longest ago first; then units of the target folder, so
/// that what runs often goes on to run at once; then programs again, down to what is allowed. A package goes with the
/// last program of its script, if it was not built for as long, or everything goes.
#[must_use]
pub(crate) fn clean(cache: &ScriptCache, options: &CacheOptions, now: Timestamp) -> Decided {
    let bins = options.part != CachePart::Target;
    let target = options.part != CachePart::Bins;
    let mut decided = Decided::default();
    let ruled = options.older_than.is_some() || options.max_size.is_some();
    if !ruled {
        if bins {
            let all = cache.programs.iter();
            decided
                .drops
                .extend(all.map(|program| drop_program(program, DropReason::All)));
        }
        if options.part == CachePart::All {
            let all = cache.packages.iter();
            let all = all.map(|package| drop_package(package, DropReason::All));
            decided.drops.extend(all);
            decided
                .drops
                .extend(cache.compilers.as_ref().map(drop_compilers));
        }
        if target {
            if options.part == CachePart::Target {
                let own = cache.packages.iter().filter_map(drop_own_target);
                decided.drops.extend(own);
            }
            if cache.target.is_some() {
                decided.target = TargetPart::Goes;
            }
        }
        return decided;
    }
    let mut going = Programs::of(cache, bins, options, now);
    if let Some(age) = options.older_than {
        going.drop_while(DropReason::Idle, |_, last_run| {
            is_older(last_run, age.0, now)
        });
    }
    let mut target_size = None;
    if let Some(most) = options.max_size {
        let rest = |staying: Bytes| Bytes(most.0.saturating_sub(staying.0));
        let compiled = if target {
            cache.target.unwrap_or_default()
        } else {
            Bytes(0)
        };
        let beside: Bytes = match options.part {
            CachePart::All => cache.packages.iter().map(|package| package.on_disk).sum(),
            _ => Bytes(0),
        };
        let fits = |programs: Bytes, compiled: Bytes| programs + compiled + beside <= most;
        going.drop_while(DropReason::Budget, |staying, last_run| {
            !fits(staying, compiled) && is_older(last_run, LONG, now)
        });
        if target && !fits(going.staying, compiled) {
            target_size = Some(rest(going.staying + beside));
        }
        going.drop_while(DropReason::Budget, |staying, _| !fits(staying, Bytes(0)));
    }
    let staying: BTreeSet<&Path> = going.scripts_that_stay();
    if let (Some(age), CachePart::All) = (options.older_than, options.part) {
        let unused = cache.packages.iter().filter(|package| {
            let runs = package
                .script
                .as_deref()
                .is_some_and(|script| staying.contains(script));
            !runs && is_older(package.last_build, age.0, now)
        });
        decided
            .drops
            .extend(unused.map(|package| drop_package(package, DropReason::Idle)));
    }
    decided.drops.splice(0..0, going.drops);
    if target && (options.older_than.is_some() || target_size.is_some()) && cache.target.is_some() {
        decided.target = TargetPart::Units {
            older_than: options.older_than,
            max_size: target_size,
        };
    }
    decided
}

/// Programs that go, the one that ran longest ago first.
struct Programs<'a> {
    left: Vec<&'a KeptProgram>,
    spared: Vec<&'a KeptProgram>,
    staying: Bytes,
    drops: Vec<DropScript>,
}

impl<'a> Programs<'a> {
    fn of(cache: &'a ScriptCache, bins: bool, options: &CacheOptions, now: Timestamp) -> Self {
        let all = cache.programs.iter().filter(|_| bins);
        let is_recent = |program: &KeptProgram| match (options.recent, program.last_run) {
            (Some(recent), Some(last_run)) => now.duration_since(last_run) < recent,
            _ => false,
        };
        let (spared, mut left): (Vec<_>, Vec<_>) = all.partition(|program| {
            Some(program.path.as_path()) == options.spared.as_deref() || is_recent(program)
        });
        left.sort_by_key(|program| Reverse((program.last_run, &program.path)));
        Self {
            staying: left
                .iter()
                .chain(&spared)
                .map(|program| program.on_disk)
                .sum(),
            left,
            spared,
            drops: Vec::new(),
        }
    }

    fn drop_while(&mut self, why: DropReason, goes: impl Fn(Bytes, Option<Timestamp>) -> bool) {
        while let Some(last) = self.left.last().copied() {
            if !goes(self.staying, last.last_run) {
                return;
            }
            self.left.pop();
            self.staying = Bytes(self.staying.0 - last.on_disk.0);
            self.drops.push(drop_program(last, why));
        }
    }

    fn scripts_that_stay(&self) -> BTreeSet<&'a Path> {
        let staying = self.left.iter().chain(&self.spared);
        staying
            .filter_map(|program| program.script.as_deref())
            .collect()
    }
}

/// Returns whether something was last used so long ago; `false` if the last use is unknown.
fn is_older(used: Option<Timestamp>, age: SignedDuration, now: Timestamp) -> bool {
    used.is_some_and(|used| now.duration_since(used) >= age)
}

fn drop_program(program: &KeptProgram, why: DropReason) -> DropScript {
    DropScript {
        path: program.path.clone(),
        what: ScriptPart::Program,
        script: program.script.clone(),
        why,
        last_use: program.last_run,
        on_disk: program.on_disk,
        identity: program.identity,
        seen: program.seen.clone(),
    }
}

fn drop_package(package: &KeptPackage, why: DropReason) -> DropScript {
    DropScript {
        path: package.path.clone(),
        what: ScriptPart::Package,
        script: package.script.clone(),
        why,
        last_use: package.last_build,
        on_disk: package.on_disk,
        identity: package.identity,
        seen: package.seen.clone(),
    }
}

fn drop_compilers(compilers: &CacheFolder) -> DropScript {
    DropScript {
        path: compilers.path.clone(),
        what: ScriptPart::Compilers,
        script: None,
        why: DropReason::All,
        last_use: None,
        on_disk: compilers.on_disk,
        identity: compilers.identity,
        seen: compilers.seen.clone(),
    }
}

fn drop_own_target(package: &KeptPackage) -> Option<DropScript> {
    let own = package.own_target.as_ref()?;
    Some(DropScript {
        what: ScriptPart::OwnTarget,
        path: own.path.clone(),
        on_disk: own.on_disk,
        identity: own.identity,
        seen: own.seen.clone(),
        ..drop_package(package, DropReason::All)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::model::Identity;

    const NOW: i64 = 1_000 * 86_400;

    fn day(days_ago: i64) -> Option<Timestamp> {
        Timestamp::from_second(NOW - days_ago * 86_400).ok()
    }

    fn program(name: &str, days_ago: i64, size: u64) -> KeptProgram {
        KeptProgram {
            path: format!("/c/bins/{name}").into(),
            script: Some(format!("/s/{name}.rs").into()),
            script_exists: true,
            made: day(days_ago),
            last_run: day(days_ago),
            on_disk: Bytes(size),
            identity: Identity::default(),
            seen: crate::fs::model::Seen::default(),
        }
    }

    fn package(name: &str, days_ago: i64, own_target: Option<u64>) -> KeptPackage {
        KeptPackage {
            path: format!("/c/packages/{name}").into(),
            script: Some(format!("/s/{name}.rs").into()),
            last_build: day(days_ago),
            on_disk: Bytes(1 + own_target.unwrap_or(0)),
            own_target: own_target.map(|size| CacheFolder {
                path: format!("/c/packages/{name}/target").into(),
                on_disk: Bytes(size),
                identity: Identity::default(),
                seen: crate::fs::model::Seen::default(),
            }),
            identity: Identity::default(),
            seen: crate::fs::model::Seen::default(),
        }
    }

    fn cache() -> ScriptCache {
        ScriptCache {
            programs: vec![
                program("a", 1, 10),
                program("b", 20, 10),
                program("c", 40, 10),
                program("d", 90, 10),
            ],
            packages: vec![
                package("a", 100, None),
                package("c", 40, Some(5)),
                package("d", 90, None),
                package("gone", 200, None),
            ],
            target: Some(Bytes(100)),
            ..ScriptCache::default()
        }
    }

    fn decide(
        part: CachePart,
        older_than: Option<i64>,
        max_size: Option<u64>,
    ) -> (Vec<String>, TargetPart) {
        let options = CacheOptions {
            part,
            older_than: older_than.map(|days| Age(SignedDuration::from_hours(days * 24))),
            max_size: max_size.map(Bytes),
            spared: None,
            recent: None,
        };
        let now = Timestamp::from_second(NOW).expect("a time");
        let decided = clean(&cache(), &options, now);
        let names = decided.drops.iter().map(|drop| {
            drop.path
                .strip_prefix("/c")
                .expect("inside")
                .display()
                .to_string()
        });
        (names.collect(), decided.target)
    }

    #[test]
    fn without_a_rule_all_of_a_part_goes() {
        let (names, target) = decide(CachePart::Bins, None, None);
        assert_eq!(names, ["bins/a", "bins/b", "bins/c", "bins/d"]);
        assert_eq!(target, TargetPart::Stays);
        let (names, target) = decide(CachePart::Target, None, None);
        assert_eq!(
            (names, target),
            (vec!["packages/c/target".to_owned()], TargetPart::Goes)
        );
        let (names, target) = decide(CachePart::All, None, None);
        assert_eq!((names.len(), target), (8, TargetPart::Goes));
    }

    #[test]
    fn by_age_a_package_goes_with_its_last_program() {
        let (names, target) = decide(CachePart::All, Some(40), None);
        // The one of `a` is as old, but its program runs.
        assert_eq!(
            names,
            [
                "bins/d",
                "bins/c",
                "packages/c",
                "packages/d",
                "packages/gone"
            ]
        );
        let units = |target| {
            matches!(
                target,
                TargetPart::Units {
                    older_than: Some(_),
                    max_size: None
                }
            )
        };
        assert!(units(target));
        let (names, target) = decide(CachePart::Bins, Some(40), None);
        assert_eq!(
            (names, target),
            (
                vec!["bins/d".to_owned(), "bins/c".to_owned()],
                TargetPart::Stays
            )
        );
        let (names, target) = decide(CachePart::Target, Some(40), None);
        assert!(names.is_empty() && units(target));
    }

    #[test]
    fn by_size_what_runs_often_goes_last() {
        // All takes 40 + 100 + 9.
        let at_most = |size| decide(CachePart::All, None, Some(size));
        assert_eq!(at_most(149), (vec![], TargetPart::Stays));
        assert_eq!(at_most(148), (vec!["bins/d".into()], TargetPart::Stays));
        assert_eq!(
            at_most(130),
            (vec!["bins/d".into(), "bins/c".into()], TargetPart::Stays)
        );
        let units = |size| TargetPart::Units {
            older_than: None,
            max_size: Some(Bytes(size)),
        };
        assert_eq!(
            at_most(60),
            (vec!["bins/d".into(), "bins/c".into()], units(31))
        );
        assert_eq!(
            at_most(20),
            (
                vec!["bins/d".into(), "bins/c".into(), "bins/b".into()],
                units(0)
            )
        );
        assert_eq!(decide(CachePart::Bins, None, Some(35)).0, ["bins/d"]);
        assert_eq!(
            decide(CachePart::Target, None, Some(70)),
            (vec![], units(70))
        );
    }

    #[test]
    fn what_is_about_to_run_stays() {
        let options = CacheOptions {
            older_than: Some(Age(SignedDuration::ZERO)),
            max_size: Some(Bytes(0)),
            spared: Some("/c/bins/d".into()),
            ..CacheOptions::default()
        };
        let now = Timestamp::from_second(NOW).expect("a time");
        let decided = clean(&cache(), &options, now);
        let goes = |path: &str| {
            decided
                .drops
                .iter()
                .any(|drop| drop.path == Path::new(path))
        };
        assert!(!goes("/c/bins/d") && !goes("/c/packages/d"));
        assert!(goes("/c/bins/a") && goes("/c/packages/a"));
        let options = CacheOptions {
            recent: Some(SignedDuration::from_hours(25)),
            ..options
        };
        let decided = clean(&cache(), &options, now);
        let goes = |path: &str| {
            decided
                .drops
                .iter()
                .any(|drop| drop.path == Path::new(path))
        };
        assert!(!goes("/c/bins/a") && goes("/c/bins/b"), "it ran a day ago");
    }

    #[test]
    fn what_nobody_knows_the_age_of_is_not_old() {
        let mut cache = cache();
        cache.programs[3].last_run = None;
        let options = CacheOptions {
            older_than: Some(Age(SignedDuration::ZERO)),
            ..CacheOptions::default()
        };
        let now = Timestamp::from_second(NOW).expect("a time");
        let decided = clean(&cache, &options, now);
        assert!(
            decided
                .drops
                .iter()
                .all(|drop| drop.path != Path::new("/c/bins/d"))
        );
    }
}
