//! Scripts: the manifest in one, what is compiled in its place, and the crates that it names.

#![no_main]

use std::path::Path;

use cargo_sharedtarget::script::body::{Body, Files, Making, body, has_module_files};
use cargo_sharedtarget::script::dialect::{Dialect, Front};
use cargo_sharedtarget::script::package::{self, PackageContext};
use cargo_sharedtarget::script::{embedded_manifest, infer};
use cargo_sharedtarget_fuzz::{Tree, is_shown};
use libfuzzer_sys::fuzz_target;
use toml_edit::{DocumentMut, Table, value};

#[cfg(fuzzing)]
compile_error!("tokens have no places where `fuzzing` is set: run it with --no-cfg-fuzzing");

fuzz_target!(|text: &str| {
    let embedded = match embedded_manifest::find(text) {
        Ok(embedded) => embedded,
        Err(problem) => return is_shown(text, &problem),
    };
    let lines = text.split('\n').count();
    assert_eq!(
        embedded.lines.is_some(),
        embedded.form != embedded_manifest::Form::None
    );
    if let Some((first, last)) = embedded.lines {
        assert!(1 <= first && first <= last && last <= lines);
    }
    is_a_package(&embedded);
    // It stands before the code, so that no code is a part of it.
    let longer = embedded_manifest::find(&format!("{text}\nfn f() {{}} /* \r */"));
    let longer = longer.expect("the same manifest");
    assert_eq!(longer.form, embedded.form);
    let says = |embedded: &embedded_manifest::Embedded| Tree::of(embedded.table.as_item());
    assert_eq!(says(&longer), says(&embedded));

    let plain = match &embedded.foreign {
        None => text.to_owned(),
        Some(foreign) => {
            let blank = embedded_manifest::blanked(text, foreign);
            assert_eq!(blank.len(), text.len());
            assert_eq!(blank[..foreign.start], text[..foreign.start]);
            assert_eq!(blank[foreign.end..], text[foreign.end..]);
            assert_eq!(blank.split('\n').count(), lines);
            blank
        }
    };
    // Any answer will do, as long as a path always has the same.
    let exists = |path: &Path| path.as_os_str().len().is_multiple_of(2);
    let files = Files {
        exists: &exists,
        copy_of: &|_| None,
    };
    let whole = |copy: bool| {
        let making = Making {
            copy,
            ..Making::default()
        };
        body(&plain, Path::new("/s"), making, files)
    };
    let needed = whole(false);
    if let Some(copy) = &needed.text {
        // It was made a program, and is one now.
        assert_eq!(
            body(copy, Path::new("/s"), Making::default(), files).text,
            None,
            "{copy}"
        );
        assert!(is_rust(copy), "{copy}");
        assert_eq!(needed, whole(true));
    }
    let copied = whole(true);
    keeps_places(&plain, copied.text.as_deref().expect("a copy"), &copied);
    names_stand_there(&plain);
    let _ = has_module_files(text);
    // They would be kept for ever.
    proc_macro2::extra::invalidate_current_thread_spans();
});

/// Whether it can be taken apart into words, without a shebang if it has one.
fn is_rust(text: &str) -> bool {
    let words = |text: &str| text.parse::<proc_macro2::TokenStream>().is_ok();
    words(text) || text.split_once('\n').is_some_and(|(_, rest)| words(rest))
}

/// The package that a script is built as has a manifest that says what it was to say.
fn is_a_package(embedded: &embedded_manifest::Embedded) {
    let around = PackageContext {
        stem: "größe",
        id: "0123456789abcdef",
        wanted: &["serde_json"],
        script: "/s/größe.rs",
        main: "/s/größe.rs",
        folder: "/s",
        front: Front::Own,
        dialect: Dialect::Own,
        is_flat: false,
    };
    let mut inferred = Table::new();
    inferred.insert("serde_json", value("1"));
    let Ok(package) = package::package(embedded, &inferred, &around) else {
        return;
    };
    let _ = package::named(&package.manifest);
    for document in [&package.manifest, &package.workspace] {
        let text = document.to_string();
        let read: DocumentMut = text
            .parse()
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(
            Tree::of(read.as_item()),
            Tree::of(document.as_item()),
            "{text}"
        );
    }
    let script = package::script(&package.workspace);
    assert_eq!(script.as_deref(), Some(Path::new(around.script)));
}

/// Each line stays where it was, and each character that was not put in can be told of the script.
fn keeps_places(script: &str, copy: &str, body: &Body) {
    let lines = |text: &str| -> Vec<Vec<char>> {
        let text = text.trim_start_matches('\u{feff}');
        text.split('\n')
            .map(|line| line.chars().collect())
            .collect()
    };
    let (script, copied) = (lines(script), lines(copy));
    assert!(copied.len() >= script.len(), "{copy}");
    for (nth, (was, is)) in script.iter().zip(&copied).enumerate() {
        for (at, c) in is.iter().enumerate() {
            let (line, column) = (nth + 1, at + 1);
            let was_put = body.shifts.iter().any(|shift| {
                shift.line == line && (shift.column..shift.column + shift.length).contains(&column)
            });
            let (in_line, in_column) = body.in_script(line, column);
            assert_eq!(in_line, line);
            assert!(
                (1..=was.len() + 1).contains(&in_column),
                "{line}:{column} {copy}"
            );
            // Blanks stand for the other lines of a text that has become one in one line.
            if !was_put && *c != ' ' {
                assert_eq!(was.get(in_column - 1), Some(c), "{line}:{column} {copy}");
            }
        }
    }
}

/// Each crate stands where its line says.
fn names_stand_there(text: &str) {
    let all = infer::crates(text);
    assert!(all.windows(2).all(|two| two[0].name < two[1].name));
    for named in all {
        let line = text
            .trim_start_matches('\u{feff}')
            .split('\n')
            .nth(named.line - 1);
        let there: String = line
            .expect("the line")
            .chars()
            .skip(named.column - 1)
            .collect();
        let there = there.strip_prefix("r#").unwrap_or(&there);
        assert!(there.starts_with(&named.name), "{named:?}");
    }
}
