//! One JSON document for programs.
//!
//! Bytes are integers, times RFC 3339, tags snake case. The shape is the same when there is nothing to say.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::age::Age;
use crate::audit::listing::Listing;
use crate::audit::model::Audit;
use crate::doctor::model::Checkup;
use crate::fs::model::Problem;
use crate::hook::model::HookStatus;
use crate::plan::action::Plan;
use crate::plan::outcome::Outcome;
use crate::script::model::ScriptCache;
use crate::size::Bytes;
use crate::store::Bounds;
use crate::store::model::{RemotePart, StoreContents};
use crate::survey::folder::Trash;
use crate::survey::model::{EnvOverride, Repository, SharedRoot, StoreSettings, Survey};
use crate::survey::settings::CacheLimits;
use crate::text;

/// The version of the documents. It grows when something is taken away or changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Run<'a> {
    version: u32,
    command: &'a str,
    dry_run: bool,
    roots: &'a [PathBuf],
    /// Missing for what has nothing to do with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_root: Option<&'a SharedRoot>,
    plan: &'a Plan,
    /// `null` if nothing was carried out.
    outcome: Option<&'a Outcome>,
}

#[derive(Serialize)]
struct List<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    shared_root: &'a SharedRoot,
    repositories: &'a [Repository],
    #[serde(flatten)]
    listing: &'a Listing,
    trash: &'a [Trash],
    overrides: &'a [EnvOverride],
    problems: &'a [Problem],
}

/// Writes the plan of a run, and what came of it.
///
/// # Errors
///
/// The writer fails.
pub fn run(
    out: &mut dyn Write,
    command: &str,
    dry_run: bool,
    survey: &Survey,
    plan: &Plan,
    outcome: Option<&Outcome>,
) -> io::Result<()> {
    let roots = &survey.roots[..];
    let shared_root = Some(&survey.shared_root).filter(|root| !root.path.as_os_str().is_empty());
    document(
        out,
        &Run {
            version: VERSION,
            command,
            dry_run,
            roots,
            shared_root,
            plan,
            outcome,
        },
    )
}

#[derive(Serialize)]
struct Hooks<'a> {
    version: u32,
    command: &'a str,
    hooks: &'a [HookStatus],
}

/// Writes how it stands with hooks.
///
/// # Errors
///
/// The writer fails.
pub fn hook_status(out: &mut dyn Write, hooks: &[HookStatus]) -> io::Result<()> {
    let hooks = Hooks {
        version: VERSION,
        command: "hook status",
        hooks,
    };
    document(out, &hooks)
}

/// Writes what there is.
///
/// # Errors
///
/// The writer fails.
pub fn list(out: &mut dyn Write, survey: &Survey, listing: &Listing) -> io::Result<()> {
    let list = List {
        version: VERSION,
        command: "list",
        roots: &survey.roots,
        shared_root: &survey.shared_root,
        repositories: &survey.repositories,
        listing,
        trash: &survey.trash,
        overrides: &survey.overrides,
        problems: &survey.problems,
    };
    document(out, &list)
}

#[derive(Serialize)]
struct Audited<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    #[serde(flatten)]
    audit: &'a Audit,
}

/// Writes an audit.
///
/// # Errors
///
/// The writer fails.
pub fn audit(out: &mut dyn Write, survey: &Survey, audit: &Audit) -> io::Result<()> {
    let audited = Audited {
        version: VERSION,
        command: "audit",
        roots: &survey.roots,
        audit,
    };
    document(out, &audited)
}

#[derive(Serialize)]
struct Doctor<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    #[serde(flatten)]
    checkup: &'a Checkup,
}

/// Writes what is wrong.
///
/// # Errors
///
/// The writer fails.
pub fn doctor(out: &mut dyn Write, survey: &Survey, checkup: &Checkup) -> io::Result<()> {
    let doctor = Doctor {
        version: VERSION,
        command: "doctor",
        roots: &survey.roots,
        checkup,
    };
    document(out, &doctor)
}

#[derive(Serialize)]
struct Scripts<'a> {
    version: u32,
    command: &'a str,
    #[serde(flatten)]
    cache: &'a ScriptCache,
    /// Bytes, and seconds.
    max_size: Bytes,
    max_age: i64,
}

/// Writes what the cache of scripts holds.
///
/// # Errors
///
/// The writer fails.
pub fn script_cache(
    out: &mut dyn Write,
    cache: &ScriptCache,
    limits: &CacheLimits,
) -> io::Result<()> {
    let scripts = Scripts {
        version: VERSION,
        command: "cache info",
        cache,
        max_size: limits.max_size,
        max_age: limits.max_age.0.as_secs(),
    };
    document(out, &scripts)
}

/// Writes what the local store holds.
///
/// # Errors
///
/// The writer fails.
pub fn store(
    out: &mut dyn Write,
    contents: &StoreContents,
    settings: &StoreSettings,
    parts: Option<&[RemotePart]>,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Store<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        in_remote: Option<&'a [RemotePart]>,
        version: u32,
        command: &'static str,
        #[serde(flatten)]
        contents: &'a StoreContents,
        units: usize,
        max_size: Option<Bytes>,
        max_age: Option<u64>,
        before: Option<&'a String>,
        after: Option<&'a String>,
        remote: Option<&'a String>,
    }
    let bounds = Bounds::of(settings);
    let seconds = |age: Age| age.0.as_secs().unsigned_abs();
    document(
        out,
        &Store {
            version: VERSION,
            command: "store status",
            in_remote: parts,
            contents,
            units: contents.units.len(),
            max_size: bounds.max_size,
            max_age: bounds.max_age.map(seconds),
            // What it is told may be nobody else's business.
            before: settings.before.as_ref().and_then(|words| words.first()),
            after: settings.after.as_ref().and_then(|words| words.first()),
            remote: settings
                .remote
                .as_ref()
                .and_then(|remote| remote.get("type")),
        },
    )
}

fn document(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let document = serde_json::to_string_pretty(value)?;
    out.write_all(text::json(&document).as_bytes())?;
    writeln!(out)
}
