//! Edits of configurations, byte for byte.

use super::*;

fn edit(text: &str) -> String {
    set(
        text,
        Settings {
            target_dir: Some("/s/t"),
            ..Settings::default()
        },
    )
    .expect("editable")
}

#[test]
fn every_way_to_write_the_table() {
    let cases = [
        ("", "[build]\ntarget-dir = \"/s/t\"\n"),
        ("[build]", "[build]\ntarget-dir = \"/s/t\""),
        (
            "[build] # ours\n",
            "[build] # ours\ntarget-dir = \"/s/t\"\n",
        ),
        (
            "[build]\njobs = 4 # few\n\n[net]\n",
            "[build]\njobs = 4 # few\ntarget-dir = \"/s/t\"\n\n[net]\n",
        ),
        (
            "[build]\nx = [\n  1,\n]\n[net]\n",
            "[build]\nx = [\n  1,\n]\ntarget-dir = \"/s/t\"\n[net]\n",
        ),
        (
            "build = { jobs = 4 }\n",
            "build = { target-dir = \"/s/t\", jobs = 4 }\n",
        ),
        ("build = {}", "build = { target-dir = \"/s/t\"}"),
        (
            "build.jobs = 4\nx = 1\n",
            "build.jobs = 4\nbuild.target-dir = \"/s/t\"\nx = 1\n",
        ),
        (
            "[net]\nretry = 2\n",
            "[net]\nretry = 2\n\n[build]\ntarget-dir = \"/s/t\"\n",
        ),
        (
            "[net]\nretry = 2",
            "[net]\nretry = 2\n\n[build]\ntarget-dir = \"/s/t\"",
        ),
        (
            "[build]\r\njobs = 4\r\n",
            "[build]\r\njobs = 4\r\ntarget-dir = \"/s/t\"\r\n",
        ),
        (
            "\u{feff}[build]\njobs = 4\n",
            "\u{feff}[build]\njobs = 4\ntarget-dir = \"/s/t\"\n",
        ),
        ("\u{feff}", "\u{feff}[build]\ntarget-dir = \"/s/t\"\n"),
        (
            "[build]\ntarget-dir = 'x' # mine\n",
            "[build]\ntarget-dir = '/s/t' # mine\n",
        ),
        (
            "[build]\n\"target-dir\" = \"x\"\n",
            "[build]\n\"target-dir\" = \"/s/t\"\n",
        ),
        (
            "build.\"target-dir\" = \"\"\"x\"\"\"\n",
            "build.\"target-dir\" = \"/s/t\"\n",
        ),
        (
            "[build.env]\nA = 1\n",
            "[build.env]\nA = 1\n\n[build]\ntarget-dir = \"/s/t\"\n",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(edit(before), after, "from {before:?}");
        assert_eq!(edit(after), after, "again from {after:?}");
    }
}

#[test]
fn whether_crates_are_compiled_incrementally() {
    assert_eq!(incremental("[build]\nincremental = false\n"), Some(false));
    assert_eq!(incremental("profile.dev.incremental = true"), Some(true));
    assert_eq!(incremental("[profile.release]\nincremental = true"), None);
    assert_eq!(incremental("= no TOML"), None);
}

#[test]
fn sets_all_keys_side_by_side() {
    let all = Settings {
        target_dir: Some("/t"),
        build_dir: Some("/b/{workspace-path-hash}"),
        rustc_wrapper: Some("/bin/sccache"),
        ..Settings::default()
    };
    let text = set("[build]\njobs = 1\n", all).expect("editable");
    let expected = "[build]\njobs = 1\ntarget-dir = \"/t\"\nbuild-dir = \"/b/{workspace-path-hash}\"\nrustc-wrapper = \"/bin/sccache\"\n";
    assert_eq!(text, expected);
}

#[test]
fn takes_a_line_out() {
    let drops = Settings {
        drop_build_dir: true,
        ..Settings::default()
    };
    let drop = |text: &str| set(text, drops);
    for (before, after) in [
        (
            "[build]\njobs = 1\nbuild-dir = \"/b\" # ours\n",
            "[build]\njobs = 1\n",
        ),
        (
            "[build]\r\nbuild-dir = '/b'\r\n[net]\r\n",
            "[build]\r\n[net]\r\n",
        ),
        ("build.build-dir = \"/b\"\nbuild.jobs = 2", "build.jobs = 2"),
        ("[build]\njobs = 1\n", "[build]\njobs = 1\n"),
    ] {
        assert_eq!(drop(before).expect("editable"), after);
    }
    let inline = drop("build = { jobs = 1, build-dir = \"/b\" }\n");
    assert_eq!(inline, Err(EditError::Unsure));
    let both = Settings {
        drop_target_dir: true,
        ..drops
    };
    for (before, after, nothing) in [
        (
            "[build]\ntarget-dir = '/t'\nbuild-dir = '/b'\n",
            "[build]\n",
            true,
        ),
        (
            "# mine\n[build]\ntarget-dir = '/t'\n",
            "# mine\n[build]\n",
            false,
        ),
    ] {
        assert_eq!(set(before, both).as_deref(), Ok(after));
        assert_eq!(is_empty(after), nothing, "{after}");
    }
}

#[test]
fn paths_that_need_care() {
    for path in [r"C:\Users\me\t", "/a'b/t", "/a\"b/t", "/a\\'\"b", "/ünï/ t"] {
        let text = set(
            "",
            Settings {
                target_dir: Some(path),
                ..Settings::default()
            },
        )
        .expect("editable");
        assert_eq!(
            keys(&text).expect("valid").target_dir.as_deref(),
            Some(path),
            "{text}"
        );
    }
}

#[test]
fn errors_name_the_place() {
    let error = keys("[build]\n  jobs = = 4\n").expect_err("not TOML");
    assert_eq!((error.line, error.column), (2, 10), "{}", error.message);
    let error = keys("[build]\ntarget-dir = 5\n").expect_err("not a string");
    assert_eq!((error.line, error.column), (2, 14));
    assert_eq!(error.message, "expected a string for `build.target-dir`");
    let error = keys("build = 3\n").expect_err("not a table");
    assert_eq!(error.message, "expected a table for `build`");
    assert!(
        set(
            "[[build]]\n",
            Settings {
                target_dir: Some("/t"),
                ..Settings::default()
            }
        )
        .is_err()
    );
}
