//! The state that actions share while a plan is carried out.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::cargo::Cargo;
use crate::fs::Ledger;
use crate::plan::action::Plan;
use crate::plan::outcome::Outcome;
use crate::progress::Progress;
use crate::remote::Remote;
use crate::survey::journal::Relocated;

/// Everything that carrying out a plan needs besides the plan.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) shared_root: &'a Path,
    /// The folder of its records, with the record of changes.
    pub(crate) records: Option<&'a Path>,
    /// Where the project of the shared root was when its files were recorded, and where it is, if it was moved since.
    pub(crate) moved: Option<&'a Relocated>,
    pub(crate) cargo: &'a Cargo,
    /// The time to write into the record.
    pub(crate) now: Timestamp,
    pub(crate) progress: &'a Progress,
    /// The remote store, for actions that are about one.
    pub(crate) remote: Option<&'a Remote>,
}

/// A plan that is being carried out.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) context: &'a Context<'a>,
    /// Why the files that change could not be recorded, so that none of them may be changed.
    pub(crate) not_recorded: Option<String>,
    /// The files of several links that were deleted.
    pub(crate) ledger: Ledger,
    shared: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
    outcome: Mutex<Outcome>,
}

impl<'a> Run<'a> {
    /// Begins to carry out a plan.
    #[must_use]
    pub(crate) fn new(
        plan: &'a Plan,
        context: &'a Context<'a>,
        not_recorded: Option<String>,
    ) -> Self {
        Self {
            plan,
            context,
            not_recorded,
            ledger: Ledger::default(),
            shared: Mutex::default(),
            outcome: Mutex::default(),
        }
    }

    /// Asks or notes something of what was done until now.
    pub(crate) fn outcome<R>(&self, ask: impl FnOnce(&mut Outcome) -> R) -> R {
        ask(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives what was done, and what was deleted of files of several links.
    #[must_use]
    pub(crate) fn end(self) -> (Outcome, Ledger) {
        let outcome = self.outcome.into_inner();
        (outcome.unwrap_or_else(PoisonError::into_inner), self.ledger)
    }

    /// Works with what the actions of one phase have in common. It is held meanwhile, so it is for phases in which one action
    /// comes after the other.
    pub(crate) fn with<T: Any + Default + Send, R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = shared.entry(TypeId::of::<T>());
        let any = entry.or_insert_with(|| Box::new(T::default()));
        match any.downcast_mut() {
            Some(one) => work(one),
            None => work(&mut T::default()),
        }
    }

    /// Forgets what the actions of a phase had in common.
    pub(crate) fn end_phase(&self) {
        self.shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
