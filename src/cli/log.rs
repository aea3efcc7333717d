//! The log of a run, for reports of problems: on stderr, where `-vv` or [`VARIABLE`] asks for it.
//!
//! It has the events of this crate alone: other crates might write keys into theirs. Each event is one line that no terminal
//! obeys, without the credentials of addresses. Events name variables and never say their values, and of the programs
//! that are the user's own (scripts, providers) they only count the arguments.

use std::ffi::OsString;
use std::fmt;
use std::time::Instant;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory as _};
use tracing::{Event, Level, Subscriber, debug, info};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::cli::Cli;
use crate::term::ui;
use crate::text;

/// The variable that asks for a log, and for which.
const VARIABLE: &str = "CARGO_SHAREDTARGET_LOG";

/// The program's name in a filter and in the log. The paths of modules have another prefix before it.
const NAME: &str = "sharedtarget";
const PREFIX: &str = "cargo_";

/// Starts the log if it is asked for, with the command line as the first entry.
///
/// # Errors
///
/// The variable has no filter.
pub(super) fn start(matches: &ArgMatches, arguments: &[OsString]) -> Result<(), clap::Error> {
    let mut command = matches;
    while let Some((_, inner)) = command.subcommand() {
        command = inner;
    }
    let verbose = command.try_get_one::<u8>("verbose").ok().flatten();
    let asked = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
    let filter = match (asked, verbose) {
        (Some(text), _) => filter(&text.to_string_lossy()).map_err(|why| {
            let why = format!("{VARIABLE}: {why}");
            Cli::command().error(ErrorKind::ValueValidation, why)
        })?,
        (None, Some(2..)) => Targets::new().with_default(Level::DEBUG),
        _ => return Ok(()),
    };
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Lines(Instant::now()))
        .with_writer(|| Terminal)
        .with_filter(of_this_crate(&filter));
    let log = tracing_subscriber::registry().with(lines);
    // Tests may have started one.
    let _ = tracing::subscriber::set_global_default(log);
    // A script's arguments are the last ones.
    let script = command.try_get_raw("script").ok().flatten();
    let private = script.map_or(0, |script| script.len() - 1);
    let (shown, _) = arguments.split_at(arguments.len() - private);
    info!(
        version = env!("CARGO_PKG_VERSION"),
        ?shown,
        private,
        "asked"
    );
    let heeded = ["CARGO", "RUST", "GIT_", "XDG_", "CI"];
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let names: Vec<String> = names
        .filter(|name| heeded.iter().any(|start| name.starts_with(start)))
        .collect();
    debug!(?names, "variables");
    Ok(())
}

/// Reads a filter, such as `debug` or `sharedtarget::warm=trace,info`.
fn filter(text: &str) -> Result<Targets, String> {
    const EXPECTED: &str = "expected `error`, `warn`, `info`, `debug` or `trace`, or a list such as \
                            `debug,sharedtarget::warm=trace`";
    let filter: Targets = text
        .parse()
        .map_err(|_| format!("{EXPECTED}, found `{text}`"))?;
    let stranger = filter.iter().find(|(target, _)| {
        let rest = target.strip_prefix(NAME);
        rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with("::"))
    });
    match stranger {
        Some((target, _)) => Err(format!("{EXPECTED}, found `{target}`")),
        None => Ok(filter),
    }
}

/// A filter that lets nothing of other crates through, by the paths of modules.
fn of_this_crate(filter: &Targets) -> Targets {
    let default = filter.default_level().unwrap_or(LevelFilter::OFF);
    let named = filter.iter();
    let all = std::iter::once((NAME, default)).chain(named);
    Targets::new().with_targets(all.map(|(target, level)| (format!("{PREFIX}{target}"), level)))
}

/// Writes events as lines: the time since this one, the level, the place in the program, the event.
struct Lines(Instant);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let target = target.strip_prefix(PREFIX).unwrap_or(target);
        let since = self.0.elapsed().as_secs_f64();
        write!(writer, "{since:9.4}s {level:>5} {target}: ")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// Where the log goes: each piece is one event, whatever it has in it.
struct Terminal;

impl std::io::Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let event = String::from_utf8_lossy(bytes);
        // As one statement, so that nothing in it begins a line.
        write!(ui::beside(), "{}", text::without_credentials(&event))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_of_this_crate() {
        let level = |text: &str, target: &str, level: Level| {
            of_this_crate(&filter(text).expect(text)).would_enable(target, &level)
        };
        assert!(level("debug", "cargo_sharedtarget::git", Level::DEBUG));
        assert!(!level("debug", "cargo_sharedtarget::git", Level::TRACE));
        assert!(!level("trace", "hyper::client", Level::ERROR));
        let named = "info,sharedtarget::warm=trace";
        assert!(level(
            named,
            "cargo_sharedtarget::warm::donor",
            Level::TRACE
        ));
        assert!(!level(named, "cargo_sharedtarget::git", Level::DEBUG));
        assert!(level(
            "sharedtarget=trace",
            "cargo_sharedtarget::fs",
            Level::TRACE
        ));
        for wrong in ["debgu", "sharedtarget=loud", "hyper=trace", "sharedtargets"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }
}
