//! Single-file scripts: what stands in one, what package Cargo is given for it, and when a kept program is its own.

pub mod body;
pub mod cached;
pub mod manifest;
pub mod names;
pub mod package;
pub mod places;
mod tokens;
