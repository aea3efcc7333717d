//! Single-file scripts: `run` compiles a file with a manifest in it and keeps the program; `cache` shows and clears that.
//!
//! [`request`] finds the file and the toolchain. [`embedded_manifest`] reads the manifest in any of its forms, [`mod@body`] leaves
//! the code with the same lines and columns, and [`package`] is the package that Cargo gets. [`cache_key`] says what a kept
//! program depends on; if nothing of it has changed, `command` becomes that program without a call of Cargo. All scripts
//! are compiled into one target folder. [`evict`] bounds the cache. [`dialect`] has the rules of rust-script, whose options `rust_script_args`
//! reads where this program is called by that name; `thag` and `thag_args` are the same for thag.
//! [`frontmatter`] has the rules of Cargo's own scripts, and `manifest_place` the place in a script of what Cargo rejects.
//! [`libraries`] are kept with the programs that load them. [`crowd`] builds many scripts at once, and [`shares`] divides
//! the cache among them.

pub(crate) mod action;
pub(crate) mod add_crates;
pub(crate) mod args;
pub mod body;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod cache_command;
pub(crate) mod cache_delete;
pub(crate) mod cache_key;
pub(crate) mod command;
pub(crate) mod compiler;
pub(crate) mod crowd;
pub(crate) mod crowd_command;
pub(crate) mod crowd_report;
pub mod dialect;
pub mod embedded_manifest;
pub(crate) mod evict;
mod frontmatter;
pub mod infer;
pub(crate) mod inputs;
pub(crate) mod json;
pub(crate) mod keep;
pub(crate) mod libraries;
mod manifest_place;
pub(crate) mod model;
pub(crate) mod nesting;
pub mod package;
pub(crate) mod paths;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod rust_script_args;
pub(crate) mod shares;
pub(crate) mod thag;
pub(crate) mod thag_args;
mod tokens;
pub(crate) mod write_package;
