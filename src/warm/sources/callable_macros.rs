//! Which macros a crate can call.
//!
//! A crate calls a macro by a path, and each step of a path is a name: of a crate that it depends on itself, or of
//! something that such a crate hands on, which must name it in turn. So a macro counts for a crate only if each crate on
//! a way to it has the name of the next one in its sources. A name may also come out of another macro, which has it in
//! its own sources then, or in those of a crate below: these are searched as well. A macro that reads files may find a
//! name there, and with one of these all count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use crate::fs;
use crate::target::dep_info::RustcDepInfo;
use crate::target::fingerprint;
use crate::target::unit::{Unit, UnitId, UnitKind};

/// The most that is read of a source, of a list of sources or of a fingerprint.
const MOST: u64 = 16 << 20;

/// A unit that another one was compiled with, and the names by which that one may call it; none if they are not
/// known.
struct Edge<'a> {
    to: &'a UnitId,
    names: Vec<String>,
}

/// The numbers of the names that a crate has in its sources; `None` if these cannot be read.
type Mentioned = Option<BTreeSet<usize>>;

/// The crates of a donor, and what they name.
pub(crate) struct Handed<'a> {
    /// The donor's folder.
    folder: &'a Path,
    /// The folder that the compiler ran in.
    from: &'a Path,
    by_id: &'a BTreeMap<&'a UnitId, &'a Unit>,
    /// The macros that matter.
    counting: &'a BTreeSet<&'a UnitId>,
    /// The macros, of these, below each unit.
    below: HashMap<&'a UnitId, BTreeSet<&'a UnitId>>,
    edges: HashMap<&'a UnitId, Vec<Edge<'a>>>,
    names: Vec<String>,
    search: Option<AhoCorasick>,
    mentioned: Mutex<HashMap<&'a UnitId, Mentioned>>,
    callable: Mutex<HashMap<&'a UnitId, BTreeSet<&'a UnitId>>>,
}

impl<'a> Handed<'a> {
    /// Looks at what lies between some units and the macros that matter.
    pub(crate) fn of(
        folder: &'a Path,
        from: &'a Path,
        by_id: &'a BTreeMap<&'a UnitId, &'a Unit>,
        counting: &'a BTreeSet<&'a UnitId>,
        units: impl Iterator<Item = &'a Unit>,
    ) -> Self {
        let mut handed = Self {
            folder,
            from,
            by_id,
            counting,
            below: HashMap::new(),
            edges: HashMap::new(),
            names: Vec::new(),
            search: None,
            mentioned: Mutex::default(),
            callable: Mutex::default(),
        };
        for unit in units {
            handed.look_below(&unit.id);
        }
        let between = handed.below.iter().filter(|(_, below)| !below.is_empty());
        let between: Vec<&Unit> = between
            .filter_map(|(id, _)| by_id.get(id).copied())
            .collect();
        let of_fingerprint: HashMap<u64, &UnitId> = by_id
            .values()
            .flat_map(|unit| unit.fingerprints.iter().map(|hash| (*hash, &unit.id)))
            .collect();
        handed.edges = between
            .into_par_iter()
            .map(|unit| (&unit.id, handed.edges_of(unit, &of_fingerprint)))
            .collect();
        let names = handed.edges.values().flatten();
        let names: BTreeSet<&String> = names.flat_map(|edge| &edge.names).collect();
        handed.names = names.into_iter().cloned().collect();
        handed.search = AhoCorasick::new(&handed.names).ok();
        handed
    }

    /// The macros that matter and that a unit can call. The units below it are asked first: where these can call
    /// none, no name of a macro has to be looked for.
    pub(crate) fn to(&self, unit: &'a UnitId) -> BTreeSet<&'a UnitId> {
        let known = || {
            let known = self.callable.lock();
            known.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = known().get(unit) {
            return known.clone();
        }
        let mut found = BTreeSet::new();
        for edge in self.edges.get(unit).into_iter().flatten() {
            let other = self.by_id.get(edge.to);
            let there = match () {
                () if self.counting.contains(edge.to) => BTreeSet::from([edge.to]),
                // It calls its own macros in a process of its own.
                () if other
                    .is_none_or(|other| runs(other) || other.kind == UnitKind::ProcMacro) =>
                {
                    BTreeSet::new()
                }
                () => self.to(edge.to),
            };
            if !there.is_subset(&found) && self.may_name(unit, edge) {
                found.extend(there);
            }
        }
        known().insert(unit, found.clone());
        found
    }

    /// All macros that matter below a unit.
    pub(crate) fn all_below(&self, unit: &UnitId) -> BTreeSet<&'a UnitId> {
        self.below.get(unit).cloned().unwrap_or_default()
    }

    /// Whether a path in a crate may begin with another one.
    fn may_name(&self, unit: &UnitId, edge: &Edge<'_>) -> bool {
        let names = edge.names.iter();
        let numbers: Vec<usize> = names
            .filter_map(|name| self.names.binary_search(name).ok())
            .collect();
        if edge.names.is_empty() || numbers.len() < edge.names.len() {
            return true;
        }
        let has = |id: &'a UnitId| {
            let found = self.mentions(id);
            found.is_none_or(|found| numbers.iter().any(|number| found.contains(number)))
        };
        let Some(own) = self.by_id.get(unit) else {
            return true;
        };
        if has(&own.id) {
            return true;
        }
        let package = |id: &UnitId| self.by_id.get(id).and_then(|unit| unit.package.as_deref());
        let itself = package(edge.to);
        let below: Vec<&'a UnitId> = self.everything_below(&own.id).into_iter().collect();
        below
            .into_par_iter()
            .any(|id| package(id) != itself && has(id))
    }

    /// The crates that a unit was compiled with, and those that they were compiled with.
    fn everything_below(&self, unit: &UnitId) -> BTreeSet<&'a UnitId> {
        let mut all = BTreeSet::new();
        let mut next: Vec<&UnitId> = vec![unit];
        while let Some(id) = next.pop() {
            let dependencies = self.by_id.get(id).map(|unit| unit.dependencies.as_slice());
            for id in dependencies.unwrap_or_default() {
                let is_crate = self.by_id.get(id).is_none_or(|unit| !runs(unit));
                if is_crate && all.insert(id) {
                    next.push(id);
                }
            }
        }
        all
    }

    /// The names that stand in the sources of a crate. Several look for some at once, and it does no harm.
    fn mentions(&self, id: &'a UnitId) -> Mentioned {
        let known = self
            .mentioned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(id) {
            return known.clone();
        }
        drop(known);
        let found = self.look_for_names(id);
        let mut known = self
            .mentioned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(id, found.clone());
        found
    }

    fn look_for_names(&self, id: &UnitId) -> Mentioned {
        let search = self.search.as_ref()?;
        let unit = self.by_id.get(id)?;
        let mut lists = unit.files.iter().filter(|file| file.is_list()).peekable();
        lists.peek()?;
        let mut found = BTreeSet::new();
        for list in lists {
            let text = fs::read_start(&self.folder.join(&list.path), MOST).ok()??;
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&text));
            for source in &info.sources {
                let path = self.from.join(PathBuf::from(source));
                let text = fs::read_start(&path, MOST).ok()??;
                let is_part = |at: Option<&u8>| {
                    at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                };
                for one in search.find_overlapping_iter(&text) {
                    let before = one.start().checked_sub(1).and_then(|at| text.get(at));
                    let whole = !is_part(before) && !is_part(text.get(one.end()));
                    if whole && !is_comment(&text[..one.start()]) {
                        found.insert(one.pattern().as_usize());
                    }
                }
            }
        }
        Some(found)
    }

    fn look_below(&mut self, id: &'a UnitId) -> BTreeSet<&'a UnitId> {
        if let Some(known) = self.below.get(id) {
            return known.clone();
        }
        self.below.insert(id, BTreeSet::new());
        let mut found = BTreeSet::new();
        let unit = self.by_id.get(id).copied();
        for id in unit
            .map(|unit| unit.dependencies.as_slice())
            .unwrap_or_default()
        {
            match self.by_id.get(id) {
                Some(other) if runs(other) => {}
                // A macro is compiled in another process than what calls it.
                Some(other) if other.kind == UnitKind::ProcMacro => {
                    found.extend(self.counting.get(id).copied());
                }
                Some(_) => found.extend(self.look_below(id)),
                None => found.extend(self.counting.get(id).copied()),
            }
        }
        self.below.insert(id, found.clone());
        found
    }

    fn edges_of(&self, unit: &'a Unit, of_fingerprint: &HashMap<u64, &'a UnitId>) -> Vec<Edge<'a>> {
        let mut jsons = unit
            .files
            .iter()
            .filter(|file| file.is_fingerprint() && file.name().ends_with(".json"));
        let deps = match (jsons.next(), jsons.next()) {
            (Some(json), None) => {
                let bytes = fs::read_start(&self.folder.join(&json.path), MOST);
                let parsed = bytes.ok().flatten().map(|bytes| fingerprint::parse(&bytes));
                parsed.and_then(Result::ok).map(|parsed| parsed.deps)
            }
            _ => None,
        };
        let deps = deps.unwrap_or_default();
        let edges = unit.dependencies.iter().map(|to| {
            let mut names: Vec<String> = deps
                .iter()
                .filter(|dep| of_fingerprint.get(&dep.fingerprint) == Some(&to))
                .map(|dep| dep.name.clone())
                .collect();
            // A macro can find out its crate's name here by the name of its package.
            if let (false, Some(other)) = (names.is_empty(), self.by_id.get(to)) {
                let package = other.package.iter();
                names.extend(package.map(|package| package.replace('-', "_")));
                let package = other.package.iter();
                names.extend(package.filter(|name| name.contains('-')).cloned());
            }
            Edge { to, names }
        });
        edges.collect()
    }
}

/// Whether what follows a text stands in a line that is nothing but a comment. Where a quote or the end of another comment
/// comes before it, the line may have begun inside of that.
fn is_comment(before: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let ends = line.contains(&b'"') || line.windows(2).any(|two| two == b"*/");
    line.trim_ascii_start().starts_with(b"//") && !ends
}

/// Whether it is a build script or the run of one: neither has macros to call.
fn runs(unit: &Unit) -> bool {
    matches!(unit.kind, UnitKind::BuildScript | UnitKind::BuildScriptRun)
}
