//! The answer of `store status` for programs.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::age::Age;
use crate::size::Bytes;
use crate::store::Bounds;
use crate::store::model::{RemotePart, StoreContents};
use crate::survey::model::StoreSettings;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Store<'a> {
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

/// Writes what the local store holds.
pub(crate) fn store(
    out: &mut dyn Write,
    contents: &StoreContents,
    settings: &StoreSettings,
    parts: Option<&[RemotePart]>,
) -> io::Result<()> {
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
            // The arguments of the providers, and the options of the remote store, may be private.
            before: settings.before.as_ref().and_then(|words| words.first()),
            after: settings.after.as_ref().and_then(|words| words.first()),
            remote: settings
                .remote
                .as_ref()
                .and_then(|remote| remote.get("type")),
        },
    )
}
