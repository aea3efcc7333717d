//! The edge of the program as commands see it: it gives them their request, and the way to speak.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::plan::conduct::Ui;
use crate::survey;
use crate::survey::Request;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::text::failure::Hint as _;

/// The edge, as the arguments of a command see it when they run that command. It alone reads the environment.
pub(crate) trait Edge {
    /// Prepares a run, from its arguments and the environment.
    fn prepare(
        &self,
        find: FindArgs,
        speak: &SpeakArgs,
        act: Option<&ActArgs>,
    ) -> Result<(Request, Ui)>;

    /// The whole path of a program that the command line names, since not everybody who builds has our `PATH`.
    ///
    /// # Errors
    ///
    /// There is none, or it is a script of ours.
    fn program(&self, given: &Path) -> Result<String>;

    /// Prepares a run about single target folders, or about those under roots.
    fn about_folders(
        &self,
        mut find: FindArgs,
        speak: &SpeakArgs,
        act: Option<&ActArgs>,
    ) -> Result<(Request, Ui)> {
        let mut folders = Vec::new();
        let roots = std::mem::take(&mut find.roots);
        let many = roots.len();
        for root in roots {
            match survey::target_folder(&root) {
                Some((folder, from)) => {
                    folders.push(folder);
                    find.roots.push(from);
                }
                None => find.roots.push(root),
            }
        }
        let (mut request, ui) = self.prepare(find, speak, act)?;
        request.sizes = false;
        if !folders.is_empty() && folders.len() < many {
            return Err(anyhow!(
                "expected either target folders or folders to search, not both"
            ))
            .hint("run this once for each kind");
        }
        request.only_folders = !folders.is_empty();
        request.folders = folders;
        Ok((request, ui))
    }

    /// Prepares a run about one worktree: the one that a folder lies in, by default the current one.
    fn about_worktree(
        &self,
        folder: Option<PathBuf>,
        shared_root: Option<PathBuf>,
        speak: &SpeakArgs,
        act: Option<&ActArgs>,
    ) -> Result<(Request, Ui)> {
        let worktree = survey::worktree_at(folder.as_deref().unwrap_or(Path::new(".")))?;
        let find = FindArgs::about(&worktree, shared_root);
        let (mut request, ui) = self.prepare(find, speak, act)?;
        (request.sizes, request.to_act) = (false, false);
        request.focus = Some(worktree);
        Ok((request, ui))
    }
}
