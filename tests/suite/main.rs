//! Tests of the program as its users run it: real git, real cargo, in a sandbox that each test makes.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at real files and run real programs"
)]

mod abilities;
#[cfg(unix)]
mod audit;
mod audit_facts;
mod authority;
#[cfg(unix)]
mod auto;
#[cfg(unix)]
mod cases;
#[cfg(unix)]
mod copied;
#[cfg(unix)]
mod dedupe;
mod delete;
mod doctor;
mod embedded;
mod facts;
mod find;
mod floors;
#[cfg(unix)]
mod gc;
#[cfg(unix)]
mod hook;
mod life;
#[cfg(unix)]
mod nightly;
mod pages;
mod readme;
#[cfg(unix)]
mod registry;
mod rehash;
mod sandbox;
mod speak;
#[cfg(unix)]
mod store;
mod story;
mod trust;
mod undo;
mod units;
#[cfg(unix)]
mod untrusted;
#[cfg(unix)]
mod warm;
mod worktrees;
#[cfg(unix)]
mod wrapper;
mod write;
