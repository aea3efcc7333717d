//! Files that rustc leaves behind beside those of a unit's last build.
//!
//! With `split-debuginfo = "unpacked"`, which is the default on macOS, rustc keeps the object files with the debug information
//! beside a program. Since 1.88 their names have a word that is made up for each build, so that each adds a set, and none removes
//! the last one. A compiler that was killed leaves its object files, and a folder with half of a library's metadata. Seen with
//! 1.95 and 1.100.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use object::{CompressionFormat, Object as _, ObjectSection as _};

use crate::fs;
use crate::target::fingerprint;
use crate::target::layout::STAMP;
use crate::target::layout::shape::{METADATA, is_metadata_folder};
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// The text after the word of a build in a name.
const OBJECT: &str = ".rcgu.";

/// Takes out of the files of a finished unit the sets of earlier builds: older than the start of the last one, and
/// named in nothing that was linked. Where a file cannot be read, all are left in.
///
/// Times alone do not tell: of what has not changed rustc takes the object files of the build before, by links. But a program
/// names the files that have its debug information.
pub(crate) fn take_out(folder: &Path, unit: &mut Unit) {
    let has_fingerprint = !matches!(
        unit.kind,
        UnitKind::Unknown { .. } | UnitKind::BuildScriptRun
    );
    if !has_fingerprint || !unit.files.iter().any(|file| set(file).is_some()) {
        return;
    }
    let mut words = older(&unit.files);
    words.retain(|word| !is_metadata_folder(word) || has_metadata_alone(&unit.files, word));
    if unit.kind == UnitKind::Library {
        // Programs that were linked with the library name its files, and may be older than its last build.
        words.retain(|word| is_metadata_folder(word));
    }
    for file in unit.files.iter().filter(|file| is_linked(file)) {
        if words.is_empty() {
            return;
        }
        match named(&folder.join(&file.path), &words) {
            Some(named) => words.retain(|word| !named.contains(word)),
            None => return,
        }
    }
    let is_leaked = |file: &mut UnitFile| set(file).is_some_and(|word| words.contains(&word));
    unit.leaked = unit.files.extract_if(.., is_leaked).collect();
    let real = || {
        let files = unit.files.iter();
        files.filter(|file| file.sharing != Sharing::Folder)
    };
    unit.oldest = real().filter_map(UnitFile::modified).min();
}

/// The words of the sets that are older than the last build, if that has ended.
///
/// Cargo writes [`STAMP`] before it starts rustc, and the hash of the fingerprint once rustc has ended.
fn older(files: &[UnitFile]) -> BTreeSet<String> {
    let (mut started, mut ended) = (None, None);
    for file in files.iter().filter(|file| file.is_fingerprint()) {
        let name = file.name();
        if name == STAMP {
            started = started.max(file.modified());
        } else if !name.ends_with(".json") && fingerprint::target(&name).is_some() {
            if file.length.0 == 0 {
                return BTreeSet::new();
            }
            ended = ended.max(file.modified());
        }
    }
    let (mut older, mut newer) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        let Some(word) = set(file) else { continue };
        let is_older = started <= ended && file.modified() < started;
        if is_older && file.modified().is_some() {
            older.insert(word);
        } else {
            newer.insert(word);
        }
    }
    &older - &newer
}

/// The word by which rustc tells the files of one build from those of another, where a file is of one alone.
fn set(file: &UnitFile) -> Option<String> {
    let name = file.name();
    if let Some((start, _)) = name.split_once(OBJECT) {
        return Some(start.rsplit('.').next().unwrap_or_default().to_owned());
    }
    let parent = file.path.parent().and_then(Path::file_name);
    let parent = parent.map(|name| name.to_string_lossy().into_owned());
    let names = [Some(name.into_owned()), parent];
    let mut names = names.into_iter().flatten();
    names.find(|name| is_metadata_folder(name))
}

/// Whether a folder of this name holds nothing but what rustc writes there.
fn has_metadata_alone(files: &[UnitFile], name: &str) -> bool {
    let inside = |file: &UnitFile| {
        let rest = file.path.iter().skip_while(|part| *part != name).skip(1);
        rest.collect::<PathBuf>()
    };
    files
        .iter()
        .map(inside)
        .all(|path| path.as_os_str().is_empty() || path == Path::new(METADATA))
}

/// Whether a linker has made a file, or it may name object files all the same.
fn is_linked(file: &UnitFile) -> bool {
    let listed = file.name().ends_with(".d");
    file.sharing != Sharing::Folder && !file.is_fingerprint() && !listed && set(file).is_none()
}

/// The words, of these, that a file has as the names of object files; `None` if it cannot be read, or if its debug
/// information is compressed.
fn named(path: &Path, words: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let words: Vec<&String> = words.iter().collect();
    let patterns = words.iter().map(|word| format!(".{word}{OBJECT}"));
    let search = AhoCorasick::new(patterns).ok()?;
    fs::with_content(path, |bytes| {
        let found = search.find_iter(bytes);
        let found = found.map(|found| words[found.pattern().as_usize()].clone());
        (!is_compressed(bytes)).then(|| found.collect())
    })?
}

/// Whether a program has a section that cannot be searched as it is.
fn is_compressed(bytes: &[u8]) -> bool {
    let Ok(program) = object::File::parse(bytes) else {
        return false;
    };
    program.sections().any(|section| {
        let range = section.compressed_file_range();
        range.map_or(true, |range| range.format != CompressionFormat::None)
    })
}
