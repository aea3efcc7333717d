//! Scripts as their users run them: real Cargo, real programs, a cache folder that each test makes.
#![cfg(unix)]

mod broken;
mod cache;
mod cargo_own;
mod crowd;
mod desk;
mod fixtures;
mod forms;
mod fresh;
mod loaded;
mod places;
mod process;
mod rust_script;
mod thag;
