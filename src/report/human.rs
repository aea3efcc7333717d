//! Text for people.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use super::table::{Align, Table};
use super::{Paths, reasons};
use crate::age::since;
use crate::model::{
    Action, Deed, EditFile, FolderState, Kept, KeptReason, ListedFolder, Listing, NotDone, Outcome,
    Plan, SharedRoot, Subject, Survey, Usage, Warning,
};
use crate::size::Bytes;

const HEADING: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// How to render.
#[derive(Clone, Debug)]
pub struct View {
    /// How paths are shortened.
    pub paths: Paths,
    /// The width of the terminal; `None` where there is none, and then nothing is cut.
    pub width: Option<usize>,
    /// Say everything.
    pub verbose: bool,
    /// The time to count ages from.
    pub now: Timestamp,
}

type Out<'a> = &'a mut dyn Write;

/// Writes a plan.
///
/// # Errors
///
/// The writer fails.
pub fn plan(out: Out<'_>, plan: &Plan, shared_root: &SharedRoot, view: &View) -> io::Result<()> {
    writes(out, plan, shared_root, view)?;
    deletions(out, plan, view)?;
    kept(out, &plan.kept, view)?;
    for warning in &plan.warnings {
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {}",
            reasons::warning(warning, &view.paths)
        )?;
    }
    if plan.actions.is_empty() {
        writeln!(out, "{GOOD}nothing to do{GOOD:#}")?;
    }
    Ok(())
}

fn writes(out: Out<'_>, plan: &Plan, shared_root: &SharedRoot, view: &View) -> io::Result<()> {
    let show = |path: &Path| view.paths.show(path);
    if plan
        .actions
        .iter()
        .any(|action| matches!(action, Action::CreateSharedRoot { .. }))
    {
        writeln!(
            out,
            "{HEADING}Make the shared root{HEADING:#} {}",
            show(&shared_root.path)
        )?;
        writeln!(out)?;
    }
    let mut table = Table::new(&[
        ("LAYOUT", Align::Left),
        ("CONFIG", Align::Left),
        ("BUILDS INTO", Align::Left),
    ]);
    let mut count = 0;
    let mut ignored: Vec<&EditFile> = Vec::new();
    let mut restored: Vec<(&EditFile, bool)> = Vec::new();
    let mut owners = 0;
    for action in &plan.actions {
        match action {
            Action::WriteConfig {
                layout,
                target_dir,
                build_dir,
                edit,
                ..
            } => {
                let into = target_dir
                    .as_deref()
                    .map(show)
                    .or_else(|| build_dir.as_deref().map(|b| show(Path::new(b))));
                table.row(vec![
                    reasons::layout(*layout).into(),
                    show(&edit.file),
                    into.unwrap_or_default(),
                ]);
                count += 1;
            }
            Action::Exclude(edit) => ignored.push(edit),
            Action::Restore { edit, .. } => restored.push((edit, edit.after.is_none())),
            Action::RecordOwner { .. } => owners += 1,
            _ => {}
        }
    }
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Write {}{HEADING:#}",
            counted(count, "configuration")
        )?;
        table.write(out, view.width)?;
        writeln!(out)?;
    }
    for edit in ignored {
        writeln!(
            out,
            "{HEADING}Have git ignore them{HEADING:#} by {}",
            show(&edit.file)
        )?;
    }
    if count == 0 && owners > 0 {
        writeln!(
            out,
            "{HEADING}Note the owners{HEADING:#} of {}",
            counted(owners, "target folder")
        )?;
    }
    if !restored.is_empty() {
        writeln!(
            out,
            "{HEADING}Put back {}{HEADING:#}",
            counted(restored.len(), "file")
        )?;
        let mut table = Table::new(&[("HOW", Align::Left), ("FILE", Align::Left)]);
        for (edit, removed) in restored {
            let how = if removed { "remove" } else { "as it was" };
            table.row(vec![how.into(), show(&edit.file)]);
        }
        table.write(out, view.width)?;
        writeln!(out)?;
    }
    Ok(())
}

fn deletions(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let columns = [
        ("LOGICAL", Align::Right),
        ("ON DISK", Align::Right),
        ("FREEABLE", Align::Right),
        ("LAST BUILD", Align::Left),
        ("WHY", Align::Left),
        ("FOLDER", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let mut count = 0;
    for action in &plan.actions {
        let (path, usage, built, why) = match action {
            Action::DeleteFolder(delete) => (
                &delete.path,
                &delete.usage,
                delete.last_build,
                reasons::delete(&delete.why),
            ),
            Action::FinishTrash { path, usage } => (path, usage, None, "unfinished"),
            _ => continue,
        };
        let mut cells = sizes(usage.as_ref());
        cells.extend([ago(built, view), why.into(), view.paths.show(path)]);
        table.row(cells);
        count += 1;
    }
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Delete {}{HEADING:#}",
            counted(count, "target folder")
        )?;
        table.write(out, view.width)?;
        writeln!(out, "  together they free {GOOD}{}{GOOD:#}", plan.freeable)?;
        writeln!(out)?;
    }
    Ok(())
}

fn sizes(usage: Option<&Usage>) -> Vec<String> {
    let show = |bytes: fn(&Usage) -> Bytes| {
        usage.map_or_else(|| "-".into(), |usage| bytes(usage).to_string())
    };
    vec![
        show(|u| u.logical),
        show(|u| u.on_disk),
        show(|u| u.freeable),
    ]
}

fn ago(at: Option<Timestamp>, view: &View) -> String {
    at.map_or_else(|| "never".into(), |at| since(at, view.now).to_string())
}

/// What is as it should be is counted; everything else is named, with what to do once for each kind.
fn kept(out: Out<'_>, all: &[Kept], view: &View) -> io::Result<()> {
    let ordinary = |kept: &&Kept| {
        matches!(
            kept.reason,
            KeptReason::UpToDate { .. } | KeptReason::InUse { .. } | KeptReason::AsItWas
        )
    };
    let (plain, notable): (Vec<&Kept>, Vec<&Kept>) =
        all.iter().partition(|kept| ordinary(kept) && !view.verbose);
    if !notable.is_empty() {
        writeln!(out, "{HEADING}Keep{HEADING:#}")?;
        let mut hints: BTreeMap<String, usize> = BTreeMap::new();
        for (at, kept) in notable.iter().enumerate() {
            let size = kept
                .on_disk
                .map(|bytes| format!(" ({bytes})"))
                .unwrap_or_default();
            writeln!(out, "  {}{size}", view.paths.show(&kept.path))?;
            wrapped(
                out,
                &reasons::kept(&kept.reason, &view.paths, view.now),
                "      ",
                view.width,
            )?;
            if let Some(advice) = reasons::advice(&kept.reason) {
                hints.entry(advice).or_insert(at);
            }
        }
        let mut hints: Vec<(String, usize)> = hints.into_iter().collect();
        hints.sort_by_key(|(_, at)| *at);
        for (hint, _) in hints {
            wrapped(out, &format!("hint: {hint}"), "  ", view.width)?;
        }
        writeln!(out)?;
    }
    let count = |subject: Subject| plain.iter().filter(|kept| kept.subject == subject).count();
    let configs = count(Subject::Workspace) + count(Subject::File);
    let folders = count(Subject::Folder);
    let counts: Vec<String> = [
        (configs, "configuration", "as it should be"),
        (folders, "target folder", "in use"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, what, how)| format!("{} {how}", counted(count, what)))
    .collect();
    if !counts.is_empty() {
        writeln!(out, "Also kept: {}", counts.join(", "))?;
    }
    Ok(())
}

fn wrapped(out: Out<'_>, text: &str, indent: &str, width: Option<usize>) -> io::Result<()> {
    let room = width.map_or(usize::MAX, |width| {
        width.saturating_sub(indent.len()).max(30)
    });
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{indent}{line}")
}

/// Writes what was done.
///
/// # Errors
///
/// The writer fails.
pub fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let count = |deed: Deed| outcome.done.iter().filter(|done| done.what == deed).count();
    let written = count(Deed::WriteConfig);
    let restored = count(Deed::Restore);
    let deleted = count(Deed::DeleteFolder) + count(Deed::FinishTrash);
    if written > 0 {
        writeln!(out, "wrote {}", counted(written, "configuration"))?;
    }
    if restored > 0 {
        writeln!(out, "put back {}", counted(restored, "file"))?;
    }
    if deleted > 0 || outcome.freed.entries > 0 {
        let freed = outcome.freed;
        writeln!(
            out,
            "deleted {} ({} files): freed {GOOD}{}{GOOD:#}",
            counted(deleted, "target folder"),
            freed.entries,
            freed.on_disk
        )?;
        for disk in &outcome.filesystems {
            let (before, after) = (disk.available_before, disk.available_after);
            let change = match after.0.checked_sub(before.0) {
                Some(more) => format!("{} more", Bytes(more)),
                None => format!("{} less, since others write too", Bytes(before.0 - after.0)),
            };
            let at = view.paths.show(&disk.at);
            writeln!(
                out,
                "the filesystem of {at} says {change}: {after} free, {before} before"
            )?;
        }
    }
    let stopped = |out: Out<'_>, all: &[NotDone], word: &str, style: Style| -> io::Result<()> {
        for one in all {
            writeln!(
                out,
                "{style}{word}{style:#} {}: {}",
                view.paths.show(&one.path),
                one.message
            )?;
        }
        Ok(())
    };
    stopped(out, &outcome.skipped, "skipped", WARNING)?;
    stopped(out, &outcome.failed, "failed", ERROR)?;
    Ok(())
}

/// Writes what there is.
///
/// # Errors
///
/// The writer fails.
pub fn list(
    out: Out<'_>,
    survey: &Survey,
    listing: &Listing,
    sizes_known: bool,
    view: &View,
) -> io::Result<()> {
    let mut groups: BTreeMap<PathBuf, Vec<&ListedFolder>> = BTreeMap::new();
    for row in &listing.folders {
        groups.entry(group_of(row, survey)).or_default().push(row);
    }
    for (group, rows) in &groups {
        heading(out, group, survey, view)?;
        let columns: &[(&'static str, Align)] = if sizes_known {
            &[
                ("ON DISK", Align::Right),
                ("FREEABLE", Align::Right),
                ("LAST BUILD", Align::Left),
                ("STATE", Align::Left),
                ("FOLDER", Align::Left),
            ]
        } else {
            &[
                ("LAST BUILD", Align::Left),
                ("STATE", Align::Left),
                ("FOLDER", Align::Left),
            ]
        };
        let mut table = Table::new(columns);
        for row in rows {
            let mut cells = Vec::new();
            if sizes_known {
                cells.extend(sizes(row.folder.usage.as_ref()).into_iter().skip(1));
            }
            cells.extend([
                ago(row.folder.last_build, view),
                state(&row.state),
                view.paths.show(&row.folder.path),
            ]);
            table.row(cells);
        }
        table.write(out, view.width)?;
        if view.verbose {
            for row in rows {
                if let FolderState::Unclear { because } = &row.state {
                    let why = reasons::kept(because, &view.paths, view.now);
                    wrapped(
                        out,
                        &format!("{} {why}", view.paths.show(&row.folder.path)),
                        "  ",
                        view.width,
                    )?;
                }
            }
        }
        writeln!(out)?;
    }
    summary(out, survey, listing, sizes_known, view)
}

/// Folders are shown with the repository that builds into them, or with the workspace outside git.
fn group_of(row: &ListedFolder, survey: &Survey) -> PathBuf {
    let of = |root: &PathBuf| {
        survey
            .workspaces
            .iter()
            .find(|workspace| workspace.root == *root)
    };
    let owner = match &row.folder.known {
        crate::model::Known::Owner { owner, .. } => owner.common_dir.clone(),
        crate::model::Known::Default { workspace } | crate::model::Known::Member { workspace } => {
            of(workspace)
                .and_then(|workspace| workspace.place.as_ref())
                .map(|place| place.common_dir.clone())
        }
        _ => None,
    };
    let user = row.folder.users.first().and_then(of);
    let place = user
        .and_then(|user| user.place.as_ref())
        .map(|place| place.common_dir.clone());
    place.or(owner).unwrap_or_default()
}

fn heading(out: Out<'_>, common_dir: &Path, survey: &Survey, view: &View) -> io::Result<()> {
    let Some(repository) = survey
        .repositories
        .iter()
        .find(|repository| repository.common_dir == *common_dir)
    else {
        return writeln!(out, "{HEADING}outside git{HEADING:#}");
    };
    let present = repository
        .worktrees
        .iter()
        .filter(|worktree| worktree.present);
    let gone = repository
        .worktrees
        .iter()
        .filter(|worktree| !worktree.present)
        .count();
    let outside = present
        .clone()
        .filter(|worktree| !worktree.inside_root)
        .count();
    let mut notes = vec![counted(present.count(), "worktree")];
    if outside > 0 {
        notes.push(format!("{outside} outside the root"));
    }
    if gone > 0 {
        notes.push(format!("{gone} gone"));
    }
    let main = repository
        .worktrees
        .iter()
        .find(|worktree| worktree.main)
        .map_or(&repository.common_dir, |w| &w.path);
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}  {}  ({}{})",
        repository.name,
        view.paths.show(main),
        if repository.bare { "bare, " } else { "" },
        notes.join(", ")
    )
}

fn state(state: &FolderState) -> String {
    match state {
        FolderState::InUse => "in use".into(),
        FolderState::Shared {
            workspaces,
            unsafe_for_worktrees: true,
        } => format!("UNSAFE, by {workspaces}"),
        FolderState::Shared { workspaces, .. } => format!("used by {workspaces}"),
        FolderState::Stale { because } => match because {
            crate::model::DeleteReason::OwnerGone { .. } => "orphaned".into(),
            _ => "stale".into(),
        },
        FolderState::Unclear { because } => match because {
            KeptReason::OwnerElsewhere { .. } => "elsewhere".into(),
            KeptReason::OwnerMissing { .. } => "missing".into(),
            KeptReason::MayServeOthers { .. } => "shadowed".into(),
            _ => "unclaimed".into(),
        },
    }
}

fn summary(
    out: Out<'_>,
    survey: &Survey,
    listing: &Listing,
    sizes_known: bool,
    view: &View,
) -> io::Result<()> {
    let built = |root: &Path| {
        listing
            .folders
            .iter()
            .any(|row| row.folder.users.iter().any(|user| user == root))
    };
    let unbuilt: Vec<_> = survey
        .workspaces
        .iter()
        .filter(|workspace| !built(&workspace.root))
        .collect();
    if view.verbose {
        for workspace in &unbuilt {
            let into = view.paths.show(&workspace.dirs.target_dir);
            writeln!(
                out,
                "not built: {} (into {into})",
                view.paths.show(&workspace.root)
            )?;
        }
    }
    write!(
        out,
        "{} ({} not built), {}",
        counted(survey.workspaces.len(), "workspace"),
        unbuilt.len(),
        counted(listing.folders.len(), "target folder")
    )?;
    if sizes_known {
        let total = listing.total;
        write!(
            out,
            ": {GOOD}{}{GOOD:#} on disk, {} of them stale",
            total.on_disk, total.stale
        )?;
    }
    writeln!(out)?;
    for trash in &survey.trash {
        writeln!(
            out,
            "half-deleted: {} (the next clean finishes it)",
            view.paths.show(&trash.path)
        )?;
    }
    if listing.folders.iter().any(|row| {
        matches!(
            row.state,
            FolderState::Shared {
                unsafe_for_worktrees: true,
                ..
            }
        )
    }) {
        let text = "UNSAFE folders are shared by worktrees of one repository, and cargo can run one's code for \
                    another's; `cargo sharedtarget` gives each its own";
        writeln!(out, "{WARNING}warning{WARNING:#}: {text}")?;
    }
    for found in &survey.overrides {
        let warning = Warning::EnvOverride {
            variable: found.variable.clone(),
            value: found.value.clone(),
        };
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {}",
            reasons::warning(&warning, &view.paths)
        )?;
    }
    for problem in &survey.problems {
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {}: {}",
            view.paths.show(&problem.path),
            problem.message
        )?;
    }
    Ok(())
}

/// `1 folder`, `2 folders`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
