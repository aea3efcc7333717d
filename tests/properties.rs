//! Whatever a configuration looks like: an edit changes one value and nothing else, and can be undone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_sharedtarget::config_edit::{Settings, keys, set};
use cargo_sharedtarget::exclude_edit;
use cargo_sharedtarget::journal::{Content, Entry, Journal, Undo};
use proptest::prelude::*;
use proptest::sample::select;
use toml_edit::{Document, Item, TableLike, Value};

/// Values of every type; some hold what looks like the lines that we look for.
const VALUES: [&str; 18] = [
    "1",
    "0xf_f",
    "-1.5e3",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "\"text # no comment\"",
    "'C:\\literal'",
    "\"\\u00e9 \\\" \\\\\"",
    "\"żółw 亀\"",
    "\"\"\"\n[build]\ntarget-dir = \"no\"\n\"\"\"",
    "'''\n[net]\n# no comment'''",
    "[]",
    "[ 1,2 ,3, ]",
    "[\n  'a', # one\n  # two\n  \"b\"\n]",
    "[[1], { x = 1 }]",
    "{ a = 1, b.c = 'x' }",
    "{}",
];

const COMMENTS: [&str; 8] = [
    "",
    "\n",
    "# plain\n",
    "  # [build]\n",
    "\t\n",
    "# target-dir = 'no'\n",
    "#\n\n",
    "# żółw\n",
];

const SPACES: [&str; 4] = ["", " ", "   ", "\t"];

fn value() -> impl Strategy<Value = String> {
    select(&VALUES[..]).prop_map(str::to_owned)
}

/// `key = value` with odd spacing, a comment before and perhaps one behind.
fn entry(
    key: impl Into<String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let key = key.into();
    let space = || select(&SPACES[..]);
    let behind = select(&["", "# behind", "  # żółw"][..]);
    (
        select(&COMMENTS[..]),
        space(),
        space(),
        space(),
        value,
        behind,
    )
        .prop_map(move |(above, a, b, c, value, d)| {
            format!("{above}{a}{key}{b}={c}{value}{a}{d}\n")
        })
}

/// A subset of entries with these keys, in any order.
fn entries(keys: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let all: Vec<_> = keys
        .iter()
        .map(|key| entry(*key, value()).boxed())
        .collect();
    (
        all,
        proptest::sample::subsequence((0..keys.len()).collect::<Vec<_>>(), 0..=keys.len()),
    )
        .prop_map(|(all, chosen)| {
            chosen
                .into_iter()
                .map(|at| all[at].clone())
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// What `[build]` holds, ours perhaps among it; `prefix` is put before each key.
fn build_entries(prefix: &'static str) -> impl Strategy<Value = Vec<String>> {
    let key = |name: &str| format!("{prefix}{name}");
    let own = || {
        select(&["'t'", "\"a b\"", "\"\"\"x\"\"\"", "'''y'''", "\"\\u0041\""][..])
            .prop_map(str::to_owned)
    };
    let target = select(&["target-dir", "\"target-dir\"", "'target-dir'"][..]);
    let target = target.prop_flat_map(move |name| entry(format!("{prefix}{name}"), own()));
    let others = vec![
        entry(key("jobs"), value()).boxed(),
        entry(key("rustflags"), value()).boxed(),
        entry(key("env.A"), value()).boxed(),
        entry(key("\"żółw\""), value()).boxed(),
    ];
    (
        proptest::option::of(target),
        proptest::option::of(entry(key("build-dir"), own())),
        others,
        0..=4_usize,
    )
        .prop_map(|(target, build, others, many)| {
            target
                .into_iter()
                .chain(build)
                .chain(others.into_iter().take(many))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// `build` in one of the forms that TOML has: lines for the top, and tables.
fn build() -> impl Strategy<Value = (String, Vec<String>)> {
    let header = select(
        &[
            "[build]",
            "[ build ]",
            "  [build] # ours",
            "['build']",
            "[\"build\"]\t",
        ][..],
    );
    const INNER: &str = "[build.warnings]\nx = 1\n";
    let table = (header, build_entries(""), 0..8).prop_map(|(header, lines, inner)| {
        let table = format!("{header}\n{}", lines.concat());
        match inner {
            0 => vec![INNER.to_owned(), table],
            1 => vec![table, INNER.to_owned()],
            _ => vec![table],
        }
    });
    let inline = select(
        &[
            "{}",
            "{ }",
            "{jobs=1}",
            "{ target-dir = 'x' , jobs = 1 }",
            "{ jobs = 1, build-dir='y'}",
        ][..],
    );
    let inline = entry("build", inline.prop_map(str::to_owned));
    prop_oneof![
        1 => Just((String::new(), vec![])),
        5 => table.prop_map(|tables| (String::new(), tables)),
        1 => Just((String::new(), vec![INNER.to_owned()])),
        2 => inline.prop_map(|line| (line, vec![])),
        2 => build_entries("build.").prop_map(|lines| (lines.concat(), vec![])),
    ]
}

/// A valid configuration.
fn document() -> impl Strategy<Value = String> {
    let table = |header: &'static str, keys| {
        entries(keys).prop_map(move |lines| format!("{header}\n{}", lines.concat()))
    };
    let others = (
        table("[net]", &["retry", "git"]),
        table("[ target . 'cfg(unix)' ] # żółw", &["runner"]),
        table("[[patch.list]]", &["path", "x"]),
        table("[[patch.list]]", &["path"]),
        table("[env]", &["\"A B\"", "C.value"]),
    );
    let others = others.prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e]);
    let top = entries(&["include2", "alias.b", "paths", "'quoted key'"]);
    let parts = (
        top,
        build(),
        others,
        0..=5_usize,
        0..=5_usize,
        select(&COMMENTS[..]),
    );
    let text = parts.prop_map(|(top, (line, tables), mut others, many, at, tail)| {
        others.truncate(many);
        let at = at.min(others.len());
        others.splice(at..at, tables);
        format!("{}{line}{}{tail}", top.concat(), others.concat())
    });
    (text, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(text, crlf, bom, cut)| {
        let text = if cut {
            text.trim_end().to_owned()
        } else {
            text
        };
        let text = if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        };
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

/// A path as people have them, and worse.
fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "/[a-z]{1,8}/[a-z -]{1,8}",
        1 => "[C-Z]:\\\\[A-Za-z \\\\]{1,12}",
        1 => "[/a-z'\"\\\\{}#=\\[\\] ż亀]{1,20}",
    ]
}

fn target_dir(path: &str) -> Settings<'_> {
    Settings {
        target_dir: Some(path),
        build_dir: None,
    }
}

fn both<'a>(target: &'a str, build: &'a str) -> Settings<'a> {
    Settings {
        target_dir: Some(target),
        build_dir: Some(build),
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
    let content = |text: &String| Content::from(text.clone().into_bytes());
    let entries = texts.windows(2).map(|pair| Entry {
        time: jiff::Timestamp::UNIX_EPOCH,
        file: PathBuf::from("/w/.cargo/config.toml"),
        before: pair[0].as_ref().map(content),
        after: pair[1].as_ref().map(content),
        made_folder: pair[0].is_none(),
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
