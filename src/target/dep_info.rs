//! The files that a unit was compiled from: Cargo's binary dep-info, and rustc's `.d` files.
//!
//! Both come from disk, where anything may stand: no input makes these panic, and no length in one is taken for
//! true before as many bytes are there.

/// Cargo's dep-info, version 1: the `dep-…` file in a fingerprint folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepInfo {
    /// The files that decide whether the unit is fresh. A third-party package's own sources are left out.
    pub files: Vec<DepFile>,
    /// The variables that the compiler looked up: name and value, `None` where there was none.
    pub env: Vec<(String, Option<String>)>,
}

/// A file in a dep-info.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepFile {
    /// The folder that the path is relative to, if it is relative.
    pub base: Base,
    /// The path, as far as it is Unicode.
    pub path: String,
}

/// The folder that a path in a dep-info is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The package's folder. Only local packages have such paths.
    Package,
    /// The build folder, if the path is relative; else nothing.
    Build,
    /// The workspace's folder: a file that lies outside of the package. Up to Cargo 1.100 such a path is absolute.
    Workspace,
}

/// How a dep-info of version 1 begins: a count and a byte that older versions could not begin with, the version.
///
/// Source: `src/cargo/core/compiler/fingerprint/dep_info.rs` of Cargo, `EncodedDepInfo`.
const MAGIC: [u8; 6] = [1, 0, 0, 0, 0xff, 1];

impl DepInfo {
    /// Reads a dep-info. `None` if it is of another version, cut off, or nothing of the kind.
    ///
    /// Layout, numbers in little-endian: the magic bytes; a `u32` count of files, each of them a `u8` for the
    /// base (0 package, 1 build, from 1.101 also 2 workspace), a `u32` length and the path, and a `u8` that says whether a checksum follows,
    /// which is a `u64` length of the file and a `u32` length and text; a `u32` count of variables, each a
    /// `u32` length and name, and a `u8` that says whether a `u32` length and value follow.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes.strip_prefix(&MAGIC)?);
        let mut info = Self::default();
        for _ in 0..rest.u32()? {
            let base = match rest.u8()? {
                0 => Base::Package,
                1 => Base::Build,
                2 => Base::Workspace,
                _ => return None,
            };
            let path = String::from_utf8_lossy(rest.block()?).into_owned();
            if rest.flag()? {
                rest.take(8)?;
                rest.block()?;
            }
            info.files.push(DepFile { base, path });
        }
        for _ in 0..rest.u32()? {
            let name = rest.text()?;
            let value = if rest.flag()? {
                Some(rest.text()?)
            } else {
                None
            };
            info.env.push((name, value));
        }
        Some(info)
    }

    /// A dep-info in which the absolute paths below one folder are those of another one: `None` if it cannot be read, or
    /// has none.
    ///
    /// Cargo writes such a path for a file that lies in the worktree and not in the package; from 1.101 on only if it does
    /// not lie in the workspace either.
    #[must_use]
    pub fn relocated(bytes: &[u8], from: &str, into: &str) -> Option<Vec<u8>> {
        Self::parse(bytes)?;
        let mut rest = Reader(bytes.strip_prefix(&MAGIC)?);
        let mut new = MAGIC.to_vec();
        let mut any = false;
        let files = rest.u32()?;
        new.extend(files.to_le_bytes());
        for _ in 0..files {
            new.push(rest.u8()?);
            let path = rest.block()?;
            let inside = path.strip_prefix(from.as_bytes());
            let inside =
                inside.filter(|inside| inside.starts_with(b"/") || inside.starts_with(b"\\"));
            any |= inside.is_some();
            let path = inside
                .map(|inside| [into.as_bytes(), inside].concat())
                .unwrap_or(path.to_owned());
            new.extend(u32::try_from(path.len()).ok()?.to_le_bytes());
            new.extend(path);
            if rest.flag()? {
                new.push(1);
                new.extend(rest.take(8)?);
                let sum = rest.block()?;
                new.extend(u32::try_from(sum.len()).ok()?.to_le_bytes());
                new.extend(sum);
            } else {
                new.push(0);
            }
        }
        new.extend(rest.0);
        any.then_some(new)
    }

    /// Whether a file of the package itself is in it, which means that the package is local.
    #[must_use]
    pub(crate) fn is_local(&self) -> bool {
        self.files.iter().any(|file| file.base == Base::Package)
    }
}

/// Takes bytes from the front, if they are there.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, many: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.block()?).into_owned())
    }
}

/// A `.d` file that rustc wrote, in the format of makefiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustcDepInfo {
    /// The sources. The crate's root is the first one, or the second one after a configuration of clippy.
    pub sources: Vec<String>,
    /// The variables that the compiler looked up: name and value, `None` where there was none.
    pub env: Vec<(String, Option<String>)>,
}

impl RustcDepInfo {
    /// The root source of the crate.
    ///
    /// Clippy reads its configuration before rustc reads the crate, and the list is in that order.
    #[must_use]
    pub(crate) fn root(&self) -> Option<&str> {
        let is_clippys = |source: &str| {
            let name = source.rsplit(['/', '\\']).next();
            matches!(name, Some("clippy.toml" | ".clippy.toml"))
        };
        let mut sources = self.sources.iter().map(String::as_str);
        sources.find(|source| !is_clippys(source))
    }

    /// Reads a `.d` file, or as much of one as there is. Never fails: what is not understood is left out.
    ///
    /// Only the first rule counts, `<artifact>: <source> <source>…`, since all have the same sources. A space in
    /// a path has a backslash before it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut info = Self::default();
        let mut ruled = false;
        for line in text.lines() {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                info.env.push(match variable.split_once('=') {
                    Some((name, value)) => (unescape(name), Some(unescape(value))),
                    None => (unescape(variable), None),
                });
            } else if let (false, Some((_, sources))) = (ruled, line.split_once(": ")) {
                ruled = true;
                info.sources = words(sources);
            }
        }
        info
    }

    /// The names of the files that the compiler made, the list itself left out: each has a rule of its own.
    #[must_use]
    pub(crate) fn products(text: &str) -> Vec<&str> {
        let rules = text.lines().filter(|line| !line.starts_with('#'));
        let made = rules.filter_map(|line| line.split_once(": ").map(|(made, _)| made));
        let names = made.filter_map(|made| made.rsplit(['/', '\\']).next());
        names.filter(|name| !name.ends_with(".d")).collect()
    }
}

/// Splits at spaces that no backslash stands before.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for piece in line.split(' ') {
        let goes_on = piece.ends_with('\\');
        let piece = piece.strip_suffix('\\').unwrap_or(piece);
        match words.last_mut().filter(|_| open) {
            Some(word) => {
                word.push(' ');
                word.push_str(piece);
            }
            None if piece.is_empty() && !goes_on => {}
            None => words.push(piece.to_owned()),
        }
        open = goes_on;
    }
    words
}

/// In names and values of variables, rustc writes line ends and backslashes with a backslash.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('\\') => plain.push('\\'),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).expect("short");
        [&length.to_le_bytes(), bytes].concat()
    }

    /// One of each: a package file, one of the workspace, an absolute path with a checksum, variables with and without a value.
    fn dep_info() -> Vec<u8> {
        [
            &MAGIC[..],
            &[3, 0, 0, 0, 0],
            &block(b"src/lib.rs"),
            &[0, 2],
            &block(b"shared.txt"),
            &[0, 1],
            &block(b"/a b/Cargo.toml"),
            &[1, 9, 0, 0, 0, 0, 0, 0, 0],
            &block(b"blake3=00"),
            &[2, 0, 0, 0],
            &block(b"A"),
            &[1],
            &block(b"x"),
            &block(b"B"),
            &[0],
        ]
        .concat()
    }

    #[test]
    fn paths_and_variables() {
        let info = DepInfo::parse(&dep_info()).expect("valid");
        let file = |base, path: &str| DepFile {
            base,
            path: path.into(),
        };
        assert_eq!(
            info.files,
            [
                file(Base::Package, "src/lib.rs"),
                file(Base::Workspace, "shared.txt"),
                file(Base::Build, "/a b/Cargo.toml")
            ]
        );
        assert_eq!(
            info.env,
            [("A".into(), Some("x".into())), ("B".into(), None)]
        );
        assert!(info.is_local());
    }

    #[test]
    fn absolute_paths_follow() {
        let whole = dep_info();
        let moved = DepInfo::relocated(&whole, "/a b", "/elsewhere").expect("changed");
        let (before, after) = (DepInfo::parse(&whole), DepInfo::parse(&moved));
        let (before, after) = (before.expect("valid"), after.expect("valid"));
        assert_eq!(after.files[..2], before.files[..2]);
        assert_eq!(after.files[2].path, "/elsewhere/Cargo.toml");
        assert_eq!(after.env, before.env);
        assert_eq!(
            DepInfo::relocated(&moved, "/elsewhere", "/a b"),
            Some(whole.clone())
        );
        assert_eq!(DepInfo::relocated(&whole, "/a", "/b"), None);
        assert_eq!(DepInfo::relocated(&whole[1..], "/a b", "/b"), None);
    }

    #[test]
    fn a_piece_of_one_is_none() {
        let whole = dep_info();
        for cut in 0..whole.len() {
            assert_eq!(DepInfo::parse(&whole[..cut]), None, "{cut}");
        }
        let hostile = [&MAGIC[..], &[0xff; 12]].concat();
        assert_eq!(DepInfo::parse(&hostile), None);
        let hostile = [&MAGIC[..], &[1, 0, 0, 0, 0], &[0xff; 4], b"short"].concat();
        assert_eq!(DepInfo::parse(&hostile), None);
        let mut next_base = whole.clone();
        next_base[10] = 3;
        assert_eq!(DepInfo::parse(&next_base), None);
        let mut next_version = whole;
        next_version[5] = 2;
        assert_eq!(DepInfo::parse(&next_version), None);
    }

    #[test]
    fn rules_with_spaces_and_variables() {
        let text = "/t/my\\ x.d: src/a\\ b.rs /c\\ \\ d/e.rs f\n\n/t/x: other\n\nsrc/a\\ b.rs:\n\n\
                    # env-dep:A=one\\ntwo\\\\\n# env-dep:B\n# env-dep:C=\n";
        let info = RustcDepInfo::parse(text);
        assert_eq!(info.sources, ["src/a b.rs", "/c  d/e.rs", "f"]);
        let expected = [
            ("A".into(), Some("one\ntwo\\".into())),
            ("B".into(), None),
            ("C".into(), Some(String::new())),
        ];
        assert_eq!(info.env, expected);
    }

    #[test]
    fn each_product_has_a_rule() {
        let text = "/t/out/my-1.d: src/a\\ b.rs\n\n/t/out/libmy-1.rlib: src/a\\ b.rs\n\n\
                    c:\\t\\libmy-1.rmeta: src/a\\ b.rs\n\nsrc/a\\ b.rs:\n\n# env-dep:A=b: c\n";
        assert_eq!(
            RustcDepInfo::products(text),
            ["libmy-1.rlib", "libmy-1.rmeta"]
        );
        assert_eq!(RustcDepInfo::products(""), [""; 0]);
    }

    #[test]
    fn names_of_variables_are_escaped_as_well() {
        let info = RustcDepInfo::parse("# env-dep:A\\\\B=1\n# env-dep:C\\nD\n");
        let expected = [("A\\B".into(), Some("1".into())), ("C\nD".into(), None)];
        assert_eq!(info.env, expected);
    }

    #[test]
    fn drives_and_backslashes_stay() {
        let info = RustcDepInfo::parse("C:\\t\\x.d: C:\\w\\src\\lib.rs\r\n");
        assert_eq!(info.sources, ["C:\\w\\src\\lib.rs"]);
        assert_eq!(RustcDepInfo::parse("/t/x.d:"), RustcDepInfo::default());
    }
}
