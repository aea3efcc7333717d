//! Which package the user means.

use std::convert::Infallible;
use std::str::FromStr;

/// A package as Cargo's commands name it: `name`, `name@version`, or a URL with either behind a `#`.
///
/// Source: `PackageIdSpec` in `cargo-util-schemas` of Cargo. Where a package comes from is not compared: a name and a
/// version tell units apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// As the user wrote it.
    pub(crate) text: String,
    pub(crate) name: String,
    /// The version, or its beginning.
    pub(crate) version: Option<String>,
}

impl FromStr for Spec {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (url, fragment) = match text.split_once('#') {
            Some((url, fragment)) => (Some(url), Some(fragment)),
            None if text.contains("://") => (Some(text), None),
            None => (None, Some(text)),
        };
        let of_url = url.map(|url| {
            let path = url.split('?').next().unwrap_or_default();
            let last = path.trim_end_matches('/').rsplit(['/', ':']).next();
            let last = last.unwrap_or_default();
            last.strip_suffix(".git").unwrap_or(last)
        });
        let (name, version) = match (fragment, of_url) {
            (Some(version), Some(name)) if begins_with_digit(version) => (name, Some(version)),
            (Some(fragment), _) => match fragment.split_once(['@', ':']) {
                Some((name, version)) => (name, Some(version)),
                None => (fragment, None),
            },
            (None, name) => (name.unwrap_or_default(), None),
        };
        Ok(Self {
            text: text.to_owned(),
            name: name.to_owned(),
            version: version.map(str::to_owned),
        })
    }
}

impl Spec {
    /// Whether it means a package of this name and version. A version that is not known may be the one.
    pub(crate) fn means(&self, name: &str, version: Option<&str>) -> bool {
        self.name == name
            && match (self.version.as_deref(), version) {
                (Some(wanted), Some(version)) => begins_with(version, wanted),
                _ => true,
            }
    }

    /// The name among others that the user may have meant.
    pub(crate) fn nearest<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let far = |name: &str| strsim::damerau_levenshtein(&self.name, name);
        let most = (self.name.chars().count() / 3).max(1);
        let near = names.map(|name| (far(name), name));
        let near = near.filter(|(far, _)| *far <= most).min();
        near.map(|(_, name)| name)
    }
}

/// Whether a version is the wanted one, whose last numbers may be left out.
fn begins_with(version: &str, wanted: &str) -> bool {
    let rest = version.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        text.parse().unwrap_or_else(|never| match never {})
    }

    #[test]
    fn as_cargo_reads_them() {
        for (text, name, version) in [
            ("serde", "serde", None),
            ("serde@1.0.2", "serde", Some("1.0.2")),
            ("serde:1.0.2", "serde", Some("1.0.2")),
            ("https://example.org/serde", "serde", None),
            ("https://example.org/serde.git?branch=x", "serde", None),
            ("https://example.org/serde#1.0.2", "serde", Some("1.0.2")),
            ("https://example.org/all#serde", "serde", None),
            (
                "registry+https://e.org/index#serde@1.0",
                "serde",
                Some("1.0"),
            ),
            ("path+file:///w/core#0.1.0", "core", Some("0.1.0")),
            ("", "", None),
            ("#", "", None),
        ] {
            let read = spec(text);
            let expected = (name, version.map(str::to_owned));
            assert_eq!((read.name.as_str(), read.version), expected, "{text}");
        }
    }

    #[test]
    fn a_version_may_be_cut_off() {
        assert!(spec("a@1").means("a", Some("1.2.3")));
        assert!(spec("a@1.2").means("a", Some("1.2.3")));
        assert!(spec("a@1.2.3").means("a", Some("1.2.3+x")));
        assert!(!spec("a@1.2").means("a", Some("1.20.3")));
        assert!(!spec("a").means("b", None));
        assert!(spec("a@1").means("a", None));
    }

    #[test]
    fn the_nearest_name() {
        let names = || ["serde", "serde_json", "syn"].into_iter();
        assert_eq!(spec("sedre").nearest(names()), Some("serde"));
        assert_eq!(spec("serde-json").nearest(names()), Some("serde_json"));
        assert_eq!(spec("tokio").nearest(names()), None);
    }
}
