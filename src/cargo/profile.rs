//! How much debug information the dev profile of a workspace asks for.
//!
//! Source: "Profiles" in the Cargo Book: a variable beats the configurations, the nearest of these the others, and all of them
//! the manifest; `debug` may be a number, a boolean or a name.

use toml::{Table, Value};

use crate::cargo::toml_read;

/// How much debug information is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DebugLevel {
    None,
    /// Lines, by which backtraces have places.
    LineTables,
    /// More than lines.
    #[default]
    Full,
}

/// How much the dev profile asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DevDebug {
    /// For the workspace's own packages.
    pub(crate) own: DebugLevel,
    /// For all other packages.
    pub(crate) third_party: DebugLevel,
}

impl DevDebug {
    /// The settings from the value of `CARGO_PROFILE_DEV_DEBUG` and from texts in TOML, those that count most first.
    /// A text that is not valid sets nothing.
    pub(crate) fn of<'a>(variable: Option<&str>, texts: impl Iterator<Item = &'a str>) -> Self {
        let tables = texts.filter_map(|text| toml_read::read::<Table>(text).ok());
        let profiles: Vec<Table> = tables
            .filter_map(|table| table.get("profile")?.get("dev")?.as_table().cloned())
            .collect();
        let variable = variable.and_then(|text| level(&Value::String(text.to_owned())));
        let mut own = profiles.iter().filter_map(|dev| level(dev.get("debug")?));
        let own = variable.or_else(|| own.next()).unwrap_or_default();
        let mut others = profiles.iter().filter_map(|dev| {
            let packages = dev.get("package")?.get("*")?;
            level(packages.get("debug")?)
        });
        Self {
            own,
            third_party: others.next().unwrap_or(own),
        }
    }
}

/// The level that a value of `debug` means; `None` for a value that Cargo refuses.
fn level(value: &Value) -> Option<DebugLevel> {
    match value {
        Value::Boolean(false) | Value::Integer(0) => Some(DebugLevel::None),
        Value::Boolean(true) | Value::Integer(1 | 2) => Some(DebugLevel::Full),
        Value::String(name) => match name.as_str() {
            "none" | "0" | "false" => Some(DebugLevel::None),
            "line-directives-only" | "line-tables-only" => Some(DebugLevel::LineTables),
            "limited" | "full" | "1" | "2" | "true" => Some(DebugLevel::Full),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variable: Option<&str>, texts: &[&str]) -> (DebugLevel, DebugLevel) {
        let debug = DevDebug::of(variable, texts.iter().copied());
        (debug.own, debug.third_party)
    }

    #[test]
    fn the_nearest_counts() {
        use DebugLevel::{Full, LineTables, None as Nothing};
        let lines = "[profile.dev]\ndebug = \"line-tables-only\"\n";
        let packages = "[profile.dev.package.\"*\"]\ndebug = false\n";
        assert_eq!(of(None, &[]), (Full, Full));
        assert_eq!(of(None, &["[profile.dev]\nopt-level = 1\n"]), (Full, Full));
        assert_eq!(of(None, &[lines]), (LineTables, LineTables));
        assert_eq!(of(None, &[packages]), (Full, Nothing));
        assert_eq!(of(None, &[lines, packages]), (LineTables, Nothing));
        assert_eq!(of(None, &["[profile.dev]\ndebug = 0\n", lines]).0, Nothing);
        assert_eq!(of(Some("2"), &[lines]), (Full, Full));
        assert_eq!(of(Some("none"), &[packages]), (Nothing, Nothing));
        assert_eq!(of(Some("odd"), &["broken = ", lines]).0, LineTables);
        assert_eq!(of(None, &["[profile.release]\ndebug = 0\n"]).0, Full);
    }
}
