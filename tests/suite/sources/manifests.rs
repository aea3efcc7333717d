//! Differences in manifests and configurations.

use crate::sources::edit::Edit::{self, Append, Replace, Write};
use crate::sources::stage::{Age, Cell};

const fn cell(
    name: &'static str,
    edits: &'static [Edit],
    compiled: &'static [&'static str],
) -> Cell {
    Cell {
        name,
        edits,
        compiled,
        alone: &[],
        env: &[],
        age: Age::Newer,
        fails: false,
        args: &[],
    }
}

const OTHER: &str = "crates/other/Cargo.toml";
const CONFIG: &str = ".cargo/config.toml";

/// All of them.
pub(crate) const CELLS: &[Cell] = &[
    cell("version", &[Replace(OTHER, "0.1.0", "0.1.1")], &["other"]),
    cell("edition", &[Replace(OTHER, "2021", "2024")], &["other"]),
    cell(
        "description",
        &[Replace("crates/texts/Cargo.toml", "its own", "another")],
        &["texts"],
    ),
    cell(
        "metadata",
        &[Append(OTHER, "[package.metadata.x]\na = 1\n")],
        &["other"],
    ),
    cell(
        "default features",
        &[Replace(
            "crates/leaf/Cargo.toml",
            "default = []",
            "default = [\"loud\"]",
        )],
        &["leaf"],
    ),
    cell(
        "a dependency more",
        &[Append(
            OTHER,
            "[dependencies]\nleaf = { path = \"../leaf\" }\n",
        )],
        &["other"],
    ),
    cell(
        "lib.name",
        &[Replace(
            "crates/dynamic/Cargo.toml",
            "[lib]",
            "[lib]\nname = \"dynamo\"",
        )],
        &["dynamic"],
    ),
    cell(
        "lib.crate-type",
        &[Append(
            OTHER,
            "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n",
        )],
        &["other"],
    ),
    cell(
        "lints",
        &[Append(OTHER, "[lints.rust]\nunused = \"deny\"\n")],
        &["other"],
    ),
    cell("a comment", &[Append(OTHER, "# why\n")], &["other"]),
    cell(
        "a comment at the top",
        &[Append("Cargo.toml", "# why\n")],
        &["show"],
    ),
    cell(
        "workspace.package.description",
        &[Replace("Cargo.toml", "of the workspace", "of another")],
        &["inherits", "show"],
    ),
    cell(
        "workspace.package.homepage",
        &[Replace("Cargo.toml", "example.org", "example.com")],
        &["show"],
    ),
    cell(
        "workspace.package.version",
        &[Replace(
            "Cargo.toml",
            "[workspace.package]\nversion = \"0.1.0\"",
            "[workspace.package]\nversion = \"0.2.0\"",
        )],
        &["inherits", "show"],
    ),
    cell(
        "workspace.dependencies",
        &[Replace(
            "Cargo.toml",
            "leaf = { path = \"crates/leaf\" }",
            "leaf = { path = \"crates/leaf\", features = [\"loud\"] }",
        )],
        &["leaf"],
    ),
    cell(
        "workspace.lints",
        &[Replace(
            "Cargo.toml",
            "unused = \"warn\"",
            "unused = \"deny\"",
        )],
        &["inherits", "show"],
    ),
    cell(
        "resolver",
        &[Replace(
            "Cargo.toml",
            "resolver = \"2\"",
            "resolver = \"1\"",
        )],
        &["*"],
    ),
    cell(
        "a member more",
        &[
            Write(
                "crates/new/Cargo.toml",
                "[package]\nname = \"new\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            ),
            Write("crates/new/src/lib.rs", ""),
        ],
        &["new"],
    ),
    cell(
        "profile.dev.opt-level",
        &[Append("Cargo.toml", "[profile.dev]\nopt-level = 1\n")],
        &["*"],
    ),
    cell(
        "profile.dev.debug",
        &[Append("Cargo.toml", "[profile.dev]\ndebug = 1\n")],
        &["*"],
    ),
    cell(
        "profile.dev.panic",
        &[Append("Cargo.toml", "[profile.dev]\npanic = \"abort\"\n")],
        &[
            "away",
            "leaf",
            "other",
            "caller",
            "watch-file",
            "watch-folder",
            "silent",
            "generated",
            "texts",
        ],
    ),
    cell(
        "profile.dev.overflow-checks",
        &[Append(
            "Cargo.toml",
            "[profile.dev]\noverflow-checks = false\n",
        )],
        &["*"],
    ),
    cell(
        "profile.dev.lto",
        &[Append("Cargo.toml", "[profile.dev]\nlto = \"thin\"\n")],
        &["*"],
    ),
    cell(
        "profile.dev.incremental",
        &[Append("Cargo.toml", "[profile.dev]\nincremental = false\n")],
        &["show"],
    ),
    cell(
        "profile.dev.codegen-units",
        &[Append("Cargo.toml", "[profile.dev]\ncodegen-units = 3\n")],
        &["*"],
    ),
    cell(
        "profile.dev.strip",
        &[Append("Cargo.toml", "[profile.dev]\nstrip = true\n")],
        &["*"],
    ),
    cell(
        "profile.dev.package",
        &[Append(
            "Cargo.toml",
            "[profile.dev.package.leaf]\nopt-level = 1\n",
        )],
        &["leaf"],
    ),
    cell(
        "profile.bench",
        &[Append("Cargo.toml", "[profile.bench]\nopt-level = 1\n")],
        &["show"],
    ),
    cell(
        "env",
        &[Write(CONFIG, "[env]\nSHOW_OPTION = \"configured\"\n")],
        &["texts"],
    ),
    cell(
        "rustflags",
        &[Write(CONFIG, "[build]\nrustflags = [\"--cfg\", \"x\"]\n")],
        &["*"],
    ),
    cell(
        "linker",
        &[Write(CONFIG, "[target.'cfg(unix)']\nlinker = \"cc\"\n")],
        &["*"],
    ),
    cell(
        "a profile in the configuration",
        &[Write(CONFIG, "[profile.dev]\nopt-level = 1\n")],
        &["*"],
    ),
    cell(
        "how Cargo talks",
        &[Write(
            CONFIG,
            "[term]\nverbose = true\n[net]\nretry = 1\n[alias]\nx = \"build\"\n",
        )],
        &[],
    ),
    cell("the same toolchain by a file", &[Edit::Toolchain], &[]),
];
