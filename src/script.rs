//! Single-file scripts: what stands in one, what package Cargo is given for it, and when a kept program is its own.

pub(crate) mod action;
pub mod body;
pub mod build;
pub mod cache;
pub mod cache_command;
pub(crate) mod cache_delete;
pub mod cache_key;
pub mod command;
pub mod compiler;
pub mod embedded_manifest;
pub mod evict;
pub mod infer;
pub(crate) mod inputs;
pub mod json;
pub(crate) mod keep;
pub(crate) mod model;
pub mod package;
pub mod paths;
pub(crate) mod report;
pub mod request;
mod tokens;
pub(crate) mod write_package;
