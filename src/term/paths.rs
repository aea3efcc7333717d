//! Paths as people read them.

use std::path::{Path, PathBuf};

use crate::text::shown;

/// Shortens paths: relative to the current folder or beside it, else from the home folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    pub(crate) base: PathBuf,
    pub(crate) home: Option<PathBuf>,
}

impl Paths {
    /// Shows a path.
    #[must_use]
    pub(crate) fn show(&self, path: &Path) -> String {
        if let Ok(inside) = path.strip_prefix(&self.base) {
            return if inside.as_os_str().is_empty() {
                ".".into()
            } else {
                plain(inside)
            };
        }
        if let Some(beside) = self
            .base
            .parent()
            .and_then(|above| path.strip_prefix(above).ok())
            && !beside.as_os_str().is_empty()
            && self.base.parent().and_then(Path::parent).is_some()
        {
            return plain(&Path::new("..").join(beside));
        }
        match self
            .home
            .as_deref()
            .and_then(|home| path.strip_prefix(home).ok())
        {
            Some(inside) if inside.as_os_str().is_empty() => "~".into(),
            Some(inside) => plain(&Path::new("~").join(inside)),
            None => plain(path),
        }
    }
}

/// A path on one line, with nothing in it that a terminal obeys.
fn plain(path: &Path) -> String {
    shown(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_that_is_clear() {
        let paths = Paths {
            base: "/home/me/code".into(),
            home: Some("/home/me".into()),
        };
        assert_eq!(paths.show(Path::new("/home/me/code")), ".");
        assert_eq!(paths.show(Path::new("/home/me/code/a/b")), "a/b");
        assert_eq!(paths.show(Path::new("/home/me/beside")), "../beside");
        let deep = Paths {
            base: "/home/me/code/pika".into(),
            ..paths.clone()
        };
        assert_eq!(deep.show(Path::new("/home/me/other")), "~/other");
        let top = Paths {
            base: "/code".into(),
            home: None,
        };
        assert_eq!(
            top.show(Path::new("/usr/lib")),
            "/usr/lib",
            "everything is beside the top"
        );
        assert_eq!(paths.show(Path::new("/home/mean")), "/home/mean");
        assert_eq!(paths.show(Path::new("/x\n\u{1b}[31m")), "/x\\n\\u{1b}[31m");
    }
}
