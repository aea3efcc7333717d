//! Scripts as their users run them: real Cargo, real programs, a cache folder that each test makes.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at files and run programs themselves"
)]

mod broken;
mod cache;
mod desk;
mod fixtures;
mod forms;
mod fresh;
mod places;
mod process;
#[expect(
    dead_code,
    reason = "made for the main tests; not all of it is needed here"
)]
#[path = "../suite/registry.rs"]
mod registry;
#[expect(
    dead_code,
    reason = "made for the main tests; not all of it is needed here"
)]
#[path = "../suite/sandbox.rs"]
mod sandbox;
