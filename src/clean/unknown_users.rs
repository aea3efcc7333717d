//! Whether more workspaces build into a target folder than are known.

pub(crate) mod by_units;

use std::path::{Path, PathBuf};

use cargo_metadata::Package;

use crate::cargo::config_chain::WORKSPACE_PATH_HASH;
use crate::cargo::model::SetBy;
use crate::cargo::{config_chain, config_edit};
pub(crate) use crate::clean::unknown_users::by_units::by_units;
use crate::fs;
use crate::survey::Request;
use crate::survey::model::{Survey, Workspace, worktree_of};
use crate::target::dep_info::RustcDepInfo;
use crate::target::unit::{Group, Inventory};

/// The most that is read of the list of a program's sources.
const MOST: u64 = 16 << 20;

/// Why workspaces that were not looked at may build into a folder, by how those that are known come to build there; as
/// a fragment.
pub(crate) fn by_configuration(
    folder: &Path,
    users: &[&Workspace],
    survey: &Survey,
    request: &Request,
) -> Option<String> {
    users.iter().find_map(|user| {
        let dirs = &user.dirs;
        let ways = [
            (&dirs.target_dir, &dirs.target_set_by),
            (&dirs.build_dir, &dirs.build_set_by),
        ];
        let mut ways = ways.into_iter().filter(|(dir, _)| *dir == folder);
        ways.find_map(|(_, set_by)| match set_by {
            SetBy::Default if folder == user.root.join("target") => None,
            SetBy::Default => Some(format!(
                "`{}` points to it, and others may too",
                user.root.join("target").display()
            )),
            SetBy::Cargo if folder.starts_with(&user.root) => None,
            SetBy::Cargo => Some(format!(
                "the configuration by which `{}` builds into it is unknown",
                user.root.display()
            )),
            SetBy::Config(file) => named_for_more(file, folder, user, survey, request),
        })
    })
}

/// Whether workspaces read a configuration that were not looked at.
fn named_for_more(
    file: &Path,
    folder: &Path,
    user: &Workspace,
    survey: &Survey,
    request: &Request,
) -> Option<String> {
    let keys = survey.configs.get(file).map(|config| &config.keys);
    let own = keys.and_then(|keys| keys.build_dir.as_ref());
    let own = own.is_some_and(|value| {
        (value.contains(WORKSPACE_PATH_HASH) || value.contains("{workspace-root}"))
            && folder == user.dirs.build_dir
            && folder != user.dirs.target_dir
    });
    let base = file.parent().and_then(Path::parent)?;
    let narrowed = !request.looking.exclude.is_empty() || request.looking.max_depth.is_some();
    let all = !is_home(file, survey) && is_searched(base, survey) && !narrowed;
    (!own && !all).then(|| {
        format!(
            "workspaces outside this search may build into it through `{}`",
            file.display()
        )
    })
}

fn is_home(file: &Path, survey: &Survey) -> bool {
    file.parent() == Some(survey.surroundings.cargo_home.as_path())
}

/// Whether everything in a folder was looked at: it lies in a root, or where one does in another worktree.
fn is_searched(base: &Path, survey: &Survey) -> bool {
    let within = |path: &Path| survey.roots.iter().any(|root| path.starts_with(root));
    within(base)
        || worktree_of(base, &survey.repositories).is_some_and(|(repository, worktree)| {
            let inside = base.strip_prefix(worktree).unwrap_or(Path::new(""));
            let mut worktrees = repository.worktrees.iter();
            worktrees.any(|other| match inside.as_os_str().is_empty() {
                true => within(&other.path),
                false => within(&other.path.join(inside)),
            })
        })
}

/// Whether something at the top of a profile folder was made from sources of a package that is still there, and that
/// none of the known workspaces has; why that matters, as a fragment. Anybody may build into a folder by a variable,
/// or by `--target-dir`.
pub(crate) fn by_products(
    inventory: &Inventory,
    users: &[&Workspace],
    own: &[&Package],
) -> Option<String> {
    // Above the sources of a package that is gone may be the manifest of its workspace.
    let is_root = |folder: &Path| users.iter().any(|user| user.root == folder);
    let finals = inventory
        .others
        .iter()
        .filter(|other| other.group == Group::Final);
    let lists = finals.filter(|other| other.file.path.extension().is_some_and(|end| end == "d"));
    lists.into_iter().find_map(|list| {
        let path = inventory.folder.join(&list.file.path);
        let bytes = fs::read_start(&path, MOST).ok()??;
        let sources = RustcDepInfo::parse(&String::from_utf8_lossy(&bytes)).sources;
        let sources: Vec<PathBuf> = sources.into_iter().map(PathBuf::from).collect();
        let name = list
            .file
            .path
            .file_stem()?
            .to_string_lossy()
            .replace('-', "_");
        if is_own(&name, &sources, own) {
            return None;
        }
        let stranger = sources
            .iter()
            .filter(|source| source.is_absolute() && !source.starts_with(&inventory.folder))
            .filter_map(|source| package_of(source))
            .find(|package| {
                !is_root(package) && !own.iter().any(|own| folder_of(own) == Some(*package))
            })?;
        Some(format!(
            "`{}` is also built into it, and belongs to no known workspace",
            stranger.display()
        ))
    })
}

/// Whether a list of sources is that of a target of these packages.
fn is_own(name: &str, sources: &[PathBuf], own: &[&Package]) -> bool {
    let mut targets = own.iter().flat_map(|package| &package.targets);
    targets.any(|target| {
        let of_target = target.name.replace('-', "_");
        (of_target == name || name.strip_prefix("lib") == Some(&of_target))
            && sources
                .iter()
                .any(|source| source == target.src_path.as_std_path())
    })
}

/// The folder of the package that a file lies in.
fn package_of(file: &Path) -> Option<&Path> {
    let mut above = file.ancestors().skip(1);
    above.find(|folder| fs::exists(&folder.join("Cargo.toml")))
}

fn folder_of(package: &Package) -> Option<&Path> {
    package
        .manifest_path
        .parent()
        .map(|folder| folder.as_std_path())
}

/// Says where another compiler is named than the one that rustup gives.
pub(crate) fn no_compiler_is_named(
    users: &[&Workspace],
    survey: &Survey,
    request: &Request,
) -> Result<(), String> {
    if let Some(variable) = &request.environment.compiler {
        let what = match variable.contains("WRAPPER") {
            true => "a program that may replace the compiler",
            false => "a compiler",
        };
        return Err(format!("`{variable}` names {what}"));
    }
    let mut files = users
        .iter()
        .flat_map(|user| config_chain::chain(&user.root, &survey.configs, &survey.surroundings));
    let names = |bytes: &Option<Vec<u8>>| {
        let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default());
        config_edit::names_compiler(&text)
    };
    match files.find(|(file, _)| names(&file.bytes)) {
        Some((file, _)) => Err(format!("`{}` may name a compiler", file.path.display())),
        None => Ok(()),
    }
}
