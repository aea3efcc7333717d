//! Differences in sources.

use crate::sources::edit::Edit::{Append, Move, Remove, Replace, Touch, Write};
use crate::sources::stage::{Age, Cell};

const CELL: Cell = Cell {
    name: "",
    edits: &[],
    compiled: &[],
    alone: &[],
    env: &[],
    age: Age::Newer,
    fails: false,
    args: &[],
};

const fn cell(
    name: &'static str,
    edits: &'static [crate::sources::edit::Edit],
    compiled: &'static [&'static str],
) -> Cell {
    Cell {
        name,
        edits,
        compiled,
        ..CELL
    }
}

const LEAF: &[crate::sources::edit::Edit] = &[Replace("crates/leaf/src/part.rs", "one", "two")];

/// All of them.
pub(crate) const CELLS: &[Cell] = &[
    cell("the same", &[], &[]),
    Cell {
        age: Age::Older,
        ..cell("the same, older", &[], &[])
    },
    Cell {
        age: Age::Equal,
        ..cell("the same, as old", &[], &[])
    },
    cell("a leaf", LEAF, &["leaf"]),
    Cell {
        age: Age::Older,
        ..cell("a leaf, older", LEAF, &["leaf"])
    },
    Cell {
        age: Age::Equal,
        ..cell("a leaf, as old", LEAF, &["leaf"])
    },
    cell(
        "one in the middle",
        &[Replace("crates/inner/src/lib.rs", "one", "two")],
        &["inner"],
    ),
    cell(
        "one at the top",
        &[Replace("crates/outer/src/lib.rs", "one", "two")],
        &["outer"],
    ),
    cell(
        "a program",
        &[Replace("src/main.rs", "show:", "shown:")],
        &["show"],
    ),
    cell(
        "a shared library",
        &[Replace("crates/dynamic/src/lib.rs", "one", "two")],
        &["dynamic"],
    ),
    cell(
        "a macro",
        &[Replace(
            "crates/macros/src/lib.rs",
            "text.trim()",
            "text.trim().to_uppercase()",
        )],
        &["macros"],
    ),
    cell(
        "a file more",
        &[Write(
            "crates/inner/src/more.rs",
            "broken, and named nowhere\n",
        )],
        &[],
    ),
    cell(
        "a file less",
        &[
            Remove("crates/leaf/src/part.rs"),
            Replace(
                "crates/leaf/src/lib.rs",
                "mod part;",
                "mod part { pub const TEXT: &str = \"leaf two\"; }",
            ),
        ],
        &["leaf"],
    ),
    Cell {
        fails: true,
        ..cell(
            "a module is gone",
            &[Remove("crates/leaf/src/part.rs")],
            &[],
        )
    },
    cell(
        "another name",
        &[
            Move("crates/leaf/src/part.rs", "crates/leaf/src/piece.rs"),
            Replace(
                "crates/leaf/src/lib.rs",
                "mod part;",
                "#[path = \"piece.rs\"] mod part;",
            ),
        ],
        &["leaf"],
    ),
    cell(
        "a module as a folder",
        &[Move(
            "crates/leaf/src/part.rs",
            "crates/leaf/src/part/mod.rs",
        )],
        &["leaf"],
    ),
    Cell {
        fails: true,
        ..cell(
            "a module twice",
            &[Write(
                "crates/leaf/src/part/mod.rs",
                "pub const TEXT: &str = \"leaf two\";\n",
            )],
            &[],
        )
    },
    Cell {
        fails: true,
        ..cell(
            "a module twice, beside all packages",
            &[
                Write("common/folder.rs", ""),
                Write(
                    "common/folder/mod.rs",
                    "mod deep; pub const TEXT: &str = deep::TEXT;\n",
                ),
            ],
            &[],
        )
    },
    cell(
        "touched",
        &[
            Touch("crates/leaf/src/part.rs"),
            Touch("crates/silent/data.txt"),
        ],
        &[],
    ),
    cell(
        "included text",
        &[Write("crates/texts/text.txt", "text two\n")],
        &["texts"],
    ),
    cell(
        "included bytes",
        &[Write("crates/texts/bytes.bin", "12345\n")],
        &["texts"],
    ),
    cell(
        "behind a link",
        &[Replace("common/linked.rs", "one", "two")],
        &["away"],
    ),
    cell(
        "in a linked folder",
        &[Replace("common/folder/mod.rs", "one", "two")],
        &["away"],
    ),
    cell(
        "in the package behind a link",
        &[Replace("crates/texts/shared/linked.rs", "one", "two")],
        &["texts"],
    ),
    cell(
        "in the package in a linked folder",
        &[Replace("crates/texts/shared/folder/mod.rs", "one", "two")],
        &["texts"],
    ),
    cell(
        "at a path",
        &[Replace("common/named.rs", "one", "two")],
        &["away"],
    ),
    cell(
        "a link became a file",
        &[
            Remove("crates/texts/src/linked.rs"),
            Write(
                "crates/texts/src/linked.rs",
                "pub const TEXT: &str = \"linked two\";\n",
            ),
        ],
        &["texts"],
    ),
    Cell {
        env: &[("SHOW_OPTION", "an option")],
        ..cell("a variable", &[], &["texts"])
    },
    cell(
        "a file that a macro reads",
        &[Write("crates/caller/note.txt", "note two\n")],
        &["caller"],
    ),
    cell(
        "an ignored file that a macro reads",
        &[Write("crates/caller/.env", "secret\n")],
        &["caller"],
    ),
    cell(
        "an ignored folder that a macro reads",
        &[Write("crates/caller/made/x.txt", "made here\n")],
        &["caller"],
    ),
    cell(
        "beside all packages",
        &[Write(".sqlx/q.json", "query two\n")],
        &[],
    ),
    cell(
        "new beside all packages",
        &[Write("queries/q.json", "query two\n")],
        &[],
    ),
    cell(
        "new in a package",
        &[Write("crates/leaf/src/data.txt", "read by nothing\n")],
        &[],
    ),
    cell(
        "for tools",
        &[
            Append(".github/ci.yml", "c: d\n"),
            Write("crates/leaf/.rustfmt.toml", "max_width = 80\n"),
        ],
        &[],
    ),
    cell(
        "for people",
        &[Write("crates/leaf/CHANGELOG.md", "1\n")],
        &[],
    ),
    cell(
        "for people, beside all packages",
        &[Append("README.md", "more\n")],
        &[],
    ),
    cell(
        "a test",
        &[Write("tests/fixture.txt", "fixture two\n")],
        &[],
    ),
    cell(
        "a watched file",
        &[Write("crates/watch-file/input.txt", "input two\n")],
        &["watch-file"],
    ),
    cell(
        "in a watched folder",
        &[Write("crates/watch-folder/inputs/a.txt", "a two\n")],
        &["watch-folder"],
    ),
    cell(
        "new in a watched folder",
        &[Write("crates/watch-folder/inputs/c.txt", "c one\n")],
        &["watch-folder"],
    ),
    cell(
        "ignored in a watched folder",
        &[Write("crates/watch-folder/inputs/c.ignored", "c one\n")],
        &["watch-folder"],
    ),
    cell(
        "gone from a watched folder",
        &[Remove("crates/watch-folder/inputs/b.txt")],
        &["watch-folder"],
    ),
    cell(
        "a data file",
        &[Write("crates/silent/data.txt", "data two\n")],
        &["silent"],
    ),
    Cell {
        age: Age::Older,
        ..cell(
            "a data file, older",
            &[Write("crates/silent/data.txt", "data two\n")],
            &["silent"],
        )
    },
    cell(
        "code is generated otherwise",
        &[Replace("crates/generated/build.rs", "one", "two")],
        &["generated"],
    ),
    Cell {
        args: &["--no-local"],
        ..cell("nothing local", &[], &["*"])
    },
];
