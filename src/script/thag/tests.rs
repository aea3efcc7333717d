use super::*;

fn variables(set: &[(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
    let set = set.to_vec();
    move |name| {
        let found = set.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

fn rules(text: &str, set: &[(&'static str, &'static str)]) -> ThagRules {
    ThagRules::of(Config::default(), text, Path::new("/w"), &variables(set))
}

#[test]
fn features_are_those_of_the_configuration() {
    let features = |rules: &ThagRules, name: &str| {
        let Features { names, defaults } = rules.features(name);
        (names.into_iter().collect::<Vec<_>>().join(" "), defaults)
    };
    let usual = rules("", &[]);
    for (name, names, defaults) in [
        ("serde", "derive", true),
        ("clap", "cargo derive", true),
        ("proc_macro2", "derive span-locations", true),
        ("thag_rs", "core derive simplelog", false),
    ] {
        assert_eq!(features(&usual, name), (names.to_owned(), defaults));
    }
    let text = "[dependencies]\ninference_level = \"config\"\nalways_include_features = []\n\
        [dependencies.feature_overrides.a-b]\nrequired_features = [\"x\", \"\"]\n\
        excluded_features = [\"y\"]\ndefault_features = false\n[misc]\nunquote = \"true\"\n[styling]\nx = 1\n";
    let config = Config::read(text).expect("a configuration");
    assert!(config.unquote);
    let own = ThagRules {
        config,
        ..ThagRules::default()
    };
    assert_eq!(features(&own, "a_b"), ("x".to_owned(), false));
    assert_eq!(features(&own, "clap"), (String::new(), true));
    let options = ThagOptions {
        inference: Some(Inference::Min),
        unquote: Some(false),
    };
    let config = own.config.with(options);
    assert!(!config.unquote);
    let own = ThagRules {
        config,
        ..ThagRules::default()
    };
    assert_eq!(features(&own, "a_b"), (String::new(), true));
    for (text, level) in [
        ("", Inference::Config),
        ("dependencies.inference_level = \"none\"", Inference::None),
        ("dependencies.inference_level = \"minimal\"", Inference::Min),
        ("dependencies.inference_level = \"max\"", Inference::Max),
    ] {
        let config = Config::read(text).expect("a configuration");
        assert_eq!(config.inference, level, "{text}");
    }
    for wrong in [
        "x",
        "dependencies = 1",
        "dependencies.inference_level = \"y\"",
    ] {
        assert!(Config::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn only_what_a_script_mentions_decides_about_it() {
    let set = [("THAG_DEV_PATH", "/dev/thag")];
    assert_eq!(rules("x();", &set), rules("x();", &[]));
    let auto = rules("version = \"1, thag-auto\"", &set);
    assert_eq!(auto.source, Source::Folder("/dev/thag".into()));
    let magic = rules("use thag_demo_proc_macros::x;", &set);
    assert_eq!(
        magic.folders,
        [(
            "thag_demo_proc_macros",
            PathBuf::from("/w/demo/proc_macros")
        )]
    );
    let config = "proc_macros.bank_proc_macro_crate_path = \"/bank\"";
    let config = Config::read(config).expect("a configuration");
    let magic = ThagRules::of(
        config,
        "thag_bank_proc_macros",
        Path::new("/w"),
        &variables(&[]),
    );
    assert_eq!(
        magic.folders,
        [("thag_bank_proc_macros", PathBuf::from("/bank"))]
    );
}

fn resolved(manifest: &str, set: &[(&'static str, &'static str)]) -> Result<String, String> {
    let mut read: DocumentMut = manifest.parse().expect("TOML");
    let exists = |path: &Path| !path.starts_with("/none");
    rules(manifest, set).resolve(&mut read, &exists)?;
    Ok(read.to_string())
}

/// A manifest, the variables that are set, and the manifest with the places.
type Case<'a> = (&'a str, &'a [(&'static str, &'static str)], &'a str);

#[test]
fn places_of_thags_own_crates() {
    const PLAIN: &str =
        "dependencies.thag_styling = { version = \"1, thag-auto\", features = [\"x\"] }\n";
    let cases: [Case<'_>; 11] = [
        (
            PLAIN,
            &[],
            "dependencies.thag_styling = { version = \"1\", features = [\"x\"] }\n",
        ),
        (
            PLAIN,
            &[("THAG_DEV_PATH", "/t"), ("THAG_GIT_REF", "main")],
            "dependencies.thag_styling = { features = [\"x\"] , path = \"/t/thag_styling\" }\n",
        ),
        (
            PLAIN,
            &[
                ("CI", "1"),
                ("GITHUB_WORKSPACE", "/g"),
                ("THAG_DEV_PATH", "/t"),
            ],
            "dependencies.thag_styling = { features = [\"x\"] , path = \"/g/thag_styling\" }\n",
        ),
        (
            PLAIN,
            &[("GITHUB_WORKSPACE", "/g"), ("THAG_GIT_REF", "dev")],
            "dependencies.thag_styling = { features = [\"x\"] , git = \"https://github.com/durbanlegend/thag_rs\", branch = \"dev\" }\n",
        ),
        (
            PLAIN,
            &[("THAG_GIT_REPO", "u"), ("THAG_GIT_REF", "dev")],
            "dependencies.thag_styling = { features = [\"x\"] , git = \"u\", branch = \"dev\" }\n",
        ),
        (
            "[target.'cfg(unix)'.dependencies]\nthag-rs = { version = \"1.0 ,thag-auto\" }\n",
            &[("THAG_DEV_PATH", "t")],
            "[target.'cfg(unix)'.dependencies]\nthag-rs = { path = \"/w/t\" }\n",
        ),
        (
            "[dependencies]\nthag_common = \"1, thag-auto\"\n",
            &[("THAG_DEV_PATH", "/t")],
            "[dependencies]\nthag_common = { path = \"/t/thag_common\" }\n",
        ),
        (
            "[dependencies.thag_profiler]\nversion = \"1, thag-auto\"\noptional = true\n",
            &[],
            "[dependencies.thag_profiler]\nversion = \"1\"\noptional = true\n",
        ),
        (
            "[dependencies]\nother = { version = \"2, thag-auto\" }\n",
            &[("THAG_DEV_PATH", "/t")],
            "[dependencies]\nother = { version = \"2\" }\n",
        ),
        (
            "[dependencies]\nother = \">1, <2\"\nmore = { path = \"x\" }\n",
            &[("THAG_DEV_PATH", "/t")],
            "[dependencies]\nother = \">1, <2\"\nmore = { path = \"x\" }\n",
        ),
        (
            "[package]\nversion = \"1\"\n",
            &[],
            "[package]\nversion = \"1\"\n",
        ),
    ];
    for (manifest, set, expected) in cases {
        assert_eq!(resolved(manifest, set).as_deref(), Ok(expected));
    }
    let gone = resolved(PLAIN, &[("THAG_DEV_PATH", "/none")]);
    assert!(gone.is_err_and(|said| said.contains("/none/thag_styling")));
}

#[test]
fn features_of_crates_that_only_the_code_names() {
    let manifest = "[features]\ndefault = [\"bpaf/derive\", \"known/x\", \"opt\", \"own\", \"dep:opt\", \"gone?/y\", \"dep:gone\", \"k-b/z\"]\nown = []\n\
        [dependencies]\nknown = \"1\"\nopt = { version = \"1\", optional = true }\nk_b = \"1\"\n";
    let manifest: DocumentMut = manifest.parse().expect("TOML");
    let left = without_foreign_features(&manifest);
    let left: Vec<&str> = left["features"]["default"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one.as_str())
        .collect();
    assert_eq!(left, ["known/x", "opt", "own", "dep:opt", "k-b/z"]);
}

#[test]
fn what_cargo_says_of_features() {
    for (said, unknown) in [
        (
            "unrecognized feature for crate alpha: derive",
            &["derive"][..],
        ),
        (
            "unrecognized features for crate a: b, c\n\nno features",
            &["b", "c"],
        ),
        ("the crate `x` could not be found", &[]),
    ] {
        assert_eq!(unknown_features(said), unknown);
    }
}

#[test]
fn loops_are_programs() {
    let text = line_loop(
        "line.len()",
        Some("[dependencies]\na = \"1\""),
        Some("let b = 1;"),
        None,
    );
    assert!(
        text.starts_with("/*[toml]\n[dependencies]\na = \"1\"\n*/\n"),
        "{text}"
    );
    assert!(
        text.contains("let b = 1;")
            && text.contains("writeln!(io::stdout(), \"{:?}\", { line.len()")
    );
    let text = line_loop("println!(\"{i} {line}\");", None, None, Some("end();"));
    assert!(
        text.contains("\nprintln!(\"{i} {line}\");\n}\nend();"),
        "{text}"
    );
    for text in [
        text,
        line_loop("if i > 1 { 2 } else { 3 } // x", None, None, None),
    ] {
        assert!(syn::parse_file(&text).is_ok(), "{text}");
    }
}
