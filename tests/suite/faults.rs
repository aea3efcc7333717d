//! What happens when things go wrong half-way: killed, no space, no permission, somebody else at work.
#![cfg(unix)]

mod between;
mod broken;
mod conditions;
mod gc;
pub(crate) mod harness;
mod hook;
mod hostile;
mod kill;
pub(crate) mod permission;
mod races;
mod space;
mod warm;
