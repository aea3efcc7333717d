//! One page for a browser, which needs nothing but itself.
//!
//! The findings stand in it as JSON, and a script draws them. Names come from package manifests and from the disk, so
//! they may be anything: the JSON is escaped such that it cannot end the element it stands in, and the script sets
//! text as text. A policy in the page forbids the browser to load anything.

#[cfg(test)]
pub(crate) mod tests;

use std::io;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::audit::model::{
    Audit, AuditedFolder, AuditedPackage, Finding, FindingKind, Share, Unused,
};
use crate::size::Bytes;
use crate::term::view::{Out, View};
use crate::text;

const TEMPLATE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");

/// They are one script: each uses what stands in those before it.
const SCRIPTS: [&str; 5] = [
    include_str!("html/words.js"),
    include_str!("html/tree.js"),
    include_str!("html/map.js"),
    include_str!("html/table.js"),
    include_str!("html/page.js"),
];

/// Writes why target folders are as large as they are, as one page.
pub(crate) fn audit(out: Out<'_>, audit: &Audit, view: &View) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        out.write_all(before.as_bytes())?;
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        match name {
            "style" => out.write_all(STYLE.as_bytes())?,
            "data" => data(&mut out, &Page::new(audit, view))?,
            "script" => SCRIPTS
                .iter()
                .try_for_each(|script| out.write_all(script.as_bytes()))?,
            _ => {
                return Err(io::Error::other(format!(
                    "expected a part of the page: `{name}`"
                )));
            }
        }
        rest = after;
    }
    out.write_all(rest.as_bytes())?;
    out.flush()
}

/// An audit as the page reads it: as it is, but paths are text, since a path need not be Unicode.
#[derive(Serialize)]
struct Page<'a> {
    made: Timestamp,
    version: &'static str,
    folders: Vec<Folder<'a>>,
    total: &'a Share,
    profiles: &'a [Share],
    triples: &'a [Share],
    kinds: &'a [Share],
    incremental: &'a [Share],
    packages: &'a [AuditedPackage],
    unused: &'a [Unused],
    findings: Vec<Change<'a>>,
    problems: Vec<Trouble<'a>>,
}

#[derive(Serialize)]
struct Folder<'a> {
    path: Place,
    workspaces: Vec<Place>,
    #[serde(flatten)]
    sizes: Sizes,
    entries: u64,
    units: usize,
    last_use: &'a Option<Timestamp>,
}

#[derive(Serialize)]
struct Sizes {
    on_disk: Bytes,
    freeable: Bytes,
    shared: Bytes,
    logical: Bytes,
}

#[derive(Serialize)]
struct Change<'a> {
    kind: FindingKind,
    saves: Option<Bytes>,
    at_most: bool,
    what: &'a str,
    change: &'a str,
    file: Option<Place>,
    more_files: usize,
}

#[derive(Serialize)]
struct Trouble<'a> {
    path: Place,
    message: &'a str,
}

/// A path, as it is and as people read it.
#[derive(Serialize)]
struct Place {
    full: String,
    shown: String,
}

impl Place {
    fn new(path: &Path, view: &View) -> Self {
        Self {
            full: path.to_string_lossy().into_owned(),
            shown: view.paths.show(path),
        }
    }
}

impl<'a> Page<'a> {
    fn new(audit: &'a Audit, view: &View) -> Self {
        let folder = |folder: &'a AuditedFolder| Folder {
            path: Place::new(&folder.path, view),
            workspaces: folder
                .workspaces
                .iter()
                .map(|path| Place::new(path, view))
                .collect(),
            sizes: Sizes {
                on_disk: folder.on_disk,
                freeable: folder.freeable,
                shared: folder.shared,
                logical: folder.logical,
            },
            entries: folder.entries,
            units: folder.units,
            last_use: &folder.last_use,
        };
        let change = |finding: &'a Finding| Change {
            kind: finding.kind,
            saves: finding.saves,
            at_most: finding.at_most,
            what: &finding.what,
            change: &finding.change,
            file: finding.file.as_deref().map(|path| Place::new(path, view)),
            more_files: finding.more_files.len(),
        };
        let problems = audit.problems.iter().map(|problem| Trouble {
            path: Place::new(&problem.path, view),
            message: &problem.message,
        });
        Self {
            made: view.now,
            version: env!("CARGO_PKG_VERSION"),
            folders: audit.folders.iter().map(folder).collect(),
            total: &audit.total,
            profiles: &audit.profiles,
            triples: &audit.triples,
            kinds: &audit.kinds,
            incremental: &audit.incremental,
            packages: &audit.packages,
            unused: &audit.unused,
            findings: audit.findings.iter().map(change).collect(),
            problems: problems.collect(),
        }
    }
}

/// Writes JSON that can stand in a `<script>` element.
fn data(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, InScript(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// JSON without what means something in HTML: `</script>` would end the data, and `<!--` with `<script` would make
/// the browser look for another end.
///
/// Outside strings, JSON has none of these characters.
struct InScript(CompactFormatter);

impl Formatter for InScript {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let special = |c: char| matches!(c, '<' | '>' | '&') || text::is_unsafe(c);
        while let Some(at) = rest.find(special) {
            let (before, after) = rest.split_at(at);
            self.0.write_string_fragment(out, before)?;
            let mut chars = after.chars();
            let escape = chars.next().map(text::json_escape).unwrap_or_default();
            out.write_all(escape.as_bytes())?;
            rest = chars.as_str();
        }
        self.0.write_string_fragment(out, rest)
    }
}
