//! Configurations as people write them, and odder ones.

use proptest::prelude::*;
use proptest::sample::select;

/// Values of every type; some hold what looks like the lines that we look for.
const VALUES: [&str; 18] = [
    "1",
    "0xf_f",
    "-1.5e3",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "\"text # no comment\"",
    "'C:\\literal'",
    "\"\\u00e9 \\\" \\\\\"",
    "\"żółw 亀\"",
    "\"\"\"\n[build]\ntarget-dir = \"no\"\n\"\"\"",
    "'''\n[net]\n# no comment'''",
    "[]",
    "[ 1,2 ,3, ]",
    "[\n  'a', # one\n  # two\n  \"b\"\n]",
    "[[1], { x = 1 }]",
    "{ a = 1, b.c = 'x' }",
    "{}",
];

const COMMENTS: [&str; 8] = [
    "",
    "\n",
    "# plain\n",
    "  # [build]\n",
    "\t\n",
    "# target-dir = 'no'\n",
    "#\n\n",
    "# żółw\n",
];

const SPACES: [&str; 4] = ["", " ", "   ", "\t"];

fn value() -> impl Strategy<Value = String> {
    select(&VALUES[..]).prop_map(str::to_owned)
}

/// `key = value` with odd spacing, a comment before and perhaps one behind.
fn entry(
    key: impl Into<String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let key = key.into();
    let space = || select(&SPACES[..]);
    let behind = select(&["", "# behind", "  # żółw"][..]);
    (
        select(&COMMENTS[..]),
        space(),
        space(),
        space(),
        value,
        behind,
    )
        .prop_map(move |(above, a, b, c, value, d)| {
            format!("{above}{a}{key}{b}={c}{value}{a}{d}\n")
        })
}

/// A subset of entries with these keys, in any order.
fn entries(keys: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let all: Vec<_> = keys
        .iter()
        .map(|key| entry(*key, value()).boxed())
        .collect();
    (
        all,
        proptest::sample::subsequence((0..keys.len()).collect::<Vec<_>>(), 0..=keys.len()),
    )
        .prop_map(|(all, chosen)| {
            chosen
                .into_iter()
                .map(|at| all[at].clone())
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// The entries of `[build]`, perhaps with ours among them; `prefix` is put before each key.
fn build_entries(prefix: &'static str) -> impl Strategy<Value = Vec<String>> {
    let key = |name: &str| format!("{prefix}{name}");
    let own = || {
        select(&["'t'", "\"a b\"", "\"\"\"x\"\"\"", "'''y'''", "\"\\u0041\""][..])
            .prop_map(str::to_owned)
    };
    let target = select(&["target-dir", "\"target-dir\"", "'target-dir'"][..]);
    let target = target.prop_flat_map(move |name| entry(format!("{prefix}{name}"), own()));
    let others = vec![
        entry(key("jobs"), value()).boxed(),
        entry(key("rustflags"), value()).boxed(),
        entry(key("env.A"), value()).boxed(),
        entry(key("\"żółw\""), value()).boxed(),
    ];
    (
        proptest::option::of(target),
        proptest::option::of(entry(key("build-dir"), own())),
        others,
        0..=4_usize,
    )
        .prop_map(|(target, build, others, many)| {
            target
                .into_iter()
                .chain(build)
                .chain(others.into_iter().take(many))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// `build` in one of the forms that TOML has: lines for the top, and tables.
fn build() -> impl Strategy<Value = (String, Vec<String>)> {
    let header = select(
        &[
            "[build]",
            "[ build ]",
            "  [build] # ours",
            "['build']",
            "[\"build\"]\t",
        ][..],
    );
    const INNER: &str = "[build.warnings]\nx = 1\n";
    let table = (header, build_entries(""), 0..8).prop_map(|(header, lines, inner)| {
        let table = format!("{header}\n{}", lines.concat());
        match inner {
            0 => vec![INNER.to_owned(), table],
            1 => vec![table, INNER.to_owned()],
            _ => vec![table],
        }
    });
    let inline = select(
        &[
            "{}",
            "{ }",
            "{jobs=1}",
            "{ target-dir = 'x' , jobs = 1 }",
            "{ jobs = 1, build-dir='y'}",
        ][..],
    );
    let inline = entry("build", inline.prop_map(str::to_owned));
    prop_oneof![
        1 => Just((String::new(), vec![])),
        5 => table.prop_map(|tables| (String::new(), tables)),
        1 => Just((String::new(), vec![INNER.to_owned()])),
        2 => inline.prop_map(|line| (line, vec![])),
        2 => build_entries("build.").prop_map(|lines| (lines.concat(), vec![])),
    ]
}

/// A valid configuration.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let table = |header: &'static str, keys| {
        entries(keys).prop_map(move |lines| format!("{header}\n{}", lines.concat()))
    };
    let others = (
        table("[net]", &["retry", "git"]),
        table("[ target . 'cfg(unix)' ] # żółw", &["runner"]),
        table("[[patch.list]]", &["path", "x"]),
        table("[[patch.list]]", &["path"]),
        table("[env]", &["\"A B\"", "C.value"]),
    );
    let others = others.prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e]);
    let top = entries(&["include2", "alias.b", "paths", "'quoted key'"]);
    let parts = (
        top,
        build(),
        others,
        0..=5_usize,
        0..=5_usize,
        select(&COMMENTS[..]),
    );
    let text = parts.prop_map(|(top, (line, tables), mut others, many, at, tail)| {
        others.truncate(many);
        let at = at.min(others.len());
        others.splice(at..at, tables);
        format!("{}{line}{}{tail}", top.concat(), others.concat())
    });
    (text, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(text, crlf, bom, cut)| {
        let text = if cut {
            text.trim_end().to_owned()
        } else {
            text
        };
        let text = if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        };
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

/// A path as people have them, and worse.
pub(crate) fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "/[a-z]{1,8}/[a-z -]{1,8}",
        1 => "[C-Z]:\\\\[A-Za-z \\\\]{1,12}",
        1 => "[/a-z'\"\\\\{}#=\\[\\] ż亀]{1,20}",
    ]
}
