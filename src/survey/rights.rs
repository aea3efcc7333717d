//! Who else may write to the shared root. What is in it ends up in the user's programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::fs::{self, Theirs};
use crate::marks::SHARED_ROOT_MARK;
use crate::model::{Settings, Survey};
use crate::settings;
use crate::shell;

/// Refuses a shared root that another user owns or may write to. The users of its group may where the settings in it
/// say so: `written` is what stands there.
///
/// # Errors
///
/// The shared root, or a folder in it that workspaces build into, is not the user's alone.
pub(super) fn check(survey: &Survey, written: &Settings) -> Result<()> {
    let root = &survey.shared_root.path;
    let quoted = shell::word(root);
    let own = survey.shared_root.records.as_ref().unwrap_or(root);
    let own = own.join(settings::FILE_NAME);
    for path in used(survey) {
        let Some(theirs) = fs::theirs(&path) else {
            continue;
        };
        let at = path.display();
        let mend = "it ends up in your programs: take that right away by";
        match theirs {
            Theirs::Owner => bail!(
                "another user owns `{at}`, and all that is in the shared root ends up in your programs: name a shared root of \
                 your own with --shared-root"
            ),
            Theirs::Everybody => {
                bail!("every user may write to `{at}`, and {mend} `chmod -R go-w {quoted}`")
            }
            Theirs::Group if allows_group(root, written) => {}
            Theirs::Group => bail!(
                "all users of its group may write to `{at}`, and {mend} `chmod -R g-w {}`, or write \
                 `shared-with-group = true` into `{}`",
                quoted,
                own.display()
            ),
        }
    }
    Ok(())
}

/// The shared root, and the folders in it from there to where workspaces build.
fn used(survey: &Survey) -> BTreeSet<PathBuf> {
    let root = survey.shared_root.path.as_path();
    let mut all = BTreeSet::from([root.to_owned()]);
    // Other users come no further, whatever the folders inside allow.
    if fs::is_closed(root) {
        return all;
    }
    all.insert(root.join(SHARED_ROOT_MARK));
    let dirs = survey.workspaces.iter().map(|workspace| &workspace.dirs);
    for dir in dirs.flat_map(|dirs| [&dirs.target_dir, &dirs.build_dir]) {
        let inside = dir.ancestors().take_while(|above| above.starts_with(root));
        all.extend(inside.map(Path::to_owned));
    }
    all
}

/// Returns whether the settings allow the group. Another user can have written those in a root that the group may write to.
fn allows_group(root: &Path, written: &Settings) -> bool {
    written.shared_with_group == Some(true) && fs::theirs(&root.join(settings::FILE_NAME)).is_none()
}
