//! Deleting from the local store, and from the remote one.

use anyhow::Result;

use crate::age::Age;
use crate::plan::action::Plan;
use crate::plan::conduct::{Ui, conduct, conduct_with, look};
use crate::remote::Listed;
use crate::size::Bytes;
use crate::store;
use crate::store::command::{contents, places, remote as remote_store};
use crate::store::model::DropRemote;
use crate::store::{Bounds, pack};
use crate::survey::Request;
use crate::term::exit::Exit;

/// The units of the store to delete.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CleanOptions {
    /// Units that were not used for as long.
    pub(crate) older_than: Option<Age>,
    /// Until all of it takes no more.
    pub(crate) max_size: Option<Bytes>,
}

/// Deletes units of the local store: by the rules that are given, else everything.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub(crate) fn clean(request: &Request, options: CleanOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let contents = contents(&places, ui);
    let bounds = Bounds {
        max_size: options.max_size,
        max_age: options.older_than,
        all: options.max_size.is_none() && options.older_than.is_none(),
    };
    let mut plan = Plan::default();
    if let Some(dropped) = store::dropped(&contents, &bounds, Bytes(0), ui.view.now) {
        plan.freeable = dropped.freeable;
        plan.add(dropped);
    }
    conduct("store clean", &survey, &plan, request, ui)
}

/// Deletes objects of the remote store that were put there longer ago than an age.
///
/// # Errors
///
/// There is no remote store, it cannot list what it has, or the answer cannot be written.
pub(crate) fn clean_remote(request: &Request, older_than: Age, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let remote = remote_store(&survey, request)?;
    let listed = remote.list(&pack::everything())?;
    let old = |object: &Listed| {
        let age = object.modified.map(|then| ui.view.now.duration_since(then));
        // An object of unknown age is kept.
        age.is_some_and(|age| age >= older_than.0) && !pack::kind(&object.key).is_empty()
    };
    let (mut going, staying): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(old);
    going.sort_by_key(|object| (pack::kind(&object.key) == "packs", object.key.clone()));
    let mut plan = Plan::default();
    if !going.is_empty() {
        plan.add(DropRemote {
            from: remote.name(),
            length: going.iter().map(|object| Bytes(object.length)).sum(),
            staying: staying.len(),
            objects: going.into_iter().map(|object| object.key).collect(),
        });
    }
    conduct_with("store clean", &survey, &plan, request, ui, Some(&remote))
}
