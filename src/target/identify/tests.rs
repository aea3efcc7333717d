use super::*;

#[test]
fn paths_in_cargo_home_speak_for_themselves() {
    let registry = Source::Registry {
        registry: "some-index-1949".into(),
    };
    assert_eq!(
        cargo_home(
            "/h/.cargo/registry/src/some-index-1949/a-b-1.2.3-rc.1+x/src/lib.rs",
            "a-b"
        ),
        Some((registry.clone(), Some("1.2.3-rc.1+x".into())))
    );
    assert_eq!(
        cargo_home(
            "C:\\c\\registry\\src\\some-index-1949\\a-1.0.0\\src\\lib.rs",
            "a"
        ),
        Some((registry, Some("1.0.0".into())))
    );
    let git = Source::Git {
        checkout: "a-7daa77f624e97292".into(),
        revision: "f6d8c71".into(),
    };
    assert_eq!(
        cargo_home(
            "/h/git/checkouts/a-7daa77f624e97292/f6d8c71/src/lib.rs",
            "a"
        ),
        Some((git, None))
    );
    assert_eq!(cargo_home("/w/registry/src/x/mine/src/lib.rs", "a"), None);
    assert_eq!(cargo_home("/w/src/lib.rs", "a"), None);
}

#[test]
fn words_for_the_state_of_a_package() {
    assert!(is_time("1795185239.088856193s (src/lib.rs)"));
    assert!(!is_time("1.2.3"));
    assert!(is_version("1.2.3"));
    assert!(!is_version("f6d8c71eb664a3015ffb4851813c3350c06eee61"));
    assert!(!is_version("1.2.3.4"));
}

#[test]
fn absolute_on_any_system() {
    assert!(is_absolute("/a") && is_absolute("C:\\a") && is_absolute("C:/a"));
    assert!(!is_absolute("src/lib.rs") && !is_absolute("c:"));
}

fn evidence(profile: &str, hash: &str, name: &str, own: u64, deps: &[u64]) -> Evidence {
    let dep = |fingerprint: &u64| fingerprint::Dep {
        package: 100 + fingerprint,
        name: format!("d{fingerprint}"),
        fingerprint: *fingerprint,
    };
    let fingerprint = Fingerprint {
        declared_features: Vec::new(),
        profile: 0,
        rustc: 1,
        features: Vec::new(),
        rustflags: Vec::new(),
        compile_kind: 0,
        deps: deps.iter().map(dep).collect(),
        precalculated: None,
        watched: Vec::new(),
    };
    Evidence {
        last_read: None,
        hash_times: Vec::new(),
        id: UnitId {
            profile: profile.into(),
            hash: hash.into(),
        },
        triple: profile.split_once('/').map(|(triple, _)| triple.into()),
        package: Some("p".into()),
        files: Vec::new(),
        targets: Ok(vec![Target {
            name: name.into(),
            fingerprint,
            hash: own,
            dep_info: None,
        }]),
        root: None,
        has_checksum: false,
    }
}

#[test]
fn the_nearest_of_equal_fingerprints_is_meant() {
    let units = identify(vec![
        evidence("debug", "a", "lib-p", 1, &[]),
        evidence("release", "a", "lib-p", 1, &[]),
        evidence("t/release", "b", "bin-p", 2, &[1, 7]),
        evidence("debug", "c", "bin-p", 3, &[1, 3]),
    ]);
    let deps = |at: usize| -> Vec<String> {
        units[at]
            .dependencies
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(deps(2), ["release/a"]);
    assert_eq!(units[2].missing, ["d7"]);
    assert_eq!(deps(3), ["debug/a"], "a loop to itself is none");
}

#[test]
fn a_run_has_the_source_of_its_own_script_and_not_of_what_it_links() {
    let mut script = evidence("debug", "a", "build-script-b", 1, &[]);
    script.root = Some("/c/git/checkouts/p-1/abcdef0/build.rs".into());
    let mut sys = evidence("debug", "b", "run-build-script-b", 2, &[]);
    sys.root = Some("/c/git/checkouts/forged-1/abcdef0/build.rs".into());
    let run = evidence("debug", "c", "run-build-script-b", 3, &[2, 1]);
    let units = identify(vec![script, sys, run]);
    assert_eq!(units[1].source, Source::Unknown, "it wrote that itself");
    assert_eq!(units[2].source, units[0].source);
    assert!(units[2].source.is_third_party());
}

#[test]
fn doubt_is_unknown() {
    let mut unit = evidence("debug", "a", "lib-p", 1, &[]);
    unit.root = Some("/vendor/p-1.0.0/src/lib.rs".into());
    let units = identify(vec![unit.clone()]);
    assert_eq!(units[0].source, Source::Unknown, "without a dep-info");
    unit.targets.as_mut().expect("targets")[0].dep_info = Some(DepInfo::default());
    let units = identify(vec![unit.clone()]);
    assert_eq!(units[0].source, Source::Directory);
    assert_eq!(units[0].version.as_deref(), Some("1.0.0"));
    unit.targets = Ok(Vec::new());
    assert!(matches!(
        identify(vec![unit])[0].kind,
        UnitKind::Unknown { .. }
    ));
}
