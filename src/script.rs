//! Single-file scripts: what stands in one, and what package Cargo is given for it.

pub mod manifest;
pub mod package;
