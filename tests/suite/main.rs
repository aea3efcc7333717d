//! Tests of the program as its users run it: real git, real cargo, in a sandbox that each test makes.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at files themselves"
)]

mod readme;
mod sandbox;
mod story;
