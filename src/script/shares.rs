//! Each script's part of the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::script::model::{ScriptCache, ScriptShare};
use crate::size::Bytes;

/// The content of the target folder of all scripts, by crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// By name, with `_` for `-`.
    pub(crate) crates: BTreeMap<String, Bytes>,
}

impl Compiled {
    /// Counts an entry of one of Cargo's folders, such as `libserde_json-0123456789abcdef.rlib`.
    pub(crate) fn add(&mut self, entry: &str, on_disk: Bytes) {
        let name = entry.rsplit_once('-').map_or(entry, |(name, _)| name);
        let name = name.strip_prefix("lib").unwrap_or(name);
        *self.crates.entry(plain(name)).or_default() += on_disk;
    }
}

/// A name as Cargo takes it for the same as others.
pub(crate) fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// The names in a `Cargo.lock`.
pub(crate) fn locked(text: &str) -> BTreeSet<String> {
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("name = \""));
    names
        .map(|name| plain(name.trim_end_matches('"')))
        .collect()
}

/// The parts of all scripts, the one that ran last first: its own programs and packages, and its share of the compiled
/// dependencies. The parts of a crate are equal for all scripts whose `Cargo.lock` names it, and those of the rest for all scripts.
///
/// `locked` has those names by the folder of a package.
pub(crate) fn shares(
    cache: &ScriptCache,
    compiled: &Compiled,
    locked: &dyn Fn(&Path) -> BTreeSet<String>,
) -> Vec<ScriptShare> {
    let mut all: BTreeMap<PathBuf, (ScriptShare, BTreeSet<String>)> = BTreeMap::new();
    for program in &cache.programs {
        let script = program.script.as_deref().unwrap_or(&program.path);
        let (share, _) = of(script, program.on_disk, &mut all);
        share.script_exists |= program.script_exists;
        share.programs += 1;
        share.last_run = share.last_run.max(program.last_run);
    }
    for package in &cache.packages {
        let script = package.script.as_deref().unwrap_or(&package.path);
        let (_, names) = of(script, package.on_disk, &mut all);
        names.extend(locked(&package.path));
    }
    let mut rest = cache.target.unwrap_or_default().0;
    for (name, on_disk) in &compiled.crates {
        let mut users: Vec<&mut ScriptShare> = all
            .values_mut()
            .filter(|(_, names)| names.contains(name))
            .map(|(share, _)| share)
            .collect();
        if users.is_empty() {
            continue;
        }
        rest = rest.saturating_sub(on_disk.0);
        let each = on_disk.0 / users.len() as u64;
        users
            .iter_mut()
            .for_each(|share| share.shared += Bytes(each));
    }
    let each = rest / (all.len() as u64).max(1);
    let mut shares: Vec<ScriptShare> = all.into_values().map(|(share, _)| share).collect();
    shares
        .iter_mut()
        .for_each(|share| share.shared += Bytes(each));
    shares.sort_by(|one, other| (other.last_run, &one.script).cmp(&(one.last_run, &other.script)));
    shares
}

/// The share of a script, to which something of its own is added.
fn of<'a>(
    script: &Path,
    own: Bytes,
    all: &'a mut BTreeMap<PathBuf, (ScriptShare, BTreeSet<String>)>,
) -> &'a mut (ScriptShare, BTreeSet<String>) {
    let entry = all.entry(script.to_owned()).or_insert_with(|| {
        let share = ScriptShare {
            script: script.to_owned(),
            script_exists: false,
            last_run: None,
            programs: 0,
            own: Bytes(0),
            shared: Bytes(0),
        };
        (share, BTreeSet::new())
    });
    entry.0.own += own;
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::model::{Identity, Seen};
    use crate::script::model::KeptPackage;

    #[test]
    fn what_two_have_in_common_is_halved() {
        let package = |name: &str| KeptPackage {
            path: name.into(),
            script: Some(format!("/{name}.rs").into()),
            last_build: None,
            on_disk: Bytes(10),
            own_target: None,
            identity: Identity::default(),
            seen: Seen::default(),
        };
        let cache = ScriptCache {
            packages: ["a", "b", "c"].map(package).to_vec(),
            target: Some(Bytes(1_000)),
            ..ScriptCache::default()
        };
        let mut compiled = Compiled::default();
        compiled.add("libserde_json-0123456789abcdef.rlib", Bytes(100));
        compiled.add("serde-json-0123456789abcdef", Bytes(100));
        compiled.add("a-0123456789abcdef", Bytes(50));
        compiled.add("nobody-0123456789abcdef", Bytes(7));
        let lock = "[[package]]\nname = \"serde-json\"\nversion = \"1.0.0\"\n";
        let locked = |path: &Path| match path.to_str() {
            Some("a") => locked(&format!("name = \"a\"\n{lock}")),
            Some("b") => locked(lock),
            _ => BTreeSet::new(),
        };
        let shares = shares(&cache, &compiled, &locked);
        let shown: Vec<(u64, u64)> = shares.iter().map(|one| (one.own.0, one.shared.0)).collect();
        // The remaining 750 are for all alike.
        assert_eq!(shown, [(10, 400), (10, 350), (10, 250)]);
    }
}
