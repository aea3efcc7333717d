//! Compares two fingerprints of one unit field by field: says what Cargo would find changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::target::dep_info::DepInfo;
use crate::text::failure;

/// The most differences of one kind that are listed.
const MOST: usize = 64;

/// A field in which two fingerprints of one unit differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum FieldDifference {
    /// An environment variable that a build script watches, or that rustc looked up. Its values are not kept.
    Variable {
        /// Its name.
        name: String,
    },
    /// A dependency has another fingerprint.
    Dependency {
        /// The crate name that it has in the dependent.
        name: String,
        /// The hash in the first fingerprint; `None` if only the second has the dependency.
        here: Option<u64>,
        /// The hash in the second one.
        there: Option<u64>,
    },
    /// The files that a build script watches.
    Watched {
        /// Paths that only one of the two names.
        paths: Vec<String>,
    },
    /// The build script printed that it watches something of another kind.
    WatchedKind,
    /// The state of the package's sources as a whole, which is another one in each worktree.
    SourceState,
    /// The path of the crate's root.
    Path,
    /// The compiler.
    Compiler,
    /// `RUSTFLAGS`.
    Rustflags,
    /// The features.
    Features,
    /// Settings of the profile.
    Profile,
    /// The target's own entry in the manifest: its crate types, its edition and the like.
    Target,
    /// The target triple.
    Triple,
    /// How Cargo finds changed sources: by time or by content.
    Method,
    /// A field that is none of those above.
    Other {
        /// Its name in the JSON.
        field: String,
    },
}

/// Compares two `<name>.json` of one unit. The dependencies come last.
///
/// # Errors
///
/// A fragment that says what is wrong: one of them is not JSON, or a field has a form that is not known.
pub fn differences(here: &[u8], there: &[u8]) -> Result<Vec<FieldDifference>, String> {
    let read = |json: &[u8]| -> Result<Map<String, Value>, String> {
        serde_json::from_slice(json)
            .map_err(|error| format!("its fingerprint: {}", failure::words(&error)))
    };
    let (here, there) = (read(here)?, read(there)?);
    let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    let mut all = BTreeSet::new();
    for name in names {
        let (one, other) = (here.get(name), there.get(name));
        if one == other {
            continue;
        }
        match name.as_str() {
            "rustc" => drop(all.insert(FieldDifference::Compiler)),
            "rustflags" => drop(all.insert(FieldDifference::Rustflags)),
            "features" | "declared_features" => drop(all.insert(FieldDifference::Features)),
            "profile" => drop(all.insert(FieldDifference::Profile)),
            "target" => drop(all.insert(FieldDifference::Target)),
            "path" => drop(all.insert(FieldDifference::Path)),
            "compile_kind" => drop(all.insert(FieldDifference::Triple)),
            "deps" => dependencies(one, other, &mut all)?,
            "local" => local(one, other, &mut all)?,
            other => drop(all.insert(FieldDifference::Other {
                field: other.to_owned(),
            })),
        }
    }
    let (last, mut first): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| matches!(one, FieldDifference::Dependency { .. }));
    first.extend(last.into_iter().take(MOST));
    Ok(first)
}

/// The variables that rustc looked up for one unit and found with another value for the other.
#[must_use]
pub fn variables(here: &DepInfo, there: &DepInfo) -> Vec<FieldDifference> {
    let values =
        |info: &DepInfo| -> BTreeMap<String, Option<String>> { info.env.iter().cloned().collect() };
    let (here, there) = (values(here), values(there));
    let both = here.iter().filter_map(|(name, value)| {
        let other = there.get(name)?;
        (value != other).then(|| FieldDifference::Variable { name: name.clone() })
    });
    both.take(MOST).collect()
}

fn unknown(field: &str) -> String {
    format!("the field `{field}` of its fingerprint has an unknown form")
}

fn dependencies(
    here: Option<&Value>,
    there: Option<&Value>,
    all: &mut BTreeSet<FieldDifference>,
) -> Result<(), String> {
    type Hashes = BTreeMap<(String, u64), BTreeSet<u64>>;
    let read = |list: Option<&Value>| -> Result<Hashes, String> {
        let list = list.and_then(Value::as_array);
        let mut hashes = Hashes::new();
        for dep in list.ok_or_else(|| unknown("deps"))? {
            let dep = (dep[0].as_u64(), dep[1].as_str(), dep[3].as_u64());
            let (Some(package), Some(name), Some(hash)) = dep else {
                return Err(unknown("deps"));
            };
            let of_package = hashes.entry((name.to_owned(), package)).or_default();
            of_package.insert(hash);
        }
        Ok(hashes)
    };
    let (here, there) = (read(here)?, read(there)?);
    let keys: BTreeSet<_> = here.keys().chain(there.keys()).collect();
    for key in keys {
        let none = BTreeSet::new();
        let (one, other) = (
            here.get(key).unwrap_or(&none),
            there.get(key).unwrap_or(&none),
        );
        // If a package is met with several hashes, those that both have say nothing.
        let mut ours = one.difference(other);
        let mut theirs = other.difference(one);
        loop {
            let (here, there) = (ours.next().copied(), theirs.next().copied());
            if here.is_none() && there.is_none() {
                break;
            }
            let name = key.0.clone();
            all.insert(FieldDifference::Dependency { name, here, there });
        }
    }
    Ok(())
}

/// The conditions besides its dependencies under which a unit is fresh.
#[derive(Default)]
struct Local {
    variables: BTreeMap<String, Value>,
    watched: BTreeSet<String>,
    /// The names of the kinds.
    kinds: BTreeSet<String>,
    methods: Vec<Value>,
    state: Vec<Value>,
    /// Something of a kind that is not known.
    others: BTreeMap<String, Value>,
}

impl Local {
    fn read(list: Option<&Value>) -> Result<Self, String> {
        let list = list.and_then(Value::as_array);
        let mut local = Self::default();
        for one in list.ok_or_else(|| unknown("local"))? {
            let entry = one.as_object().and_then(|one| one.iter().next());
            let (kind, value) = entry.ok_or_else(|| unknown("local"))?;
            match kind.as_str() {
                "Precalculated" => local.state.push(value.clone()),
                "CheckDepInfo" => {
                    // Its path is that of the unit, which is the same.
                    let how = value.get("checksum").or_else(|| value.get("fingerprint"));
                    local.methods.extend(how.cloned());
                }
                "RerunIfChanged" => {
                    let paths = value.get("paths").and_then(Value::as_array);
                    let paths = paths.ok_or_else(|| unknown("local"))?.iter();
                    let paths = paths.filter_map(Value::as_str).map(str::to_owned);
                    local.watched.extend(paths);
                }
                "RerunIfEnvChanged" => {
                    let name = value.get("var").and_then(Value::as_str);
                    let name = name.ok_or_else(|| unknown("local"))?.to_owned();
                    let value = value.get("val").cloned().unwrap_or_default();
                    local.variables.insert(name, value);
                }
                other => drop(local.others.insert(other.to_owned(), value.clone())),
            }
            local.kinds.insert(kind.clone());
        }
        Ok(local)
    }
}

fn local(
    here: Option<&Value>,
    there: Option<&Value>,
    all: &mut BTreeSet<FieldDifference>,
) -> Result<(), String> {
    let (here, there) = (Local::read(here)?, Local::read(there)?);
    let names: BTreeSet<&String> = here
        .variables
        .keys()
        .chain(there.variables.keys())
        .collect();
    let differ = names.into_iter().filter(|name| {
        let (one, other) = (here.variables.get(*name), there.variables.get(*name));
        one != other
    });
    let differ = differ.map(|name| FieldDifference::Variable { name: name.clone() });
    all.extend(differ.take(MOST));
    let paths = here.watched.symmetric_difference(&there.watched);
    let paths: Vec<String> = paths.take(MOST).cloned().collect();
    let kinds = |local: &Local| -> BTreeSet<String> {
        let kinds = local
            .kinds
            .iter()
            .filter(|kind| *kind != "RerunIfEnvChanged");
        kinds.cloned().collect()
    };
    if kinds(&here) != kinds(&there) {
        all.insert(FieldDifference::WatchedKind);
    } else if !paths.is_empty() {
        all.insert(FieldDifference::Watched { paths });
    } else if here.state != there.state {
        all.insert(FieldDifference::SourceState);
    }
    if here.methods != there.methods {
        all.insert(FieldDifference::Method);
    }
    let others: BTreeSet<&String> = here.others.keys().chain(there.others.keys()).collect();
    let differ = others
        .into_iter()
        .filter(|field| here.others.get(*field) != there.others.get(*field));
    all.extend(differ.map(|field| FieldDifference::Other {
        field: field.clone(),
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"rustc":7,"features":"[]","target":1,"profile":2,"path":3,
        "deps":[[11,"a",false,100],[12,"b",false,200]],
        "local":[{"RerunIfChanged":{"output":"x/output","paths":["build.rs"]}},
                 {"RerunIfEnvChanged":{"var":"CC","val":null}}],
        "rustflags":[],"config":0,"compile_kind":0}"#;

    #[track_caller]
    fn assert_differ(from: &str, to: &str, expected: &[FieldDifference]) {
        assert!(JSON.contains(from), "{from}");
        let other = JSON.replace(from, to);
        let found = differences(JSON.as_bytes(), other.as_bytes()).expect("known");
        assert_eq!(found, expected, "{to}");
    }

    #[test]
    fn each_field_has_its_word() {
        use FieldDifference::*;
        assert_differ("7", "7", &[]);
        assert_differ("\"rustc\":7", "\"rustc\":8", &[Compiler]);
        assert_differ("\"path\":3", "\"path\":4", &[Path]);
        assert_differ("\"profile\":2", "\"profile\":4", &[Profile]);
        assert_differ("\"compile_kind\":0", "\"compile_kind\":4", &[Triple]);
        let field = "config".to_owned();
        assert_differ("\"config\":0", "\"config\":1", &[Other { field }]);
        let field = "new".to_owned();
        assert_differ("\"config\":0", "\"config\":0,\"new\":1", &[Other { field }]);
        let name = "CC".to_owned();
        assert_differ("\"val\":null", "\"val\":\"gcc\"", &[Variable { name }]);
        let paths = vec!["a.c".to_owned(), "build.rs".to_owned()];
        assert_differ("[\"build.rs\"]", "[\"a.c\"]", &[Watched { paths }]);
        // Where the output lies is each folder's own.
        assert_differ("x/output", "y/output", &[]);
    }

    #[test]
    fn dependencies_come_last_with_both_hashes() {
        let dependency = FieldDifference::Dependency {
            name: "a".into(),
            here: Some(100),
            there: Some(101),
        };
        assert_differ("100", "101", std::slice::from_ref(&dependency));
        let other = JSON
            .replace("100", "101")
            .replace("\"path\":3", "\"path\":4");
        let found = differences(JSON.as_bytes(), other.as_bytes()).expect("known");
        assert_eq!(found, [FieldDifference::Path, dependency]);
        let gone = FieldDifference::Dependency {
            name: "b".into(),
            here: Some(200),
            there: None,
        };
        assert_differ(",[12,\"b\",false,200]", "", &[gone]);
    }

    #[test]
    fn a_state_is_no_other_kind() {
        let with = |text: &str| {
            JSON.replace(
                r#"{"RerunIfChanged":{"output":"x/output","paths":["build.rs"]}}"#,
                &format!(r#"{{"Precalculated":"{text}"}}"#),
            )
        };
        let (one, other) = (with("1.0s (a)"), with("2.0s (a)"));
        let found = differences(one.as_bytes(), other.as_bytes());
        assert_eq!(found, Ok(vec![FieldDifference::SourceState]));
        let found = differences(one.as_bytes(), JSON.as_bytes());
        assert_eq!(found, Ok(vec![FieldDifference::WatchedKind]));
    }

    #[test]
    fn a_form_that_is_not_known_is_an_error() {
        for (from, to) in [
            ("[11,\"a\",false,100]", "[\"a\"]"),
            ("\"deps\":[[", "\"deps\":7,\"x\":[["),
            ("\"var\":\"CC\"", "\"name\":\"CC\""),
            ("\"local\":[", "\"local\":[1,"),
        ] {
            let other = JSON.replace(from, to);
            assert_ne!(other, JSON);
            assert!(differences(JSON.as_bytes(), other.as_bytes()).is_err());
        }
        assert!(differences(b"[1]", JSON.as_bytes()).is_err());
        assert!(differences(&JSON.as_bytes()[..40], JSON.as_bytes()).is_err());
    }

    #[test]
    fn variables_of_the_compiler() {
        let info = |value: Option<&str>| DepInfo {
            files: Vec::new(),
            env: vec![
                ("A".into(), value.map(str::to_owned)),
                ("B".into(), Some("1".into())),
            ],
        };
        let name = "A".to_owned();
        assert_eq!(
            variables(&info(None), &info(Some("x"))),
            [FieldDifference::Variable { name }]
        );
        assert_eq!(variables(&info(None), &info(None)), []);
    }
}
