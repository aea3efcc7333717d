//! What actions have in hand while a plan is carried out.

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

/// What carrying out a plan needs besides the plan.
#[derive(Debug)]
pub struct Context<'a> {
    /// The shared root.
    pub shared_root: &'a Path,
    /// The folder of its records, with the record of changes.
    pub records: Option<&'a Path>,
    /// Where the project of the shared root was when its files were recorded, and where it is, if it was moved since.
    pub moved: Option<&'a Relocated>,
    /// How to run Cargo.
    pub cargo: &'a Cargo,
    /// The time to write into the record.
    pub now: Timestamp,
    /// For whoever shows progress.
    pub progress: &'a Progress,
    /// The remote store, for actions that are about one.
    pub remote: Option<&'a Remote>,
}

/// A plan that is being carried out.
#[derive(Debug)]
pub struct Run<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it needs.
    pub context: &'a Context<'a>,
    /// Why the files that change could not be recorded, so that none of them may be changed.
    pub not_recorded: Option<String>,
    /// The files of several links that were deleted.
    pub ledger: Ledger,
    shared: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
    outcome: Mutex<Outcome>,
}

impl<'a> Run<'a> {
    /// Begins to carry out a plan.
    #[must_use]
    pub fn new(plan: &'a Plan, context: &'a Context<'a>, not_recorded: Option<String>) -> Self {
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
    pub fn outcome<R>(&self, ask: impl FnOnce(&mut Outcome) -> R) -> R {
        ask(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives what was done, and what was deleted of files of several links.
    #[must_use]
    pub fn end(self) -> (Outcome, Ledger) {
        let outcome = self.outcome.into_inner();
        (outcome.unwrap_or_else(PoisonError::into_inner), self.ledger)
    }

    /// Works with what the actions of one phase have in common. It is held meanwhile, so it is for phases in which one action
    /// comes after the other.
    pub fn with<T: Any + Default + Send, R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = shared.entry(TypeId::of::<T>());
        let any = entry.or_insert_with(|| Box::new(T::default()));
        match any.downcast_mut() {
            Some(one) => work(one),
            None => work(&mut T::default()),
        }
    }

    /// Forgets what the actions of a phase had in common.
    pub fn end_phase(&self) {
        self.shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
