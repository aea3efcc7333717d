//! A fingerprint's hash, and what becomes of both when something in it is different in another worktree.
//!
//! Cargo hashes a fingerprint field by field, with the hash of each dependency in place of the dependency; all of
//! it stands in `<name>.json`. So a fingerprint can be changed without Cargo, if its own text and hash come out
//! as they are when nothing is changed: that is checked each time, and any other is refused.
//!
//! Source: `impl Hash for Fingerprint` in `src/cargo/core/compiler/fingerprint/mod.rs` of Cargo, the same since 1.85.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use rustc_stable_hash::StableSipHasher128;
use serde::{Deserialize, Serialize};

use crate::text::failure;

/// The values that differ in the other worktree.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The source's own word for its state there; `None` to leave it.
    pub precalculated: Option<&'a str>,
    /// The hash that dependencies have there, by the one that they have here. Dependencies that are not in it keep
    /// theirs.
    pub deps: &'a HashMap<u64, u64>,
}

/// All of a fingerprint, its fields in the order in which Cargo writes them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    rustc: u64,
    features: String,
    declared_features: String,
    target: u64,
    profile: u64,
    path: u64,
    /// The package, the name that it has in the dependent, whether it is public, and its fingerprint's hash.
    deps: Vec<(u64, String, bool, u64)>,
    local: Vec<Local>,
    rustflags: Vec<String>,
    config: u64,
    compile_kind: u64,
}

impl Hash for Whole {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Not the order of the fields.
        self.rustc.hash(state);
        self.features.hash(state);
        self.declared_features.hash(state);
        self.target.hash(state);
        self.path.hash(state);
        self.profile.hash(state);
        self.local.hash(state);
        self.config.hash(state);
        self.compile_kind.hash(state);
        self.rustflags.hash(state);
        self.deps.hash(state);
    }
}

/// The conditions besides its dependencies under which a unit is fresh. Kinds are hashed by their place in the list.
#[derive(Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Local {
    Precalculated(String),
    CheckDepInfo(Checked),
    RerunIfChanged {
        output: PathBuf,
        paths: Vec<PathBuf>,
    },
    RerunIfEnvChanged {
        var: String,
        val: Option<String>,
    },
}

/// A dep-info file and how the files in it are compared: `checksum` up to Cargo 1.99, then `fingerprint`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    dep_info: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Method>,
}

impl Hash for Checked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dep_info.hash(state);
        // Only one of them is there, and Cargo has no `Option` around it.
        if let Some(checksum) = self.checksum {
            checksum.hash(state);
        }
        if let Some(method) = &self.fingerprint {
            method.hash(state);
        }
    }
}

/// How files are compared.
#[derive(Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum Method {
    Mtime,
    Content,
}

impl Whole {
    fn json(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self)
            .map_err(|error| format!("its fingerprint: {}", failure::words(&error)))
    }

    fn hash_u64(&self) -> u64 {
        let mut hasher = StableSipHasher128::new();
        self.hash(&mut hasher);
        Hasher::finish(&hasher)
    }

    /// Puts in the source's word for its state, which must be what the unit is fresh by.
    fn set_precalculated(&mut self, text: &str) -> Result<(), String> {
        match self.local.as_mut_slice() {
            [Local::Precalculated(old)] => {
                text.clone_into(old);
                Ok(())
            }
            _ => Err("its fingerprint does not depend on the state of its source".into()),
        }
    }
}

/// The text of `<name>.json` and the hash of a fingerprint after the change.
///
/// `json` and `hash` are what the fingerprint has now.
///
/// # Errors
///
/// A fragment that says what is wrong: the text is not one that the Cargos known would write, its hash does not
/// come out as `hash`, or a `precalculated` is given for a fingerprint that has none.
pub fn rehash(json: &[u8], hash: u64, change: &Change<'_>) -> Result<(Vec<u8>, u64), String> {
    let mut whole: Whole = serde_json::from_slice(json)
        .map_err(|error| format!("its fingerprint: {}", failure::words(&error)))?;
    if whole.json()? != json {
        return Err("its fingerprint is not in the form that Cargo writes".into());
    }
    if whole.hash_u64() != hash {
        return Err("the hash of its fingerprint is calculated by an unknown method".into());
    }
    if let Some(text) = change.precalculated {
        whole.set_precalculated(text)?;
    }
    for (_, _, _, dep) in &mut whole.deps {
        if let Some(&new) = change.deps.get(dep) {
            *dep = new;
        }
    }
    Ok((whole.json()?, whole.hash_u64()))
}

/// How a hash stands in the file `<name>`; [`parse_hash`](crate::target::fingerprint::parse_hash) reads it.
#[must_use]
pub fn written(hash: u64) -> String {
    format!("{:016x}", hash.swap_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::fingerprint::{parse, parse_hash};

    // Fingerprints that Cargo 1.95 wrote for a package with a build script: its run, the same with `rerun-if` lines,
    // the library.
    const RUN: (&str, &str) = (
        r#"{"rustc":7458672600737419911,"features":"","declared_features":"","target":0,"profile":0,"path":0,"deps":[[1322478694103194923,"build_script_build",false,16681303474611380903]],"local":[{"Precalculated":"1795201987.694671601s (Cargo.lock)"}],"rustflags":[],"config":0,"compile_kind":0}"#,
        "9d2e81a6d398c5e5",
    );
    const RERUN: (&str, &str) = (
        r#"{"rustc":7458672600737419911,"features":"","declared_features":"","target":0,"profile":0,"path":0,"deps":[[1322478694103194923,"build_script_build",false,16681303474611380903]],"local":[{"RerunIfChanged":{"output":"debug/build/app-fbad94938ee920e0/output","paths":["a/b.c"]}},{"RerunIfEnvChanged":{"var":"NOT_THERE","val":null}},{"RerunIfEnvChanged":{"var":"A_VAR","val":"1"}}],"rustflags":[],"config":0,"compile_kind":0}"#,
        "4c96e9e269748cfc",
    );
    const LIB: (&str, &str) = (
        r#"{"rustc":7458672600737419911,"features":"[]","declared_features":"[]","target":3374578241796106126,"profile":8731458305071235362,"path":10763286916239946207,"deps":[[1322478694103194923,"build_script_build",false,16556807639896501917]],"local":[{"CheckDepInfo":{"dep_info":"debug/.fingerprint/app-2049fbada2315a11/dep-lib-app","checksum":false}}],"rustflags":[],"config":8247474407144887393,"compile_kind":0}"#,
        "6f079b7b9771c285",
    );

    fn hash(written: &str) -> u64 {
        parse_hash(written.as_bytes()).expect("a hash")
    }

    fn unchanged(json: &str, hash: u64) -> Result<(Vec<u8>, u64), String> {
        let change = Change {
            precalculated: None,
            deps: &HashMap::new(),
        };
        rehash(json.as_bytes(), hash, &change)
    }

    #[test]
    fn without_a_change_the_same_comes_out() {
        for (json, name) in [RUN, RERUN, LIB] {
            let hash = hash(name);
            assert_eq!(unchanged(json, hash), Ok((json.into(), hash)), "{json}");
            assert_eq!(written(hash), name);
        }
        assert_eq!(written(1), "0100000000000000");
    }

    #[test]
    fn a_change_goes_on_to_dependents_and_back() {
        let (old, new) = (
            "1795201987.694671601s (Cargo.lock)",
            "7.000000000s (a \"b\")",
        );
        let to = Change {
            precalculated: Some(new),
            deps: &HashMap::new(),
        };
        let (json, run) = rehash(RUN.0.as_bytes(), hash(RUN.1), &to).expect("changed");
        assert_ne!(run, hash(RUN.1));
        let read = parse(&json).expect("a fingerprint");
        assert_eq!(read.precalculated.as_deref(), Some(new));
        let back = Change {
            precalculated: Some(old),
            deps: &HashMap::new(),
        };
        let (json, again) = rehash(&json, run, &back).expect("changed back");
        assert_eq!((json, again), (RUN.0.into(), hash(RUN.1)));

        let dependents = Change {
            precalculated: None,
            deps: &HashMap::from([(hash(RUN.1), run), (1, 2)]),
        };
        let (json, lib) = rehash(LIB.0.as_bytes(), hash(LIB.1), &dependents).expect("changed");
        assert_ne!(lib, hash(LIB.1));
        let expected = LIB.0.replace(&hash(RUN.1).to_string(), &run.to_string());
        assert_eq!(String::from_utf8(json), Ok(expected));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |json: &str| unchanged(json, hash(LIB.1)).expect_err(json);
        assert!(unchanged(LIB.0, hash(LIB.1) ^ 1).is_err());
        refused("");
        refused(&LIB.0.replace(r#""compile_kind":0"#, r#""compile_kind":1"#));
        refused(&LIB.0.replace(r#","compile_kind":0"#, ""));
        refused(&LIB.0.replace(r#""config""#, r#""new":0,"config""#));
        refused(&LIB.0.replace(r#","checksum":false"#, ""));
        refused(&LIB.0.replace(r#""checksum""#, r#""new":0,"checksum""#));
        refused(&LIB.0.replace("CheckDepInfo", "CheckOther"));
        let spaced = LIB.0.replace(r#","config""#, r#", "config""#);
        let error = "its fingerprint is not in the form that Cargo writes";
        assert_eq!(refused(&spaced), error);
        let twice = LIB.0.replace(
            r#""checksum":false"#,
            r#""checksum":false,"fingerprint":"mtime""#,
        );
        refused(&twice);
    }

    #[test]
    fn a_state_of_the_source_goes_only_where_one_was() {
        let change = Change {
            precalculated: Some("7.000000000s (build.rs)"),
            deps: &HashMap::new(),
        };
        for (json, name) in [RERUN, LIB] {
            let error = rehash(json.as_bytes(), hash(name), &change).expect_err("refused");
            assert!(error.contains("state of its source"), "{error}");
        }
    }

    #[test]
    fn the_way_of_comparing_may_have_a_name() {
        let named = |method: &str| {
            let field = format!(r#""fingerprint":"{method}""#);
            let json = LIB.0.replace(r#""checksum":false"#, &field);
            let whole: Whole = serde_json::from_str(&json).expect("a fingerprint");
            let hash = whole.hash_u64();
            assert_eq!(unchanged(&json, hash), Ok((json.into(), hash)));
            hash
        };
        assert_ne!(named("mtime"), named("content"));
    }
}
