//! Cargo's fingerprints: what is not one is an error, and one that was changed can be changed back.
//!
//! An input is a fingerprint, or its hash, or its name; or its hash with the fingerprint behind it. Since no mutation
//! keeps a hash right, it is also taken for the changes of fingerprints that are.

#![no_main]

use std::collections::HashMap;

use cargo_sharedtarget::target::fingerprint::rehash::{Change, rehash, written};
use cargo_sharedtarget::target::fingerprint::{hash_of_rustc, parse, parse_hash, target};
use libfuzzer_sys::fuzz_target;

/// Fingerprints that Cargo 1.95 wrote for the run of a build script and for a library that depends on it, without the
/// fields that decide nothing here.
const RUN: (&str, &str) = (
    r#"{"rustc":7458672600737419911,"features":"","declared_features":"","target":0,"profile":0,"path":0,"deps":[[1322478694103194923,"build_script_build",false,16681303474611380903]],"local":[{"Precalculated":"1795201987.694671601s (Cargo.lock)"}],"rustflags":[],"config":0,"compile_kind":0}"#,
    "9d2e81a6d398c5e5",
);
const LIBRARY: (&str, &str) = (
    r#"{"rustc":7458672600737419911,"features":"[]","declared_features":"[]","target":3374578241796106126,"profile":8731458305071235362,"path":10763286916239946207,"deps":[[1322478694103194923,"build_script_build",false,16556807639896501917]],"local":[{"CheckDepInfo":{"dep_info":"debug/.fingerprint/app-2049fbada2315a11/dep-lib-app","checksum":false}}],"rustflags":[],"config":8247474407144887393,"compile_kind":0}"#,
    "6f079b7b9771c285",
);

fuzz_target!(|input: &[u8]| {
    if let Ok(read) = parse(input) {
        assert!(read.features.is_sorted() && read.declared_features.is_sorted());
    }
    if let Ok(hash) = parse_hash(input) {
        let digits = std::str::from_utf8(input).expect("digits");
        assert_eq!(written(hash), digits.to_ascii_lowercase());
    }
    if let Some((digits, json)) = input.split_at_checked(16)
        && let Ok(hash) = parse_hash(digits)
        && let Ok(unchanged) = rehash(json, hash, &change(None, &HashMap::new()))
    {
        assert_eq!(unchanged, (json.to_vec(), hash));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = hash_of_rustc(text);
        if let Some((_, name)) = target(text) {
            assert!(text.ends_with(name) && !name.is_empty() && name.len() < text.len());
        }
        there_and_back(text);
    }
});

fn change<'a>(precalculated: Option<&'a str>, deps: &'a HashMap<u64, u64>) -> Change<'a> {
    Change {
        precalculated,
        deps,
    }
}

/// The text is the word of a source for its state, and its hash that of a dependency.
fn there_and_back(text: &str) {
    let hash = |written: &str| parse_hash(written.as_bytes()).expect("a hash");
    let new = hash_of_rustc(text);
    let run = parse(RUN.0.as_bytes()).expect("a fingerprint");
    let old = run.deps[0].fingerprint;
    let deps = HashMap::from([(old, new)]);
    let to = change(Some(text), &deps);
    let (json, changed) = rehash(RUN.0.as_bytes(), hash(RUN.1), &to).expect("changed");
    let read = parse(&json).expect("a fingerprint");
    assert_eq!(read.precalculated.as_deref(), Some(text));
    assert_eq!(read.deps[0].fingerprint, new);
    let deps = HashMap::from([(new, old)]);
    let back = change(run.precalculated.as_deref(), &deps);
    let back = rehash(&json, changed, &back);
    assert_eq!(back, Ok((RUN.0.into(), hash(RUN.1))));

    let refused = rehash(LIBRARY.0.as_bytes(), hash(LIBRARY.1), &to);
    assert!(refused.is_err(), "it has no such word");
    let deps = HashMap::from([(hash(RUN.1), changed)]);
    let (json, _) = rehash(LIBRARY.0.as_bytes(), hash(LIBRARY.1), &change(None, &deps))
        .expect("with another dependency");
    parse(&json).expect("a fingerprint");
}
