//! Causes in words.

use std::path::Path;

use crate::audit::model::Difference;
use crate::plan::left;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::Source;
use crate::term::view::{View, ago};
use crate::why::model::{Cause, ComparedFolder, PackageDifference, UnitDifference};

/// So many of the things that differ are named.
const LISTED: usize = 4;

/// A cause as the heading of all units that have it, without what each has for itself. `of` is the package.
pub(super) fn heading(cause: &Cause, of: &str, view: &View) -> String {
    let place = |one: &ComparedFolder| view.paths.show(one.place());
    match cause {
        Cause::OtherUnit {
            nearest,
            differences,
            ..
        } => {
            let words: Vec<&str> = differences.iter().map(difference_word).collect();
            format!(
                "nearest unit, in {}, differs in {}",
                place(nearest),
                joined(&words)
            )
        }
        Cause::NotBuiltElsewhere { others_in, .. } => match others_in {
            None => "built in no other worktree".into(),
            Some(other) => format!(
                "target built in no other worktree; {} has others of the package",
                place(other)
            ),
        },
        Cause::Left { nearest, left } => format!(
            "same unit in {}, but `warm` takes no units {}",
            place(nearest),
            left::words(left)
        ),
        Cause::NotWarmed {
            nearest, warmed, ..
        } => match warmed {
            None => format!(
                "same unit in {}, but nothing warmed this folder before the build",
                place(nearest)
            ),
            Some(_) => sentence(cause, of, view),
        },
        // The others may have taken minutes to build.
        Cause::BuiltLater { nearest, .. } => format!(
            "same unit in {}, which has it only since this build began",
            place(nearest)
        ),
        Cause::PutHere { .. } => {
            "not compiled here, but put here by `warm` or another program".into()
        }
        cause => sentence(cause, of, view),
    }
}

/// A cause in all detail.
pub(super) fn sentence(cause: &Cause, of: &str, view: &View) -> String {
    let place = |one: &ComparedFolder| view.paths.show(one.place());
    let show = |path: &Path| view.paths.show(path);
    match cause {
        Cause::ChangedHere { file, modified } => format!(
            "source changed here since an earlier build: {}, {}",
            show(file),
            ago(Some(*modified), view)
        ),
        Cause::Dependency { package, because } => {
            let because = sentence(because, of, view);
            match package == of {
                // Such as the build script, or the library beside a program.
                true => format!("another target of it was compiled: {because}"),
                false => format!("dependency `{package}` was compiled: {because}"),
            }
        }
        Cause::Alone => "no other worktree or target folder to share with".into(),
        Cause::OnlyHere => "package is in no other worktree's Cargo.lock".into(),
        Cause::NotBuiltElsewhere {
            named_by,
            others_in,
        } => {
            let heading = heading(cause, of, view);
            match (named_by.first(), others_in) {
                (Some(first), None) => format!(
                    "{heading}; the Cargo.lock of {}{} has it",
                    show(first),
                    more(named_by.len() - 1)
                ),
                _ => heading,
            }
        }
        Cause::OtherUnit {
            nearest,
            differences,
            ..
        } => {
            let all: Vec<String> = differences.iter().map(difference).collect();
            format!(
                "nearest unit, in {}, differs: {}",
                place(nearest),
                all.join("; ")
            )
        }
        Cause::OtherFingerprint {
            nearest,
            differences,
        } => {
            let all: Vec<String> = differences.iter().map(field).collect();
            let first = all.iter().take(LISTED).cloned().collect::<Vec<_>>();
            let rest = more(all.len() - first.len());
            format!(
                "{}{rest} {} from {}",
                first.join(", "),
                match &differences[..] {
                    [only] if !is_plural(only) => "differs",
                    _ => "differ",
                },
                place(nearest)
            )
        }
        Cause::SourceDiffers { nearest, file } => {
            format!("source differs from {}: {}", place(nearest), show(file))
        }
        Cause::Left { left, .. } => {
            format!("{}{}", heading(cause, of, view), left::detail(left, view))
        }
        Cause::NotWarmed {
            nearest,
            there_since,
            warmed,
        } => match (warmed, there_since) {
            (Some(warmed), Some(since)) if since > warmed => format!(
                "same unit in {}, which has it only since this folder was warmed",
                place(nearest)
            ),
            (Some(_), _) => format!(
                "same unit in {}, not taken when this folder was warmed before the build",
                place(nearest)
            ),
            (None, _) => heading(cause, of, view),
        },
        Cause::BuiltLater { nearest, at } => format!(
            "same unit in {}, which has it only since this build began ({})",
            place(nearest),
            ago(Some(*at), view)
        ),
        Cause::PutHere { at } => format!(
            "not compiled here: `warm` or another program put it here {}",
            ago(Some(*at), view)
        ),
        Cause::Unknown { why } => format!("unknown: {why}"),
    }
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {count} more"),
    }
}

fn joined(words: &[&str]) -> String {
    match words {
        [] => "nothing that Cargo records".into(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The words for a difference between units, in Cargo's terms.
fn difference_word(difference: &UnitDifference) -> &'static str {
    match difference {
        UnitDifference::Package(PackageDifference::Version { .. }) => "version",
        UnitDifference::Package(PackageDifference::Source { .. }) => "source",
        UnitDifference::Unit(difference) => match difference {
            Difference::Checked => "kind (check or build)",
            Difference::Profile { .. } => "profile",
            Difference::Settings => "profile settings or lints",
            Difference::Triple { .. } => "target triple",
            Difference::Compiler { .. } => "compiler",
            Difference::Rustflags { .. } => "RUSTFLAGS",
            Difference::Features { .. } => "features",
            Difference::Dependencies { .. } => "dependencies",
            Difference::Unknown => "something that Cargo does not record",
        },
    }
}

fn difference(difference: &UnitDifference) -> String {
    let word = difference_word(difference);
    let from_to = |from: &str, to: &str| format!("{word} {to} here, {from} there");
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.into());
    match difference {
        UnitDifference::Package(PackageDifference::Version { from, to }) => from_to(from, to),
        UnitDifference::Package(PackageDifference::Source { from, to }) => {
            from_to(&source(from), &source(to))
        }
        UnitDifference::Unit(difference) => match difference {
            Difference::Profile { from, to } => from_to(from, to),
            Difference::Triple { from, to } => from_to(&or(from, "host"), &or(to, "host")),
            Difference::Compiler { from, to } => from_to(&or(from, "another"), &or(to, "another")),
            Difference::Rustflags { from, to } => {
                let flags = |flags: &[String]| format!("`{}`", flags.join(" "));
                from_to(&flags(from), &flags(to))
            }
            Difference::Features { more, less } => {
                let mut all = Vec::new();
                if !more.is_empty() {
                    all.push(format!("only here: {}", listed(more)));
                }
                if !less.is_empty() {
                    all.push(format!("only there: {}", listed(less)));
                }
                format!("{word} {}", all.join(", "))
            }
            Difference::Dependencies { packages } => format!("{word} {}", listed(packages)),
            Difference::Checked | Difference::Settings | Difference::Unknown => word.to_owned(),
        },
    }
}

pub(super) fn listed(names: &[String]) -> String {
    let first = names.iter().take(LISTED).cloned().collect::<Vec<_>>();
    format!("{}{}", first.join(" "), more(names.len() - first.len()))
}

fn source(source: &Source) -> String {
    match source {
        Source::Registry { registry } => format!("registry {registry}"),
        Source::Git { checkout, revision } => format!("git {checkout} at {revision}"),
        Source::Directory => "a vendored folder".into(),
        Source::Local => "a local path".into(),
        Source::Unknown => "unknown".into(),
    }
}

/// Whether the words for a field are a plural.
fn is_plural(field: &FieldDifference) -> bool {
    matches!(
        field,
        FieldDifference::Watched { .. }
            | FieldDifference::WatchedKind
            | FieldDifference::Features
            | FieldDifference::Profile
            | FieldDifference::Rustflags
    )
}

/// A field of a fingerprint that differs.
fn field(field: &FieldDifference) -> String {
    match field {
        FieldDifference::Variable { name } => format!("variable `{name}`"),
        FieldDifference::Dependency { name, .. } => format!("dependency `{name}`"),
        FieldDifference::Watched { paths } => {
            format!("files that the build script watches ({})", listed(paths))
        }
        FieldDifference::WatchedKind => "instructions of the build script for Cargo".into(),
        FieldDifference::SourceState => "state of the sources".into(),
        FieldDifference::Path => "path of the crate".into(),
        FieldDifference::Compiler => "compiler".into(),
        FieldDifference::Rustflags => "RUSTFLAGS".into(),
        FieldDifference::Features => "features".into(),
        FieldDifference::Profile => "profile settings or lints".into(),
        FieldDifference::Target => "target in the manifest".into(),
        FieldDifference::Triple => "target triple".into(),
        FieldDifference::Method => "method of detecting changed sources".into(),
        FieldDifference::Other { field } => format!("field `{field}` of the fingerprint"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{heading, sentence};
    use crate::term::paths::Paths;
    use crate::term::view::View;
    use crate::warm::decide::Relation;
    use crate::why::model::{Cause, ComparedFolder};

    /// The other worktree may have built them over several minutes.
    #[test]
    fn units_that_others_have_built_later_have_one_heading() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000);
        let view = View {
            paths: Paths::default(),
            width: None,
            links: false,
            verbose: false,
            now,
        };
        let built = |minutes| Cause::BuiltLater {
            nearest: ComparedFolder {
                folder: "/o/target".into(),
                relation: Relation::Family,
                workspace: Some("/o".into()),
            },
            at: now - SignedDuration::from_mins(minutes),
        };
        let headings = [1, 5].map(|minutes| heading(&built(minutes), "app", &view));
        assert_eq!(headings[0], headings[1]);
        let sentences = [1, 5].map(|minutes| sentence(&built(minutes), "app", &view));
        assert_ne!(sentences[0], sentences[1]);
    }
}
