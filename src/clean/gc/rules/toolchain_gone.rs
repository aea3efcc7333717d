//! Units of compilers that are not installed.

use crate::clean::folder_use::{Compilers, FolderUse};

pub(super) fn is_gone(rustc: u64, stock: &FolderUse, compilers: &Compilers) -> bool {
    let asked_for = stock.wanted.compilers.as_ref();
    !compilers.installed.contains_key(&rustc) && asked_for.is_ok_and(|all| !all.contains(&rustc))
}

/// Why it cannot be told which compilers are gone.
pub(super) fn toolchain_doubt(stock: &FolderUse, compilers: &Compilers) -> Option<String> {
    compilers
        .unsure
        .clone()
        .or_else(|| stock.wanted.compilers.as_ref().err().cloned())
}
