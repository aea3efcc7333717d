//! Changes of files, for people.

use std::io;
use std::path::Path;

use crate::cargo::config_chain::WORKSPACE_PATH_HASH;
use crate::markers::TARGET;
use crate::plan::action::{EditFile, Plan, Section};
use crate::plan::outcome::Outcome;
use crate::plan::reasons;
use crate::setup::model::{
    Exclude, InstallWrapper, RecordOwner, RemoveSharedRoot, Restore, WriteConfig, WriteSettings,
};
use crate::survey::folder::Layout;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, counted, wrapped};
use crate::text::shown;

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 1,
    plan,
    outcome_order: 1,
    outcome,
};

/// Writes which files would be changed.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let show = |path: &Path| view.paths.show(path);
    let mut table = Table::new(&[
        ("LAYOUT", Align::Left),
        ("CONFIG", Align::Left),
        ("BUILDS INTO", Align::Left),
    ]);
    let (mut count, mut guards, mut alone) = (0, 0, 0);
    let mut wrapper = None;
    for write in plan.all::<WriteConfig>() {
        wrapper = wrapper.or(write.rustc_wrapper.as_deref());
        let into = write.target_dir.as_deref().map(show);
        let into = into.or_else(|| write.build_dir.as_deref().map(|b| show(Path::new(b))));
        let in_place = write.workspace.as_ref().filter(|_| write.is_in_place());
        let into = into.or_else(|| in_place.map(|workspace| show(&workspace.join(TARGET))));
        table.row(vec![
            reasons::layout(write.layout).into(),
            show(&write.edit.file),
            into.unwrap_or_default(),
        ]);
        count += 1;
        alone += usize::from(write.alone);
        let build_dir = write.build_dir.as_deref();
        let is_guard = build_dir.is_some_and(|value| value.contains(WORKSPACE_PATH_HASH));
        guards += usize::from(write.layout == Layout::Isolated && is_guard);
    }
    let ignored: Vec<&EditFile> = plan.all::<Exclude>().map(|exclude| &exclude.0).collect();
    let restored: Vec<&Restore> = plan.all().collect();
    let owners = plan.all::<RecordOwner>().count();
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Write {}{HEADING:#}",
            counted(count, "configuration")
        )?;
        table.write(out, view.width)?;
        if guards > 0 {
            let who = match (guards, count) {
                (1, 1) => "it gets".to_owned(),
                (1, _) => "1 of them gets".to_owned(),
                _ => format!("{guards} of them get"),
            };
            let text = format!(
                "{who} a guard too (build-dir): without it, worktrees and unbuilt workspaces inside build into \
                     its folder until they are set up. With it, CARGO_TARGET_DIR and --target-dir move only final \
                     programs; --no-guard omits it"
            );
            wrapped(out, &text, "  ", view.width)?;
        }
        if alone > 0 {
            let who = match (alone, count) {
                (1, 1) => "it has no other worktree, so it gains".to_owned(),
                (1, _) => "1 of them has no other worktree, so it gains".to_owned(),
                _ => format!("{alone} of them have no other worktree, so they gain"),
            };
            let text = format!(
                "{who} nothing until one is added; --worktrees-only leaves such workspaces out"
            );
            wrapped(out, &text, "  ", view.width)?;
        }
        if let Some(wrapper) = wrapper {
            writeln!(out, "  rustc wrapper: {}", show(Path::new(wrapper)))?;
        }
        writeln!(out)?;
    }
    if let [first, others @ ..] = &ignored[..] {
        let more = if others.is_empty() {
            String::new()
        } else {
            format!(" and {} more", others.len())
        };
        writeln!(
            out,
            "{HEADING}Make git ignore them{HEADING:#} in {}{more}",
            show(&first.file)
        )?;
        writeln!(out)?;
    }
    for action in &plan.actions {
        if let Some(InstallWrapper(edit)) = action.as_type() {
            writeln!(
                out,
                "{HEADING}Write the script{HEADING:#} {}",
                show(&edit.file)
            )?;
            let text = "Cargo runs it in place of the compiler, so that it sets up new worktrees at their first \
                build";
            wrapped(out, text, "  ", view.width)?;
            writeln!(out)?;
        }
        if let Some(WriteSettings { says, edit }) = action.as_type() {
            writeln!(
                out,
                "{HEADING}Write the settings{HEADING:#} {}",
                show(&edit.file)
            )?;
            for line in says {
                writeln!(out, "  {}", shown(line))?;
            }
            writeln!(out)?;
        }
    }
    if count == 0 && owners > 0 {
        writeln!(
            out,
            "{HEADING}Write owner files{HEADING:#} of {}",
            counted(owners, "target folder")
        )?;
    }
    if !restored.is_empty() {
        writeln!(
            out,
            "{HEADING}Restore {}{HEADING:#}",
            counted(restored.len(), "file")
        )?;
        let mut table = Table::new(&[("HOW", Align::Left), ("FILE", Align::Left)]);
        for Restore { edit, .. } in restored {
            let how = match edit.after {
                None => "remove",
                Some(_) => "restore",
            };
            table.linked_row(vec![how.into(), show(&edit.file)], view.link(&edit.file));
        }
        table.write(out, view.width)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes which files were changed.
fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    let written = outcome.count(WriteConfig::KIND);
    let restored = outcome.count(Restore::KIND);
    if written > 0 {
        writeln!(out, "wrote {}", counted(written, "configuration"))?;
    }
    if outcome.count(InstallWrapper::KIND) > 0 {
        writeln!(out, "wrote the script")?;
    }
    if outcome.count(WriteSettings::KIND) > 0 {
        writeln!(out, "wrote the settings")?;
    }
    if restored > 0 {
        writeln!(out, "restored {}", counted(restored, "file"))?;
    }
    Ok(())
}

/// Where the removal of the shared root is shown.
pub(crate) static REMOVED_ROOT: Section = Section {
    plan_order: 11,
    plan: |out, plan, view| {
        for root in plan.all::<RemoveSharedRoot>() {
            let path = view.paths.show(&root.path);
            writeln!(
                out,
                "{HEADING}Remove the shared root{HEADING:#} {path}: nothing else is left in it"
            )?;
            writeln!(out)?;
        }
        Ok(())
    },
    outcome_order: 11,
    outcome: |out, outcome, _| match outcome.count(RemoveSharedRoot::KIND) {
        0 => Ok(()),
        _ => writeln!(out, "removed the shared root"),
    },
};
