//! What happens when things go wrong half-way: killed, no space, no permission, somebody else at work.
#![cfg(unix)]

mod broken;
mod harness;
mod kill;
mod permission;
mod races;
#[expect(
    dead_code,
    reason = "made for the main tests; not all of it is needed here"
)]
#[path = "../suite/sandbox.rs"]
mod sandbox;
mod space;
