//! Runs that fail half-way: killed, no space, no permission, other programs at work.
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
