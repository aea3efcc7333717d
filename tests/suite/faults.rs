//! What happens when things go wrong half-way: killed, no space, no permission, somebody else at work.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at files themselves"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod between;
mod broken;
mod gc;
mod harness;
mod hook;
mod hostile;
mod kill;
mod permission;
mod races;
#[path = "../suite/registry.rs"]
mod registry;
#[path = "../suite/sandbox.rs"]
mod sandbox;
mod space;
mod warm;
