//! Deletes parts of the cache of scripts.

use crate::fs;
use crate::fs::Ledger;
use crate::plan::apply::Deleted;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::script::model::{DropScript, ScriptPart};
use crate::script::package::LOCK;
use crate::script::paths::OLD;

/// Deletes one part, unless its script is being built, or something in it is not what the plan saw. A program that runs goes on running, where the system lets us
/// delete it; a run that is about to start it builds it again.
pub(crate) fn part(
    part: &DropScript,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    let skip = |why: &str| Err(Stopped::Skipped(why.into()));
    match fs::info(&part.path)? {
        None => return skip("it is gone already"),
        Some(info) if !info.is_dir || info.identity != part.identity => {
            return skip("it is another folder than the one in the plan; run again");
        }
        Some(_) => {}
    }
    // Held until the folder has its new name.
    let _lock = match part.what {
        ScriptPart::Program | ScriptPart::Compilers => None,
        ScriptPart::Package | ScriptPart::OwnTarget => {
            let package = match part.what {
                ScriptPart::OwnTarget => part.path.parent().unwrap_or(&part.path),
                _ => &part.path,
            };
            let lock = package.join(LOCK);
            // One that no build has made by now would be another thing that the plan did not see.
            match fs::exists(&lock) {
                false => None,
                true => match fs::try_lock_alone(&lock)? {
                    None => return skip("its script is being built"),
                    lock => lock,
                },
            }
        }
    };
    let going = &part.path;
    if let Some(other) = fs::difference(going, &part.seen)? {
        let other = other.display();
        return skip(&format!(
            "`{other}` is not what it was when the plan was made; run again"
        ));
    }
    let name = going.file_name().unwrap_or_default().to_string_lossy();
    let aside = going.with_file_name(format!("{OLD}{name}-{}", std::process::id()));
    // Windows does not rename a folder in which a file is open.
    #[cfg(windows)]
    drop(_lock);
    fs::rename(going, &aside)?;
    fs::checkpoint("script-part-renamed");
    Ok(fs::delete_tree(&aside, "", Some(&part.seen), ledger, context.progress).into())
}
