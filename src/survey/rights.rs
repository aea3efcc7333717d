//! Finds the other users who may write to the shared root. Its files end up in the user's programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::fs;
use crate::fs::Theirs;
use crate::markers::SHARED_ROOT_MARK;
use crate::survey::model::{Refusal, Settings, Survey};
use crate::survey::settings;
use crate::text::shell;

/// Refuses a shared root that another user owns or may write to. The users of its group may where the settings in it
/// say so: `written` is what stands there.
///
/// `None` if the shared root, and each folder in it that workspaces build into, is the user's alone.
pub(super) fn check(survey: &Survey, written: &Settings) -> Option<Refusal> {
    let root = &survey.shared_root.path;
    let quoted = shell::word(root);
    let own = survey.shared_root.records.as_ref().unwrap_or(root);
    let own = own.join(settings::FILE_NAME);
    let refusal = |path: PathBuf, what: String, mend: String, how: String| Refusal {
        message: format!(
            "{what}, and files in the shared root become part of your programs: {how}"
        ),
        path,
        what,
        mend,
        hint: how,
    };
    used(survey).into_iter().find_map(|path| {
        let at = path.display();
        match fs::theirs(&path)? {
            Theirs::Owner => {
                let what = format!("another user owns `{at}`");
                let how = "name a shared root of your own with --shared-root".to_owned();
                Some(refusal(path, what, how.clone(), how))
            }
            Theirs::Everybody => {
                let what = format!("every user may write to `{at}`");
                let mend = format!("chmod -R go-w {quoted}");
                let how = format!("revoke that with `{mend}`");
                Some(refusal(path, what, mend, how))
            }
            Theirs::Group if allows_group(root, written) => None,
            Theirs::Group => {
                let what = format!("all users of its group may write to `{at}`");
                let mend = format!("chmod -R g-w {quoted}");
                let how = format!(
                    "revoke that with `{mend}`, or write `shared-with-group = true` into `{}`",
                    own.display()
                );
                Some(refusal(path, what, mend, how))
            }
        }
    })
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
