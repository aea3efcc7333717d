//! Editing Cargo's configuration: what is set can be read back, and nothing else is different.
//!
//! An input is the value for `target-dir`, that for `build-dir`, and the text, or only the text.

#![no_main]

use cargo_sharedtarget::cargo::config_edit::{self, Settings};
use cargo_sharedtarget::cargo::model::ConfigKeys;
use cargo_sharedtarget_fuzz::{Tree, UNIT, is_shown};
use libfuzzer_sys::fuzz_target;
use toml_edit::{Document, Item};

fuzz_target!(|input: &str| {
    let parts: Vec<&str> = input.splitn(3, UNIT).collect();
    let (target_dir, build_dir, text) = match parts[..] {
        [target_dir, build_dir, text] => (target_dir, build_dir, text),
        _ => ("/s/t", r"C:\b\{workspace-path-hash}", input),
    };
    let before = config_edit::keys(text);
    if let Err(problem) = &before {
        is_shown(text, problem);
    }
    // Of a text that cannot be read, too.
    let _ = (
        config_edit::env(text),
        config_edit::names_compiler(text),
        config_edit::includes(text),
    );
    for (target_dir, build_dir, rustc_wrapper, drop_build_dir) in [
        (Some(target_dir), None, None, false),
        (None, Some(build_dir), Some(target_dir), false),
        (Some(target_dir), Some(build_dir), None, false),
        (Some(target_dir), None, None, true),
        (None, None, None, true),
    ] {
        let settings = Settings {
            target_dir,
            build_dir,
            drop_target_dir: drop_build_dir && target_dir.is_none(),
            drop_build_dir,
            rustc_wrapper,
        };
        if let Ok(edited) = config_edit::set(text, settings) {
            is_set(text, settings, before.as_ref().ok(), &edited);
        }
    }
});

fn is_set(text: &str, settings: Settings<'_>, before: Option<&ConfigKeys>, edited: &str) {
    assert_eq!(
        config_edit::set(edited, settings),
        Ok(edited.to_owned()),
        "a second time"
    );
    if let Some(before) = before {
        let or = |set: Option<&str>, was: &Option<String>| set.map(str::to_owned).or(was.clone());
        let expected = ConfigKeys {
            target_dir: match settings.drop_target_dir {
                true => None,
                false => or(settings.target_dir, &before.target_dir),
            },
            build_dir: match settings.drop_build_dir {
                true => None,
                false => or(settings.build_dir, &before.build_dir),
            },
            rustc_wrapper: or(settings.rustc_wrapper, &before.rustc_wrapper),
            lockfile_path: before.lockfile_path.clone(),
            includes: before.includes,
        };
        assert_eq!(config_edit::keys(edited), Ok(expected), "{edited:?}");
    }
    assert_eq!(config_edit::env(text), config_edit::env(edited));
    assert_eq!(config_edit::includes(text), config_edit::includes(edited));
    let names = config_edit::names_compiler;
    // A program that runs the compiler may answer in its place.
    if settings.rustc_wrapper.is_none() {
        assert_eq!(names(text), names(edited));
    }

    let document = |text| Document::parse(text).expect("was edited");
    let rest = |text| {
        let mut tree = Tree::of(document(text).as_item());
        for (key, set) in set(settings) {
            let dropped = match key {
                "target-dir" => settings.drop_target_dir,
                "build-dir" => settings.drop_build_dir,
                _ => false,
            };
            if set.is_some() || dropped {
                tree.remove("build", key);
            }
        }
        tree
    };
    assert_eq!(rest(text), rest(edited), "{edited:?}");

    // Of one edit all bytes are there before and behind it, but for those of the value that was there.
    let all = set(settings);
    let mut changed = all.iter().filter(|(_, set)| set.is_some());
    if let (Some((key, _)), None, false) = (changed.next(), changed.next(), settings.drop_build_dir)
    {
        let document = document(text);
        let old = document.get("build").and_then(|build| build.get(key));
        let old = old.and_then(Item::span).map_or(0, |span| span.len());
        let same = |(one, other): &(u8, u8)| one == other;
        let begin = text.bytes().zip(edited.bytes()).take_while(same).count();
        let end = text.bytes().rev().zip(edited.bytes().rev());
        let end = end.take_while(same).count();
        assert!(begin + end + old >= text.len(), "{edited:?}");
    }
}

fn set<'a>(settings: Settings<'a>) -> [(&'static str, Option<&'a str>); 3] {
    [
        ("target-dir", settings.target_dir),
        ("build-dir", settings.build_dir),
        ("rustc-wrapper", settings.rustc_wrapper),
    ]
}
