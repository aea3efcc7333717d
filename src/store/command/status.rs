//! Showing the contents of the store.

use anyhow::Result;

use crate::plan;
use crate::plan::conduct::{Format, Ui, look};
use crate::plan::report;
use crate::remote::Remote;
use crate::size::Bytes;
use crate::store::command::{contents, places, remote as remote_store};
use crate::store::model::RemotePart;
use crate::store::{json, pack};
use crate::survey::Request;
use crate::term::exit::Exit;

/// Shows what the local store holds, and what is set up besides; if asked, also what the remote one holds.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub(crate) fn status(request: &Request, of_remote: bool, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let contents = contents(&places, ui);
    let parts = match of_remote {
        true => Some(remote_parts(&remote_store(&survey, request)?)?),
        false => None,
    };
    let settings = &survey.settings.store;
    for warning in plan::warnings(&survey) {
        ui.warn(|out| report::warning(out, &warning, &ui.preview_view()))?;
    }
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::store(&mut out, &contents, settings, parts.as_deref())?,
        Format::Human => {
            crate::store::report::status(
                &mut out,
                &contents,
                settings,
                parts.as_deref(),
                &ui.view,
            )?;
        }
    }
    Ok(Exit::Done)
}

/// The objects that the remote store holds, by kind.
fn remote_parts(remote: &Remote) -> Result<Vec<RemotePart>> {
    let mut parts: Vec<RemotePart> = Vec::new();
    for object in remote.list(&pack::everything())? {
        let kind = pack::kind(&object.key);
        if kind.is_empty() {
            continue;
        }
        let at = match parts.iter().position(|part| part.kind == kind) {
            Some(at) => at,
            None => {
                parts.push(RemotePart {
                    kind: kind.to_owned(),
                    objects: 0,
                    length: Bytes(0),
                    oldest: object.modified,
                    newest: object.modified,
                });
                parts.len() - 1
            }
        };
        let part = &mut parts[at];
        part.objects += 1;
        part.length += Bytes(object.length);
        part.oldest = part.oldest.min(object.modified);
        part.newest = part.newest.max(object.modified);
    }
    Ok(parts)
}
