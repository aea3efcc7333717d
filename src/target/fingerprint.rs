//! Cargo's fingerprints: what a unit was made from, as far as Cargo writes it down.
//!
//! A fingerprint folder holds for each target, under a name such as `lib-serde`: a file of that name with the
//! fingerprint's hash, one with `.json` behind it that says what went into the hash, and a `dep-` file (see
//! [`dep_info`](crate::target::dep_info)). Source: `src/cargo/core/compiler/fingerprint/mod.rs` of Cargo, which calls all
//! of it internal; so whatever looks different from what is known is an error and never a guess.

pub mod differences;
pub mod rehash;

use std::hash::{Hash as _, Hasher};

use rustc_stable_hash::StableSipHasher128;
use serde::Deserialize;

use crate::target::unit::UnitKind;
use crate::text::failure;

/// The inputs of a unit, from `<name>.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash of what `rustc -vV` said.
    pub(crate) rustc: u64,
    /// The enabled features, sorted.
    pub features: Vec<String>,
    /// The features that the package declares, sorted.
    pub declared_features: Vec<String>,
    /// The hash of the profile's settings.
    pub(crate) profile: u64,
    pub(crate) rustflags: Vec<String>,
    /// 0 for the host, else the hash of the target triple.
    pub(crate) compile_kind: u64,
    /// The units that it was compiled with.
    pub deps: Vec<Dep>,
    /// The source's own word for its state, of a unit that has no dep-info (documentation): a registry
    /// package's version, a git package's full commit, a local package's newest file and its time.
    pub precalculated: Option<String>,
    /// The paths that a build script watches, relative to its package or absolute.
    pub(crate) watched: Vec<String>,
}

/// A unit that another one was compiled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dep {
    /// The hash of the dependency's package id: the same for all units of one package.
    pub(crate) package: u64,
    /// The crate name that the dependency has in the dependent.
    pub(crate) name: String,
    /// The hash that stands in the dependency's own fingerprint folder.
    pub fingerprint: u64,
}

#[derive(Deserialize)]
struct Json {
    rustc: u64,
    features: String,
    #[serde(default)]
    declared_features: String,
    profile: u64,
    rustflags: Vec<String>,
    compile_kind: u64,
    deps: Vec<(u64, String, bool, u64)>,
    local: Vec<serde_json::Value>,
}

/// Reads `<name>.json`. Fields that are not known are passed over.
///
/// # Errors
///
/// A fragment that says what is wrong: it is not JSON, or a field that matters is missing or of another type.
pub fn parse(json: &[u8]) -> Result<Fingerprint, String> {
    let json: Json = serde_json::from_slice(json)
        .map_err(|error| format!("its fingerprint: {}", failure::words(&error)))?;
    let features = names(&json.features)?;
    let declared_features = names(&json.declared_features)?;
    let precalculated = json.local.iter().find_map(|local| {
        let text = local.get("Precalculated")?.as_str()?;
        Some(text.to_owned())
    });
    let watched = json.local.iter().filter_map(|local| {
        let paths = local.get("RerunIfChanged")?.get("paths")?.as_array()?;
        Some(paths.iter().filter_map(serde_json::Value::as_str))
    });
    let watched = watched.flatten().map(str::to_owned).collect();
    let deps = json.deps.into_iter();
    Ok(Fingerprint {
        rustc: json.rustc,
        features,
        declared_features,
        profile: json.profile,
        rustflags: json.rustflags,
        compile_kind: json.compile_kind,
        deps: deps
            .map(|(package, name, _, fingerprint)| Dep {
                package,
                name,
                fingerprint,
            })
            .collect(),
        precalculated,
        watched,
    })
}

/// The names of features, sorted.
fn names(list: &str) -> Result<Vec<String>, String> {
    // A build script's run has none written down.
    if list.is_empty() {
        return Ok(Vec::new());
    }
    // A list in Rust's debug format, which for names of features is JSON.
    let mut names: Vec<String> = serde_json::from_str(list).map_err(|error| {
        format!(
            "the features in its fingerprint: {}",
            failure::words(&error)
        )
    })?;
    names.sort();
    Ok(names)
}

/// Reads the hash in the file `<name>`: 16 hexadecimal digits, the lowest byte first.
///
/// It is empty from the time when Cargo finds the unit stale until it is built, and stays so when the build fails,
/// even one that did not come to this unit.
///
/// # Errors
///
/// A fragment that says what is wrong.
pub fn parse_hash(bytes: &[u8]) -> Result<u64, String> {
    if bytes.is_empty() {
        return Err("its build has failed or not finished".into());
    }
    let digits = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .map(u64::swap_bytes)
        .ok_or_else(|| "the hash of its fingerprint is not 16 hexadecimal digits".into())
}

/// The hash of what `rustc -vV` said, as it stands in fingerprints since Cargo 1.85.
///
/// Source: `hash_u64` in `src/cargo/util/hasher.rs` of Cargo.
#[must_use]
pub fn hash_of_rustc(version: &str) -> u64 {
    let mut hasher = StableSipHasher128::new();
    version.hash(&mut hasher);
    Hasher::finish(&hasher)
}

/// The kind of unit and the target's own name, by the name of a fingerprint.
///
/// `None` for a name that begins like none that is known.
#[must_use]
pub fn target(name: &str) -> Option<(UnitKind, &str)> {
    // Each mode's prefix, with each kind of target that it goes with; no one begins like another.
    const PREFIXES: [(&str, UnitKind); 16] = [
        ("lib-", UnitKind::Library),
        ("bin-", UnitKind::Program),
        ("example-", UnitKind::Example),
        ("bench-", UnitKind::Bench),
        ("integration-test-", UnitKind::Test),
        ("test-lib-", UnitKind::Test),
        ("test-bin-", UnitKind::Test),
        ("test-example-", UnitKind::Test),
        ("test-integration-test-", UnitKind::Test),
        ("test-bench-", UnitKind::Bench),
        ("build-script-", UnitKind::BuildScript),
        ("run-build-script-", UnitKind::BuildScriptRun),
        ("doc-lib-", UnitKind::Doc),
        ("doc-bin-", UnitKind::Doc),
        ("doc-example-", UnitKind::Doc),
        ("doc-build-script-", UnitKind::Doc),
    ];
    PREFIXES.iter().find_map(|(prefix, kind)| {
        let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
        Some((kind.clone(), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"rustc":7,"features":"[\"b\", \"a\"]","declared_features":"[]","target":1,"profile":2,
        "path":3,"deps":[[11,"build_script_build",false,18015247841696765662]],
        "local":[{"CheckDepInfo":{"dep_info":"x","checksum":false}}],"rustflags":["-Copt"],"config":0,
        "compile_kind":0,"new_in_some_cargo":[1]}"#;

    #[test]
    fn what_matters_is_read_and_the_rest_passed_over() {
        let read = parse(JSON.as_bytes()).expect("valid");
        assert_eq!(read.features, ["a", "b"]);
        assert_eq!((read.rustc, read.compile_kind), (7, 0));
        assert_eq!(read.rustflags, ["-Copt"]);
        let dep = Dep {
            package: 11,
            name: "build_script_build".into(),
            fingerprint: 18_015_247_841_696_765_662,
        };
        assert_eq!(read.deps, [dep]);
        assert_eq!(read.precalculated, None);
        let doc = JSON.replace(
            r#"{"CheckDepInfo":{"dep_info":"x","checksum":false}}"#,
            r#"{"Precalculated":"1.2.3"}"#,
        );
        let doc = parse(doc.as_bytes()).expect("valid");
        assert_eq!(doc.precalculated.as_deref(), Some("1.2.3"));
    }

    #[test]
    fn what_is_missing_or_different_is_an_error() {
        assert!(parse(b"").is_err());
        for field in [
            "rustc",
            "features",
            "profile",
            "deps",
            "local",
            "rustflags",
            "compile_kind",
        ] {
            let without = JSON.replace(&format!("\"{field}\":"), "\"gone\":");
            let error = parse(without.as_bytes()).expect_err(field);
            assert!(error.contains(field), "{error}");
        }
        assert!(parse(JSON.replace("[[11,", "[[\"11\",").as_bytes()).is_err());
        assert!(parse(&JSON.as_bytes()[..JSON.len() / 2]).is_err());
    }

    #[test]
    fn a_hash_begins_with_its_lowest_byte() {
        assert_eq!(parse_hash(b"0100000000000080"), Ok(0x8000_0000_0000_0001));
        for wrong in [&b""[..], b"01", b"+100000000000080", b"0100000000000080\n"] {
            assert!(parse_hash(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_tell_the_kind() {
        let kind = |name| target(name).map(|(kind, rest)| (kind, rest.to_owned()));
        assert_eq!(
            kind("lib-test-bin-x"),
            Some((UnitKind::Library, "test-bin-x".into()))
        );
        assert_eq!(kind("test-bench-be"), Some((UnitKind::Bench, "be".into())));
        assert_eq!(
            kind("run-build-script-build-script-build"),
            Some((UnitKind::BuildScriptRun, "build-script-build".into()))
        );
        assert_eq!(kind("lib-"), None);
        assert_eq!(kind("invoked.timestamp"), None);
    }
}
