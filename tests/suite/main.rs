//! Tests of the program as its users run it: real git, real cargo, in a sandbox that each test makes.

mod sandbox;
mod story;
