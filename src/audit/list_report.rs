//! Shows workspaces and target folders to people.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::audit::list_decide::is_of_cargo;
use crate::audit::listing::{Configured, FolderState, ListedFolder, ListedWorkspace, Listing};
use crate::clean::litter::why_litter_stays;
use crate::plan::action::Warning;
use crate::plan::advice::advice;
use crate::plan::kept::{DeleteReason, KeptReason};
use crate::plan::reasons;
use crate::plan::report::absence;
use crate::size::Bytes;
use crate::survey::folder::FolderOrigin;
use crate::survey::model::Survey;
use crate::term::table::{self, Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, WARNING, ago, counted, wrapped};
use crate::text::shown;

/// Writes what there is.
pub(crate) fn list(
    out: Out<'_>,
    survey: &Survey,
    listing: &Listing,
    sizes_known: bool,
    view: &View,
) -> io::Result<()> {
    let (groups, hidden) = grouped(listing, view);
    for (common_dir, group) in &groups {
        heading(out, common_dir, survey, view)?;
        group.write(out, sizes_known, view)?;
    }
    summary(out, survey, listing, hidden, sizes_known, view)?;
    warnings(out, survey, listing, view)
}

/// Writes what there is as tables in Markdown.
pub(crate) fn markdown(
    out: Out<'_>,
    survey: &Survey,
    listing: &Listing,
    sizes_known: bool,
    view: &View,
) -> io::Result<()> {
    writeln!(out, "### `cargo sharedtarget list`")?;
    writeln!(out)?;
    let (groups, hidden) = grouped(listing, view);
    summary(out, survey, listing, hidden, sizes_known, view)?;
    for (common_dir, group) in &groups {
        let found = survey.repositories.iter();
        let mut found = found.filter(|repository| repository.common_dir == *common_dir);
        let name = found.next().map_or("elsewhere", |found| &found.name);
        writeln!(out)?;
        writeln!(out, "**{}**", table::markdown(name))?;
        writeln!(out)?;
        group.table(sizes_known, view).write_markdown(out)?;
    }
    Ok(())
}

/// The workspaces and folders to show, by repository, and how many workspaces are not shown.
fn grouped<'a>(listing: &'a Listing, view: &View) -> (BTreeMap<PathBuf, Group<'a>>, usize) {
    let mut groups: BTreeMap<PathBuf, Group<'_>> = BTreeMap::new();
    let mut hidden = 0;
    for row in &listing.workspaces {
        // Fixtures and templates are workspaces too, by the hundred in some repositories.
        if row.workspace.nested_in.is_some() && row.last_build.is_none() && !view.verbose {
            hidden += 1;
            continue;
        }
        let home = row
            .workspace
            .place
            .as_ref()
            .map(|place| place.common_dir.clone());
        groups
            .entry(home.unwrap_or_default())
            .or_default()
            .workspaces
            .push(row);
    }
    for row in listing
        .folders
        .iter()
        .filter(|row| row.folder.users.is_empty())
    {
        groups
            .entry(home_of(row, listing))
            .or_default()
            .left_behind
            .push(row);
    }
    (groups, hidden)
}

#[derive(Default)]
struct Group<'a> {
    workspaces: Vec<&'a ListedWorkspace>,
    left_behind: Vec<&'a ListedFolder>,
}

impl Group<'_> {
    fn table(&self, sizes_known: bool, view: &View) -> Table {
        let all = [
            ("ON DISK", Align::Right),
            ("FREEABLE", Align::Right),
            ("LAST CHANGE", Align::Left),
            ("STATE", Align::Left),
            ("WORKSPACE OR FOLDER", Align::Left),
        ];
        let skipped = if sizes_known { 0 } else { 2 };
        let mut table = Table::new(&all[skipped..]);
        let size = |bytes: Option<Bytes>| bytes.map_or_else(|| "-".to_owned(), |b| b.to_string());
        for row in &self.workspaces {
            let cells = [
                size(row.on_disk),
                size(row.freeable),
                ago(row.last_build, view),
                configured(row.configured).into(),
                workspace(row, view),
            ];
            let link = view.link(&row.workspace.root);
            table.linked_row(cells[skipped..].to_vec(), link);
        }
        for row in &self.left_behind {
            let usage = row.folder.usage.as_ref();
            let cells = [
                size(usage.map(|usage| usage.on_disk)),
                size(usage.map(|usage| usage.freeable)),
                ago(row.folder.last_build, view),
                state(&row.state).into(),
                view.paths.show(&row.folder.path),
            ];
            table.linked_row(cells[skipped..].to_vec(), view.link(&row.folder.path));
        }
        table
    }

    fn write(&self, out: Out<'_>, sizes_known: bool, view: &View) -> io::Result<()> {
        self.table(sizes_known, view).write(out, view.width)?;
        for row in self.left_behind.iter().filter(|_| view.verbose) {
            if let FolderState::Unclear { because } = &row.state {
                let why = reasons::kept(because, &view.paths, view.now);
                let text = format!("{}: {why}", view.paths.show(&row.folder.path));
                wrapped(out, &text, "  ", view.width)?;
            }
        }
        writeln!(out)
    }
}

/// A workspace, and where it builds if that is not its own `target`.
fn workspace(row: &ListedWorkspace, view: &View) -> String {
    let root = &row.workspace.root;
    let shown = view.paths.show(root);
    let into = &row.workspace.dirs.target_dir;
    let told = matches!(row.configured, Configured::Isolated | Configured::Default);
    if *into == root.join("target") || (told && !view.verbose) {
        shown
    } else {
        format!("{shown} -> {}", view.paths.show(into))
    }
}

/// The repository that a left-behind folder belongs to.
fn home_of(row: &ListedFolder, listing: &Listing) -> PathBuf {
    let home = match &row.folder.known {
        FolderOrigin::Owner { owner, .. } => owner.common_dir.clone(),
        FolderOrigin::Default { workspace } | FolderOrigin::Member { workspace } => {
            let of = listing
                .workspaces
                .iter()
                .find(|row| row.workspace.root == *workspace);
            of.and_then(|row| row.workspace.place.as_ref())
                .map(|place| place.common_dir.clone())
        }
        _ => None,
    };
    home.unwrap_or_default()
}

fn heading(out: Out<'_>, common_dir: &Path, survey: &Survey, view: &View) -> io::Result<()> {
    let found = survey
        .repositories
        .iter()
        .find(|repository| repository.common_dir == *common_dir);
    let Some(repository) = found else {
        return writeln!(out, "{HEADING}elsewhere{HEADING:#}");
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
    if repository.bare {
        notes.push("bare".into());
    }
    if outside > 0 {
        notes.push(format!("{outside} outside the root"));
    }
    if gone > 0 {
        notes.push(format!("{gone} gone"));
    }
    let main = repository.worktrees.iter().find(|worktree| worktree.main);
    let at = view
        .paths
        .show(main.map_or(&repository.common_dir, |main| &main.path));
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}  {at}  ({})",
        shown(&repository.name),
        notes.join(", ")
    )
}

fn configured(how: Configured) -> &'static str {
    match how {
        Configured::Unsafe => "UNSAFE",
        Configured::Isolated => "isolated",
        Configured::Flat => "flat",
        Configured::BuildDir => "build-dir",
        Configured::InPlace => "in-place",
        Configured::Custom => "custom",
        Configured::Default => "default",
    }
}

fn state(state: &FolderState) -> &'static str {
    match state {
        FolderState::InUse | FolderState::Shared { .. } => "in use",
        FolderState::Stale {
            because: DeleteReason::OwnerGone { .. },
        } => "orphaned",
        FolderState::Stale { .. } => "stale",
        FolderState::Unclear { because } => match because {
            KeptReason::OwnerElsewhere { .. } => "elsewhere",
            KeptReason::OwnerMissing { .. } | KeptReason::MayComeBack { .. } => "missing",
            KeptReason::MayServeOthers { .. } => "shadowed",
            KeptReason::NamedByEnv { .. } => "by variable",
            KeptReason::NotATarget { .. } => "unclear",
            _ => "unclaimed",
        },
    }
}

fn summary(
    out: Out<'_>,
    survey: &Survey,
    listing: &Listing,
    hidden: usize,
    sizes_known: bool,
    view: &View,
) -> io::Result<()> {
    if listing.workspaces.is_empty() && listing.folders.is_empty() {
        let absence = absence("list", survey, view);
        return writeln!(out, "nothing to list: {absence}");
    }
    let workspaces = counted(listing.workspaces.len(), "workspace");
    let folders = listing.folders.iter();
    let folders = folders.filter(|row| is_of_cargo(&row.folder)).count();
    write!(out, "{workspaces}, {}", counted(folders, "target folder"))?;
    if sizes_known {
        let total = listing.total;
        write!(
            out,
            ": {GOOD}{}{GOOD:#} on disk{}, {} of that stale",
            total.on_disk,
            once(listing),
            total.stale
        )?;
    }
    writeln!(out)?;
    if hidden > 0 {
        let text = format!(
            "{} inside others, never built: not shown (--verbose shows them)",
            counted(hidden, "workspace")
        );
        wrapped(out, &text, "", view.width)?;
    }
    Ok(())
}

/// Says why the rows add up to more than the total, where they do.
fn once(listing: &Listing) -> &'static str {
    let folders = listing.folders.iter();
    let each = folders.filter_map(|row| row.folder.usage.as_ref());
    let each: Bytes = each.map(|usage| usage.on_disk).sum();
    match each > listing.total.on_disk {
        true => " (shared files count once)",
        false => "",
    }
}

fn warnings(out: Out<'_>, survey: &Survey, listing: &Listing, view: &View) -> io::Result<()> {
    let mut warn = |text: &str| {
        write!(out, "{WARNING}warning{WARNING:#}: ")?;
        wrapped(out, text, "", view.width)
    };
    for trash in &survey.trash {
        let path = view.paths.show(&trash.path);
        let text = match why_litter_stays(trash) {
            // It is that run's.
            Some(KeptReason::OtherRun { .. }) => continue,
            Some(reason) => {
                let why = reasons::kept(&reason, &view.paths, view.now);
                let advice = advice(&reason).map(|advice| format!(": {advice}"));
                format!("{path} {why}{}", advice.unwrap_or_default())
            }
            None => format!(
                "{path} is a remnant of an interrupted run; the next setup, clean, gc, dedupe or undo deletes it"
            ),
        };
        warn(&text)?;
    }
    if listing
        .workspaces
        .iter()
        .any(|row| row.configured == Configured::Unsafe)
    {
        warn(
            "worktrees marked UNSAFE build into one folder, so Cargo can run one worktree's code for another's; \
                 `cargo sharedtarget` gives each its own folder",
        )?;
    }
    for found in &survey.overrides {
        let (variable, value) = (found.variable.clone(), found.value.clone());
        warn(&reasons::warning(
            &Warning::EnvOverride { variable, value },
            &view.paths,
        ))?;
    }
    for problem in &survey.problems {
        warn(&format!(
            "{}: {}",
            view.paths.show(&problem.path),
            problem.message
        ))?;
    }
    Ok(())
}
