//! Single-file scripts: what stands in one, what package Cargo is given for it, and when a kept program is its own.

pub(crate) mod action;
pub mod body;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod cache_command;
pub(crate) mod cache_delete;
pub(crate) mod cache_key;
pub(crate) mod command;
pub(crate) mod compiler;
pub mod embedded_manifest;
pub(crate) mod evict;
pub mod infer;
pub(crate) mod inputs;
pub(crate) mod json;
pub(crate) mod keep;
pub(crate) mod model;
pub mod package;
pub(crate) mod paths;
pub(crate) mod report;
pub(crate) mod request;
mod tokens;
pub(crate) mod write_package;
