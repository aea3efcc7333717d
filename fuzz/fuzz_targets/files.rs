//! Small files: settings, lock files, the journal, and what editors are told.

#![no_main]

use cargo_sharedtarget::cargo::lockfile::Lock;
use cargo_sharedtarget::doctor::editor_settings;
use cargo_sharedtarget::size::Bytes;
use cargo_sharedtarget::survey::journal::Journal;
use cargo_sharedtarget::survey::model::Settings;
use cargo_sharedtarget::survey::settings;
use cargo_sharedtarget_fuzz::is_shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let problems = [settings::parse(text).err(), Lock::parse(text).err()];
    for problem in problems.iter().flatten() {
        is_shown(text, problem);
    }
    if let Ok(said) = settings::parse(text) {
        let other = Settings {
            max_size: Some(Bytes(20_000_000_000)),
            rustc_wrapper: Some(text.to_owned()),
            ..Settings::default()
        };
        let edited = settings::set(text, other.clone()).expect("it was valid");
        assert_eq!(settings::parse(&edited), Ok(other.or(said)), "{edited:?}");
    }
    if let Ok(lock) = Lock::parse(text) {
        assert!(lock.local().all(|name| lock.names_local(name)));
    }
    // Neither panics.
    let _ = (
        editor_settings::of_vs_code(text),
        editor_settings::of_toml(text),
    );
    if let Ok(journal) = serde_json::from_str(text) {
        is_kept(&journal);
    }
});

/// A journal is read as it was written, and names each file once until it has forgotten it.
fn is_kept(journal: &Journal) {
    let written = serde_json::to_string(journal).expect("serialises");
    let mut read: Journal = serde_json::from_str(&written).expect("reads");
    assert_eq!(read, *journal);
    for entry in &journal.entries {
        for content in [&entry.before, &entry.after] {
            let _ = journal.undo(&entry.file, content.as_ref().map(|content| content.bytes()));
        }
    }
    let files: Vec<_> = journal.files().into_iter().map(Into::into).collect();
    read.forget(&files[..files.len().min(1)]);
    assert_eq!(read.files(), files.get(1..).unwrap_or_default());
}
