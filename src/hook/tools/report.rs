//! The commands of tools that make worktrees, in words.

use std::io;

use crate::hook::tools::model::{EditTool, ToolStatus};
use crate::plan::action::{Change, Plan};
use crate::plan::tool_state::state;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, counted};

/// Writes how it stands with each tool, one line each.
pub(crate) fn status(out: Out<'_>, all: &[ToolStatus], view: &View) -> io::Result<()> {
    for one in all {
        let file = view.paths.show(&one.file);
        let state = state(one.tool, &one.state, &view.paths);
        writeln!(out, "{file}: {state}")?;
    }
    Ok(())
}

/// Writes what a plan does to the files of tools.
pub(crate) fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let (out_of, into): (Vec<&EditTool>, Vec<&EditTool>) =
        plan.all::<EditTool>().partition(|edit| edit.removes);
    let tools = |all: &[&EditTool]| counted(all.len(), "tool");
    let heading = format!(
        "Add a command for {}: it sets up and warms new worktrees",
        tools(&into)
    );
    table(out, &heading, &into, view)?;
    let heading = format!("Take the command out for {}", tools(&out_of));
    table(out, &heading, &out_of, view)
}

fn table(out: Out<'_>, heading: &str, edits: &[&EditTool], view: &View) -> io::Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    let columns = [
        ("HOW", Align::Left),
        ("TOOL", Align::Left),
        ("KEY", Align::Left),
        ("FILE", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for one in edits {
        let how = match one.edit.change {
            Change::Create => "new",
            Change::Edit => "edit",
            Change::Remove => "remove",
        };
        table.row(vec![
            how.into(),
            one.tool.title().into(),
            one.key.clone(),
            view.paths.show(&one.edit.file),
        ]);
    }
    table.write(out, view.width)?;
    writeln!(out)
}
