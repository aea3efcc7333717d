//! Tests of the program as its users run it: real git, real cargo, in a sandbox that each test makes.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at real files and run real programs"
)]
#![cfg_attr(
    unix,
    expect(
        clippy::print_stderr,
        reason = "a test that is skipped says so, and a long one says how much it did"
    )
)]

mod abilities;
mod amount;
#[cfg(unix)]
mod answers;
#[cfg(unix)]
mod audit;
mod audit_facts;
mod authority;
#[cfg(unix)]
mod auto;
#[cfg(unix)]
mod cargo_inside;
#[cfg(unix)]
mod cases;
#[cfg(unix)]
mod ci_action;
#[cfg(unix)]
mod copied;
#[cfg(unix)]
mod dedupe;
mod delete;
mod doctor;
mod embedded;
mod facts;
#[cfg(unix)]
mod faults;
#[cfg(target_os = "linux")]
mod few_files;
mod find;
#[cfg(unix)]
mod fixtures;
#[cfg(unix)]
mod gc;
mod guard;
#[cfg(unix)]
mod hook;
mod in_place;
#[cfg(not(windows))]
mod jj;
mod life;
mod lifted;
#[cfg(target_os = "linux")]
mod linkers;
#[cfg(unix)]
mod log;
#[cfg(unix)]
mod matrix;
#[cfg(unix)]
mod merged;
#[cfg(unix)]
mod moving;
#[cfg(unix)]
mod nightly;
#[cfg(unix)]
mod no_terminal;
#[cfg(unix)]
mod orphans;
#[cfg(target_os = "linux")]
mod outputs;
mod packages;
mod pages;
mod properties;
#[cfg(unix)]
mod random;
mod readme;
mod rehash;
mod remains;
#[cfg(feature = "remote")]
mod remote;
mod rooms;
mod running;
#[cfg(unix)]
mod scripts;
#[cfg(target_os = "linux")]
mod snapshots;
#[cfg(unix)]
mod sources;
mod speak;
#[cfg(unix)]
mod store;
mod story;
#[path = "../support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
mod timer;
#[cfg(unix)]
mod true_claims;
mod trust;
mod undo;
mod units;
#[cfg(unix)]
mod untrusted;
#[cfg(unix)]
mod warm;
#[cfg(unix)]
mod why;
mod worktrees;
#[cfg(unix)]
mod wrapper;
mod write;

use support::profile;
#[cfg(unix)]
use support::registry;
use support::sandbox;
