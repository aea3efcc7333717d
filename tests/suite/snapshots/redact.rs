//! Takes out of an output what differs between machines and runs, and leaves words, order, counts and alignment.

use snapbox::Redactions;

use crate::sandbox::Sandbox;

/// The fields of JSON documents that hold bytes.
const BYTES: &[&str] = &[
    "available",
    "available_after",
    "available_before",
    "copied",
    "device",
    "freeable",
    "frees",
    "length",
    "linkable",
    "linked",
    "logical",
    "on_disk",
    "one_less",
    "own",
    "saves",
    "shared",
    "stale",
    "target",
    "total",
    "transferred",
];

/// A kind of content whose size each filesystem counts differently.
const FOLDERS: &str = "folders and locks";

/// The replacements in outputs.
pub(crate) struct Redactor {
    paths: Redactions,
}

impl Redactor {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let mut paths = Redactions::new();
        let root = sandbox.outside("").display().to_string();
        let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
        for (name, text) in [
            ("[ROOT]", root.trim_end_matches('/').to_owned()),
            ("[PROGRAM]", program.to_owned()),
        ] {
            paths.insert(name, text).expect("a name");
        }
        Self { paths }
    }

    /// Redacts a text for people.
    pub(crate) fn text(&self, said: &str) -> String {
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| !line.ends_with(FOLDERS))
            .collect();
        let mut all = String::new();
        let mut at = 0;
        while at < lines.len() {
            match table(&lines[at..]) {
                Some((rows, columns)) => {
                    all.push_str(&self.table(&lines[at..at + rows], &columns));
                    at += rows;
                }
                None if is_of_cargo(lines[at]) => {
                    let count = lines[at..]
                        .iter()
                        .take_while(|line| is_of_cargo(line))
                        .count();
                    all.push_str("[CARGO]\n");
                    at += count;
                }
                None => {
                    let line = self.words(lines[at]);
                    // Others write to the same filesystem.
                    match line.split_once("the filesystem reports ") {
                        Some((before, after)) => {
                            let after = after.split_once(": ").map_or(after, |(_, after)| after);
                            all.push_str(&format!(
                                "{before}the filesystem reports [CHANGE]: {after}"
                            ));
                        }
                        None => all.push_str(&line),
                    }
                    all.push('\n');
                    at += 1;
                }
            }
        }
        all
    }

    /// Redacts a document: the numbers of fields that hold bytes, and what is redacted in texts too.
    pub(crate) fn json(&self, document: &str) -> String {
        let mut all = String::new();
        for line in without_folders(document) {
            let field = line.trim_start().strip_prefix('"').and_then(|rest| {
                let (name, value) = rest.split_once("\": ")?;
                let value = value.trim_end_matches(',');
                let number = value.chars().all(|c| c.is_ascii_digit());
                let shown = match name {
                    "entries" => "[COUNT]",
                    name if BYTES.contains(&name) => "[SIZE]",
                    _ => return None,
                };
                (number && value != "0").then_some((value, shown))
            });
            let text = |name: &str| line.trim_start().strip_prefix(name)?.strip_prefix(": \"");
            let stands_for = |name: &str, shown: &str| {
                let value = text(name)?.trim_end_matches(',').strip_suffix('"')?;
                Some(line.replacen(value, shown, 1))
            };
            let own = stands_for("\"stamp\"", "[STAMP]");
            let own = own.or_else(|| stands_for("\"platform\"", "[PLATFORM]"));
            // Not each filesystem notes when files were read.
            let own = own.or_else(|| {
                let (begin, value) = line.split_once("\"last_read\": ")?;
                let comma = if value.ends_with(',') { "," } else { "" };
                Some(format!("{begin}\"last_read\": \"[READ]\"{comma}"))
            });
            let line = match field {
                _ if own.is_some() => own.unwrap_or_default(),
                Some((value, shown)) => line.replacen(value, &format!("\"{shown}\""), 1),
                None => line.to_owned(),
            };
            all.push_str(&self.words(&line));
            all.push('\n');
        }
        sorted(&all, "units")
    }

    /// Redacts a line, or a cell of a table.
    pub(crate) fn words(&self, line: &str) -> String {
        let line = self.paths.redact(line).replace('\u{1b}', "\\e");
        let mut all = String::with_capacity(line.len());
        let mut rest = line.as_str();
        while let Some(c) = rest.chars().next() {
            let inside = all.ends_with(|before: char| before.is_ascii_alphanumeric());
            let found = FORMS.iter().find_map(|form| form(rest));
            match found.filter(|_| !inside) {
                Some((length, name)) => {
                    all.push_str(name);
                    rest = &rest[length..];
                }
                None => {
                    all.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        all
    }

    /// Sets a table anew, with what stands in for sizes and ages, if it was well set.
    fn table(&self, lines: &[&str], columns: &[(usize, usize)]) -> String {
        let cells = |line: &&str| -> Vec<(String, usize, usize)> {
            let chars: Vec<char> = line.chars().collect();
            let cell = |&(from, to): &(usize, usize)| {
                let text: String = chars[from.min(chars.len())..to.min(chars.len())]
                    .iter()
                    .collect();
                let begin = from + text.chars().take_while(|c| *c == ' ').count();
                let shown = text.trim();
                (self.words(shown), begin, begin + shown.chars().count())
            };
            columns.iter().map(cell).collect()
        };
        let rows: Vec<Vec<(String, usize, usize)>> = lines.iter().map(cells).collect();
        let mut set = vec![String::new(); rows.len()];
        for column in 0..columns.len() {
            let filled = || {
                rows.iter()
                    .map(|row| &row[column])
                    .filter(|cell| !cell.0.is_empty())
            };
            let same = |place: fn(&(String, usize, usize)) -> usize| {
                let mut places = filled().map(place);
                let first = places.next();
                places.all(|one| Some(one) == first)
            };
            let width = filled()
                .map(|cell| cell.0.chars().count())
                .max()
                .unwrap_or(0);
            let sizes =
                filled().any(|cell| cell.0.starts_with("[SIZE]") || cell.0.starts_with("[PART]"));
            let (left, right) = (same(|cell| cell.1), same(|cell| cell.2));
            for (line, row) in set.iter_mut().zip(&rows) {
                let text = &row[column].0;
                line.push_str("  ");
                match (left, right) {
                    (true, false) => line.push_str(&format!("{text:<width$}")),
                    (false, true) => line.push_str(&format!("{text:>width$}")),
                    (true, true) if sizes => line.push_str(&format!("{text:>width$}")),
                    (true, true) => line.push_str(&format!("{text:<width$}")),
                    (false, false) => line.push_str(&format!("{text} [ASKEW]")),
                }
            }
        }
        set.iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

/// A document without the entry for folders, which is sorted elsewhere on another filesystem.
fn without_folders(document: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = document.lines().collect();
    let name = format!("\"name\": \"{FOLDERS}\"");
    while let Some(at) = lines
        .iter()
        .position(|line| line.trim().trim_end_matches(',') == name)
    {
        let is_begin = |line: &&str| line.trim() == "{";
        let begin = lines[..at].iter().rposition(is_begin).expect("its begin");
        let rest = &lines[at..];
        let length = rest
            .iter()
            .position(|line| line.trim().starts_with('}'))
            .expect("its end");
        let was_last = !rest[length].ends_with(',');
        lines.drain(begin..=at + length);
        if was_last {
            lines[begin - 1] = lines[begin - 1].trim_end_matches(',');
        }
    }
    lines
}

/// A document whose lists of this name are sorted by what is shown of them: by themselves they are sorted by hashes.
pub(super) fn sorted(document: &str, list: &str) -> String {
    let mut lines = document.lines();
    let mut all = String::new();
    while let Some(line) = lines.next() {
        all.push_str(&format!("{line}\n"));
        let Some(indent) = line.strip_suffix(&format!("\"{list}\": [")) else {
            continue;
        };
        let (mut units, mut unit) = (Vec::new(), String::new());
        for line in lines.by_ref() {
            if line.trim_end_matches(',') == format!("{indent}]") {
                units.sort();
                all.push_str(&units.join(",\n"));
                all.push_str(&format!("\n{line}\n"));
                break;
            }
            let is_end = line.trim_end_matches(',') == format!("{indent}  }}");
            unit.push_str(if is_end {
                line.trim_end_matches(',')
            } else {
                line
            });
            match is_end {
                true => units.push(std::mem::take(&mut unit)),
                false => unit.push('\n'),
            }
        }
    }
    all
}

/// A line by which Cargo tells how a build goes on.
fn is_of_cargo(line: &str) -> bool {
    let words = [
        "Compiling ",
        "Finished ",
        "Locking ",
        "Updating ",
        "Adding ",
    ];
    line.starts_with("   ") && words.iter().any(|word| line.trim_start().starts_with(word))
}

/// How many lines from the first one are a table, and where its columns are.
fn table(lines: &[&str]) -> Option<(usize, Vec<(usize, usize)>)> {
    let head = lines.first()?;
    let is_head = head.starts_with("  ")
        && head.chars().all(|c| c.is_ascii_uppercase() || c == ' ')
        && head.trim().contains("  ");
    if !is_head {
        return None;
    }
    let mut found = None;
    for count in 2..=lines.len() {
        let row = lines[count - 1];
        let full = |columns: &Vec<(usize, usize)>| {
            columns
                .iter()
                .all(|(from, to)| row.chars().take(*to).skip(*from).any(|c| c != ' '))
        };
        match columns(&lines[..count]).filter(full) {
            Some(columns) if row.starts_with("  ") => found = Some((count, columns)),
            _ => break,
        }
    }
    found
}

/// Where the columns of a table are: between those of the head, each line has two spaces in the same place.
fn columns(lines: &[&str]) -> Option<Vec<(usize, usize)>> {
    let rows: Vec<Vec<char>> = lines.iter().map(|line| line.chars().collect()).collect();
    let blank = |row: &Vec<char>, at: usize| row.get(at).is_none_or(|c| *c == ' ');
    let gap = |at: usize| rows.iter().all(|row| blank(row, at) && blank(row, at + 1));
    let head = &rows[0];
    let longest = rows.iter().map(Vec::len).max()?;
    let (mut columns, mut begin, mut at) = (Vec::new(), 2, 2);
    // Each name in the head ends where two spaces or the line end follow.
    while let Some(skip) = head[at..].iter().position(|c| *c != ' ') {
        let name = at + skip;
        let end = (name..head.len()).find(|at| blank(head, *at) && blank(head, at + 1));
        let Some(end) = end.filter(|end| *end < head.len()) else {
            columns.push((begin, longest));
            return Some(columns);
        };
        let next = (end..head.len()).find(|at| head[*at] != ' ')?;
        let cut = (end..next.saturating_sub(1)).find(|at| gap(*at))?;
        columns.push((begin, cut));
        (begin, at) = (cut + 2, next);
    }
    None
}

type Form = fn(&str) -> Option<(usize, &'static str)>;

/// The forms of what differs, each with what stands in for it.
const FORMS: &[Form] = &[
    size,
    part,
    age,
    length,
    time,
    moment,
    hash,
    halved,
    incremental,
    tool,
    version,
    source,
    files,
    no_repository,
    place,
];

fn digits(text: &str) -> Option<usize> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (count > 0).then_some(count)
}

/// `7` or `7.5`.
fn number(text: &str) -> Option<usize> {
    let whole = digits(text)?;
    let more = text[whole..].strip_prefix('.').and_then(digits);
    Some(whole + more.map_or(0, |more| more + 1))
}

/// A number, and one of these words.
fn number_and(text: &str, words: &[&str]) -> Option<usize> {
    let end = number(text)?;
    let ends = |word: &&&str| {
        text[end..]
            .strip_prefix(**word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    words.iter().find(ends).map(|word| end + word.len())
}

/// A size, but for none at all.
fn size(text: &str) -> Option<(usize, &'static str)> {
    let length = number_and(text, &[" B", " KiB", " MiB", " GiB", " TiB"])?;
    (!text.starts_with("0 B")).then_some((length, "[SIZE]"))
}

/// A part in per cent.
fn part(text: &str) -> Option<(usize, &'static str)> {
    let end = number(text)?;
    text[end..].starts_with(" %").then_some((end + 2, "[PART]"))
}

/// An age.
fn age(text: &str) -> Option<(usize, &'static str)> {
    if text.starts_with("just now") {
        return Some((8, "[AGO]"));
    }
    let words = [" minute ago", " minutes ago", " hour ago", " hours ago"];
    Some((number_and(text, &words)?, "[AGO]"))
}

/// How long something took.
fn length(text: &str) -> Option<(usize, &'static str)> {
    const SHORT: &str = "less than 0.1 s";
    let length = match text.starts_with(SHORT) {
        true => Some(SHORT.len()),
        false => number_and(text, &[" s"]),
    };
    Some((length?, "[LENGTH]"))
}

/// A moment: `2026-11-29T13:30:19.5Z`.
fn time(text: &str) -> Option<(usize, &'static str)> {
    let day = text.get(..11)?;
    let form = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        _ => byte.is_ascii_digit(),
    };
    let is_day = day.bytes().enumerate().all(form);
    let end = text[11..].bytes().position(|byte| byte == b'Z')?;
    is_day.then_some((11 + end + 1, "[TIME]"))
}

/// A hash in hexadecimal digits.
fn hash(text: &str) -> Option<(usize, &'static str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let word = &text[..length];
    let is_hex = word
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_hash = matches!(length, 16 | 32 | 40 | 64)
        && is_hex
        && word.contains(|c: char| c.is_ascii_digit());
    is_hash.then_some((length, "[HASH]"))
}

/// A hash that Cargo has cut in two: `23/ec3c1f42b4e786`.
fn halved(text: &str) -> Option<(usize, &'static str)> {
    let (first, rest) = (text.get(..2)?, text.get(2..)?.strip_prefix('/')?);
    let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let hex = |part: &str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (length == 14 && hex(first) && hex(&rest[..14])).then_some((17, "[HASH]"))
}

/// A moment in nanoseconds.
fn moment(text: &str) -> Option<(usize, &'static str)> {
    let length = digits(text)?;
    let ends = !text[length..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (length >= 18 && ends).then_some((length, "\"[MOMENT]\""))
}

/// The name of a folder that the compiler has for its own cache: `app-2jxqp7xpacmsy`.
fn incremental(text: &str) -> Option<(usize, &'static str)> {
    let names = [
        ("app-", "app-[CACHE]"),
        ("inner-", "inner-[CACHE]"),
        ("lone-", "lone-[CACHE]"),
    ];
    let (name, shown) = names.iter().find(|(name, _)| text.starts_with(name))?;
    let rest = &text[name.len()..];
    let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    matches!(length, 12 | 13).then_some((name.len() + length, shown))
}

/// A tool's own line with its version, hash and date.
fn tool(text: &str) -> Option<(usize, &'static str)> {
    let names = [
        ("cargo ", "cargo [VERSION]"),
        ("rustc ", "rustc [VERSION]"),
        ("git version ", "git version [VERSION]"),
    ];
    let (begin, shown) = names.iter().find(|(begin, _)| {
        text.strip_prefix(begin)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    let rest = &text[begin.len()..];
    let mut length = rest.find([' ', '"', '\\']).unwrap_or(rest.len());
    if let Some(more) = rest[length..].strip_prefix(" (") {
        length += 2 + more.find(')')? + 1;
    }
    // All that `rustc -vV` says.
    if rest[length..].starts_with("\\n") {
        length = rest.find('"')?;
    }
    Some((begin.len() + length, shown))
}

/// The version of Cargo or of the compiler in a column of its own.
fn version(text: &str) -> Option<(usize, &'static str)> {
    let is_version = text.len() < 24 && text.starts_with("1.") && text.matches('.').count() >= 2;
    let minor = text.get(2..)?.split('.').next()?;
    let compiler = is_version && minor.len() >= 2 && digits(minor) == Some(minor.len());
    compiler.then_some((text.len(), "[VERSION]"))
}

/// Where a time of last use comes from: not each filesystem notes when files were read.
fn source(text: &str) -> Option<(usize, &'static str)> {
    let words = ["by the newest mtime", "by the newest atime"];
    let word = words.iter().find(|word| text.starts_with(**word))?;
    Some((word.len(), "by the newest [SOURCE]"))
}

/// How far git has looked for a repository: not beyond a filesystem.
fn no_repository(text: &str) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix("not a git repository (or any")?;
    let length = rest.find(['\n', '"']).unwrap_or(rest.len());
    Some((
        text.len() - rest.len() + length,
        "not a git repository [LOOKED]",
    ))
}

/// How many files there are: each version of Cargo and of the compiler makes others.
fn files(text: &str) -> Option<(usize, &'static str)> {
    let length = number_and(text, &[" files"])?;
    Some((length, "[COUNT] files"))
}

/// Where Cargo has found a mistake: its versions differ in that.
fn place(text: &str) -> Option<(usize, &'static str)> {
    const BEGIN: &str = "TOML parse error at line ";
    let line = BEGIN.len() + digits(text.strip_prefix(BEGIN)?)?;
    let column = digits(text[line..].strip_prefix(", column ")?)?;
    Some((line + 9 + column, "TOML parse error at [PLACE]"))
}
