//! The decisions of a user for all runs: `sharedtarget.toml` in the shared root, in a repository's git folder, and in
//! the cache of scripts.

pub(crate) mod store;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::SignedDuration;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use toml_edit::{Document, Value};

use crate::age::Age;
use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;
use crate::size::Bytes;
use crate::survey::folder::WorktreeLayout;
use crate::survey::model::{RepositorySettings, Settings, Survey};
use crate::survey::settings;

/// The name of the file.
pub(crate) const FILE_NAME: &str = "sharedtarget.toml";

/// Reads the file.
///
/// # Errors
///
/// It is not valid TOML, or it has a key or a value that is not known; with the place.
pub fn parse(text: &str) -> Result<Settings, TomlProblem> {
    toml_read::read(text)
}

/// Reads a value that is written as a text, such as `20GB`.
pub(crate) fn written<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    let text = String::deserialize(value)?;
    let wrong = |expected| D::Error::custom(format!("{expected}, found `{text}`"));
    text.parse().map(Some).map_err(wrong)
}

/// Sets what is decided, and leaves everything else in the file as it is.
///
/// # Errors
///
/// The file is not valid, so that its keys are not known.
pub fn set(text: &str, settings: Settings) -> Result<String, TomlProblem> {
    let there = parse(text)?;
    let Settings {
        local,
        max_size,
        min_free,
        max_age,
        keep_programs,
        rustc_wrapper,
        // Nothing of ours decides these for the user.
        orphans: _,
        shared_with_group: _,
        store: _,
    } = settings;
    let wanted = [
        ("local", new(local, there.local, Value::from)),
        (
            "max-size",
            new(max_size, there.max_size, |size| size.exact().into()),
        ),
        (
            "min-free",
            new(min_free, there.min_free, |size| size.exact().into()),
        ),
        (
            "max-age",
            new(max_age, there.max_age, |age| age.exact().into()),
        ),
        (
            "keep-programs",
            new(keep_programs, there.keep_programs, Value::from),
        ),
        (
            "rustc-wrapper",
            new(rustc_wrapper, there.rustc_wrapper, Value::from),
        ),
    ];
    Ok(splice(text, wanted))
}

/// Sets these keys, and leaves everything else in the text as it is.
fn splice<const N: usize>(text: &str, wanted: [(&str, Option<Value>); N]) -> String {
    let mut edited = text.to_owned();
    for (key, value) in wanted {
        let Some(value) = value else {
            continue;
        };
        let value = value.to_string();
        let found = Document::parse(edited.as_str()).ok();
        match found.and_then(|document| document.get(key)?.span()) {
            Some(span) => edited.replace_range(span, value.trim()),
            None => add(&mut edited, &format!("{key} = {}", value.trim())),
        }
    }
    edited
}

/// Sets what is decided for the worktrees of a repository, and leaves everything else in the file as it is.
///
/// # Errors
///
/// The file is not valid, so that its keys are not known.
pub(crate) fn set_for_repository(
    text: &str,
    decided: RepositorySettings,
) -> Result<String, TomlProblem> {
    let there: RepositorySettings = toml_read::read(text)?;
    let name = |layout: WorktreeLayout| layout.name().into();
    let wanted = [
        ("layout", new(decided.layout, there.layout, name)),
        (
            "new-worktrees",
            new(decided.new_worktrees, there.new_worktrees, name),
        ),
    ];
    Ok(splice(text, wanted))
}

/// Path of the settings file of a repository, given by its common git directory.
#[must_use]
pub(crate) fn of_repository(common_dir: &Path) -> PathBuf {
    common_dir.join(FILE_NAME)
}

/// A value to write: what says the same already, in other words, stays.
fn new<T: PartialEq>(wanted: Option<T>, there: Option<T>, write: fn(T) -> Value) -> Option<Value> {
    wanted
        .filter(|wanted| there.as_ref() != Some(wanted))
        .map(write)
}

/// Adds a line after the last one that is in no table.
fn add(text: &mut String, line: &str) {
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    // Comments and empty lines above a table belong to that.
    let end = match table(text) {
        Some(at) => {
            let above = text[..at].trim_end_matches(|c| c != '\n');
            let lines = above.split_inclusive('\n').rev();
            let belongs = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
            above.len() - lines.take_while(belongs).map(str::len).sum::<usize>()
        }
        None => text.len(),
    };
    let before = text[..end].trim_start_matches('\u{feff}');
    let begin = match before.is_empty() || before.ends_with('\n') {
        true => "",
        false => eol,
    };
    // A mark of Unicode's stays at the top.
    let mark = text
        .strip_prefix('\u{feff}')
        .map_or(0, |rest| text.len() - rest.len());
    text.insert_str(end.max(mark), &format!("{begin}{line}{eol}"));
}

/// Where the first table begins, by its header or by the first of its dotted keys.
fn table(text: &str) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let tables = document.iter().filter(|(_, item)| item.is_table());
    let spans = tables.filter_map(|(key, item)| {
        let dotted = item.as_table().is_some_and(toml_edit::Table::is_dotted);
        match dotted {
            // Such a line is not in a table, and lines may follow it.
            true => None,
            // A table that only its own tables name begins with the name of one of them.
            false => item
                .span()
                .or_else(|| document.get_key_value(key)?.0.span()),
        }
    });
    spans.map(|span| span.start).min()
}

/// How large the cache of scripts may grow by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheLimits {
    /// The most space for the whole cache.
    pub(crate) max_size: Bytes,
    /// Entries that were not used for as long are deleted.
    pub(crate) max_age: Age,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            max_size: Bytes(10_000_000_000),
            max_age: Age(SignedDuration::from_hours(60 * 24)),
        }
    }
}

impl From<Settings> for CacheLimits {
    fn from(settings: Settings) -> Self {
        let default = Self::default();
        Self {
            max_size: settings.max_size.unwrap_or(default.max_size),
            max_age: settings.max_age.unwrap_or(default.max_age),
        }
    }
}

/// Path of the settings file in the shared root.
#[must_use]
pub(crate) fn file(survey: &Survey) -> PathBuf {
    survey.shared_root.path.join(settings::FILE_NAME)
}

/// Path of the settings file in the shared root's records, which alone may name a program; `None` where the environment
/// names no state folder.
#[must_use]
pub(crate) fn own_file(survey: &Survey) -> Option<PathBuf> {
    let records = survey.shared_root.records.as_ref()?;
    Some(records.join(settings::FILE_NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided() {
        assert_eq!(parse("# why\n"), Ok(Settings::default()));
        let all = "local = false\nmax-size = '2GB'\nmax-age = \"7d\"\nkeep-programs = true\n\
                   rustc-wrapper = '/bin/sccache'";
        let settings = Settings {
            local: Some(false),
            max_size: Some(Bytes(2_000_000_000)),
            max_age: Some(Age(SignedDuration::from_hours(7 * 24))),
            keep_programs: Some(true),
            rustc_wrapper: Some("/bin/sccache".into()),
            ..Settings::default()
        };
        assert_eq!(parse(all), Ok(settings.clone()));
        let written = set("", settings.clone()).expect("written");
        assert_eq!(parse(&written), Ok(settings.clone()));
        assert_eq!(set(all, settings.clone()).as_deref(), Ok(all));
        assert_eq!(
            CacheLimits::from(Settings::default()),
            CacheLimits::default()
        );
        let limits = CacheLimits::from(settings);
        assert_eq!(limits.max_size, Bytes(2_000_000_000));
    }

    #[test]
    fn what_was_written_by_hand_stays() {
        let size = |text: &str| {
            let settings = Settings {
                max_size: Some(Bytes(20_000_000_000)),
                ..Settings::default()
            };
            set(text, settings).expect(text)
        };
        assert_eq!(size(""), "max-size = \"20GB\"\n");
        for (before, after) in [
            (
                "# why\nlocal = false # yes\n",
                "# why\nlocal = false # yes\nmax-size = \"20GB\"\n",
            ),
            (
                "max-size = '1GB' # little\n",
                "max-size = \"20GB\" # little\n",
            ),
            ("max-size = '20000 MB'\n", "max-size = '20000 MB'\n"),
            ("# only this\n", "# only this\nmax-size = \"20GB\"\n"),
            ("local = true", "local = true\nmax-size = \"20GB\"\n"),
            (
                "local = true\r\n",
                "local = true\r\nmax-size = \"20GB\"\r\n",
            ),
            (
                "\u{feff}local = true\n",
                "\u{feff}local = true\nmax-size = \"20GB\"\n",
            ),
            (
                "local = true\n\n# mine\n[store]\nharvest = true\n",
                "local = true\nmax-size = \"20GB\"\n\n# mine\n[store]\nharvest = true\n",
            ),
            (
                "[store.remote]\ntype = 'fs'\n",
                "max-size = \"20GB\"\n[store.remote]\ntype = 'fs'\n",
            ),
            (
                "\u{feff}[store]\nharvest = true",
                "\u{feff}max-size = \"20GB\"\n[store]\nharvest = true",
            ),
            (
                "store.harvest = true\n",
                "store.harvest = true\nmax-size = \"20GB\"\n",
            ),
        ] {
            assert_eq!(size(before), after, "from {before}");
        }
        assert!(set("size = 1", Settings::default()).is_err());
    }

    #[test]
    fn the_layout_of_a_repository() {
        let in_place = RepositorySettings {
            layout: Some(WorktreeLayout::InPlace),
            new_worktrees: None,
        };
        let both = RepositorySettings {
            layout: None,
            new_worktrees: Some(WorktreeLayout::Isolated),
        };
        for (before, decided, after) in [
            ("", in_place, "layout = \"in-place\"\n"),
            (
                "# mine\nlayout = 'isolated' # so\n",
                in_place,
                "# mine\nlayout = \"in-place\" # so\n",
            ),
            (
                "layout = 'in-place'\n",
                both,
                "layout = 'in-place'\nnew-worktrees = \"isolated\"\n",
            ),
        ] {
            assert_eq!(set_for_repository(before, decided).as_deref(), Ok(after));
        }
        assert!(set_for_repository("layout = 'flat'", in_place).is_err());
    }

    #[test]
    fn mistakes_have_a_place() {
        let much = "expected a size with a unit, such as `20GB` or `512MiB`, found `much`";
        for (text, line, column, word) in [
            ("\nlocal = 'no'\n", 2, 9, "a boolean, found string \"no\""),
            ("local = false\n locale = 1\n", 2, 2, "`local`"),
            ("\u{feff}locale = 1\n", 1, 1, "found `locale`"),
            ("max-size = 2", 1, 12, "a string, found integer `2`"),
            ("max-size = 'much'", 1, 12, much),
            ("max-age = '1y'", 1, 11, "30d"),
            ("keep-programs = 1", 1, 17, "a boolean"),
            ("size = '1GB'", 1, 1, "found `size`"),
            ("local = true\nlocal = true", 2, 1, "duplicate"),
            ("[", 1, 2, ""),
        ] {
            let problem = parse(text).expect_err(text);
            let message = &problem.message;
            assert_eq!((problem.line, problem.column), (line, column), "{message}");
            assert!(message.contains(word), "{message}");
        }
    }
}
