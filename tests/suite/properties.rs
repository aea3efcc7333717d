//! For any configuration, an edit changes one value and nothing else, and can be undone. Any target folder is read
//! without a panic.

mod artifact;
mod document;
mod units;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_sharedtarget::cargo::config_edit::{Settings, keys, set};
use cargo_sharedtarget::git::exclude_edit;
use cargo_sharedtarget::survey::journal::{Journal, JournalEntry, RecordedContent, Undo};
use document::{document, path};
use proptest::prelude::*;
use toml_edit::{Document, Item, TableLike, Value};

fn target_dir(path: &str) -> Settings<'_> {
    Settings {
        target_dir: Some(path),
        ..Settings::default()
    }
}

fn both<'a>(target: &'a str, build: &'a str) -> Settings<'a> {
    Settings {
        target_dir: Some(target),
        build_dir: Some(build),
        ..Settings::default()
    }
}

/// Every value by its full key, as it is written; of tables only what is in them.
fn values(text: &str) -> BTreeMap<String, String> {
    fn collect(prefix: &str, table: &dyn TableLike, all: &mut BTreeMap<String, String>) {
        for (key, item) in table.iter() {
            let key = format!("{prefix}/{key}");
            match item {
                Item::ArrayOfTables(tables) => {
                    for (at, table) in tables.iter().enumerate() {
                        collect(&format!("{key}/{at}"), table, all);
                    }
                }
                Item::Value(Value::InlineTable(table)) => collect(&key, table, all),
                Item::Table(table) => collect(&key, table, all),
                Item::Value(value) => {
                    let plain = value.clone().decorated("", "").to_string();
                    all.insert(key, plain);
                }
                Item::None => {}
            }
        }
    }
    let document = Document::parse(text).expect("valid");
    let mut all = BTreeMap::new();
    collect("", document.as_table(), &mut all);
    all
}

/// The part of the first text that is different in the second one.
fn changed(before: &str, after: &str) -> std::ops::Range<usize> {
    let same = |pair: &(u8, u8)| pair.0 == pair.1;
    let start = before.bytes().zip(after.bytes()).take_while(same).count();
    let most = before.len().min(after.len()) - start;
    let end = before
        .bytes()
        .rev()
        .zip(after.bytes().rev())
        .take(most)
        .take_while(same)
        .count();
    start..before.len() - end
}

fn journal(texts: &[Option<String>]) -> Journal {
    let content = |text: &String| RecordedContent::from(text.clone().into_bytes());
    let entries = texts.windows(2).map(|pair| JournalEntry {
        time: jiff::Timestamp::UNIX_EPOCH,
        file: PathBuf::from("/w/.cargo/config.toml"),
        before: pair[0].as_ref().map(content),
        after: pair[1].as_ref().map(content),
        made_folder: pair[0].is_none(),
        made_above: 0,
        since: None,
    });
    Journal {
        entries: entries.collect(),
        ..Journal::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_valid(text in document()) {
        prop_assert!(Document::parse(text.as_str()).is_ok(), "{text}");
        prop_assert!(keys(&text).is_ok(), "{text}");
    }

    #[test]
    fn an_edit_sets_the_value_and_keeps_all_others(text in document(), path in path()) {
        let edited = set(&text, target_dir(&path)).expect("editable");
        prop_assert_eq!(keys(&edited).expect("valid").target_dir, Some(path));
        let ours = |(key, _): &(String, String)| key != "/build/target-dir";
        let before: Vec<_> = values(&text).into_iter().filter(ours).collect();
        let after: Vec<_> = values(&edited).into_iter().filter(ours).collect();
        prop_assert_eq!(after, before, "{}", edited);
    }

    #[test]
    fn only_the_value_or_an_inserted_piece_is_different(text in document(), path in path()) {
        let edited = set(&text, target_dir(&path)).expect("editable");
        let changed = changed(&text, &edited);
        let document = Document::parse(text.as_str()).expect("valid");
        let old = document.get("build").and_then(|build| build.get("target-dir"));
        match old.and_then(Item::span) {
            _ if edited == text => {}
            Some(span) => prop_assert!(span.start <= changed.start && changed.end <= span.end, "{}", edited),
            None => prop_assert!(changed.is_empty(), "lost {:?} in {}", &text[changed.clone()], edited),
        }
    }

    #[test]
    fn line_ends_and_marks_stay(text in document(), path in path()) {
        let edited = set(&text, target_dir(&path)).expect("editable");
        prop_assert_eq!(edited.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        prop_assert_eq!(edited.matches('\u{feff}').count(), text.matches('\u{feff}').count());
        if text.contains("\r\n") {
            prop_assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count(), "{}", edited);
        } else {
            prop_assert!(!edited.contains('\r'));
        }
        if text.trim_start_matches('\u{feff}').contains(|c| c != '\n' && c != '\r') {
            prop_assert_eq!(edited.ends_with('\n'), text.ends_with('\n'), "{}", edited);
        }
    }

    #[test]
    fn an_edit_twice_is_an_edit_once(text in document(), target in path(), build in path()) {
        let once = set(&text, both(&target, &build)).expect("editable");
        prop_assert_eq!(set(&once, both(&target, &build)).expect("editable"), once);
    }

    #[test]
    fn edits_are_undone_as_one(text in proptest::option::of(document()), paths in prop::collection::vec(path(), 1..4)) {
        let mut texts = vec![text.clone()];
        for path in &paths {
            let last = texts.last().cloned().flatten().unwrap_or_default();
            texts.push(Some(set(&last, target_dir(path)).expect("editable")));
        }
        let now = texts.last().cloned().flatten().expect("a text");
        let undo = journal(&texts).undo(Path::new("/w/.cargo/config.toml"), Some(now.as_bytes()));
        let expected = if text.as_ref() == Some(&now) {
            Undo::AsItWas
        } else {
            Undo::Restore { to: text.clone().map(String::into_bytes), remove_folder: text.is_none() }
        };
        prop_assert_eq!(undo, expected);
    }

    #[test]
    fn a_change_by_hand_is_never_undone(text in document(), path in path(), more in "# [a-z]{1,5}") {
        let edited = set(&text, target_dir(&path)).expect("editable");
        let by_hand = format!("{edited}\n{more}\n");
        let undo = journal(&[Some(text), Some(edited)])
            .undo(Path::new("/w/.cargo/config.toml"), Some(by_hand.as_bytes()));
        prop_assert_eq!(undo, Undo::ChangedByHand);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[\\PC\n\r\t\"'=\\[\\]{}#.]{0,60}") {
        if let Err(problem) = keys(&text) {
            prop_assert!(problem.line >= 1 && problem.column >= 1);
        }
        let _ = set(&text, target_dir("/t"));
    }

    #[test]
    fn an_exclude_keeps_every_byte(before in prop::collection::vec(any::<u8>(), 0..60), patterns in prop::collection::vec("/[a-z]{1,3}", 0..3)) {
        if let Some(after) = exclude_edit::add(&before, &patterns) {
            prop_assert!(after.starts_with(&before));
            prop_assert_eq!(exclude_edit::add(&after, &patterns), None);
        }
    }
}
