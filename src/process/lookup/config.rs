//! Which configurations of a worktree have Cargo or rustc run or load something when Cargo resolves a workspace.

use toml_edit::{Document, Item, Value};

/// Codegen options of rustc that name nothing to load and no file to write.
const CODEGEN: [&str; 37] = [
    "code-model",
    "codegen-units",
    "collapse-macro-debuginfo",
    "control-flow-guard",
    "debug-assertions",
    "debuginfo",
    "default-linker-libraries",
    "dwarf-version",
    "embed-bitcode",
    "force-frame-pointers",
    "force-unwind-tables",
    "instrument-coverage",
    "jump-tables",
    "link-arg",
    "link-args",
    "link-dead-code",
    "link-self-contained",
    "linker",
    "linker-features",
    "linker-flavor",
    "lto",
    "no-redzone",
    "no-vectorize-loops",
    "no-vectorize-slp",
    "opt-level",
    "overflow-checks",
    "panic",
    "prefer-dynamic",
    "relocation-model",
    "relro-level",
    "rpath",
    "soft-float",
    "split-debuginfo",
    "strip",
    "symbol-mangling-version",
    "target-cpu",
    "target-feature",
];

/// Returns the key by which a configuration has Cargo run or load something to resolve a workspace, or may do so; `None` if
/// there is no such key. Wrappers are not looked at, since a variable can turn them off.
///
/// Cargo gives the compiler the flags and the variables of the configuration. Source: `TargetInfo::new` in Cargo's
/// `core/compiler/build_context/target_info.rs`.
#[must_use]
pub(crate) fn runs_to_resolve(text: &str) -> Option<String> {
    let Ok(document) = Document::parse(text) else {
        return Some("what cannot be read".into());
    };
    let table = |name: &str| document.get(name).and_then(Item::as_table_like);
    for key in ["include", "host", "unstable"] {
        if document.contains_key(key) {
            return Some(key.into());
        }
    }
    if table("build").is_some_and(|build| build.contains_key("rustc")) {
        return Some("build.rustc".into());
    }
    if let Some(name) = document.iter().find_map(|(name, item)| {
        flags_in(item)
            .iter()
            .any(|flags| !are_harmless(flags))
            .then_some(name)
    }) {
        return Some(format!("{name}.rustflags"));
    }
    let env = table("env")?;
    let mut names = env.iter().map(|(name, _)| name);
    let steers = |name: &&str| {
        let name = name.to_uppercase();
        ["PATH", "ENV", "BASH_ENV", "RUSTC", "RUSTFLAGS"].contains(&name.as_str())
            || ["LD_", "DYLD_", "RUSTUP_", "RUSTC_", "CARGO_"]
                .iter()
                .any(|start| name.starts_with(start))
    };
    names.find(steers).map(|name| format!("env.{name}"))
}

/// The values of every key `rustflags`, at any depth.
fn flags_in(item: &Item) -> Vec<Item> {
    let mut found = Vec::new();
    let mut open = vec![item.clone()];
    while let Some(item) = open.pop() {
        if let Some(table) = item.as_table_like() {
            for (key, inner) in table.iter() {
                match key {
                    "rustflags" => found.push(inner.clone()),
                    _ => open.push(inner.clone()),
                }
            }
        } else if let Some(tables) = item.as_array_of_tables() {
            open.extend(tables.iter().map(|table| Item::Table(table.clone())));
        }
    }
    found
}

/// Returns whether all flags are known to load nothing and to write nothing.
fn are_harmless(flags: &Item) -> bool {
    let words: Option<Vec<&str>> = match flags {
        Item::Value(Value::String(text)) => Some(text.value().split_whitespace().collect()),
        Item::Value(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let Some(words) = words else {
        return false;
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let harmless = match word {
            "-C" | "--codegen" => words.next().is_some_and(is_harmless_option),
            "--cfg"
            | "--check-cfg"
            | "--cap-lints"
            | "--remap-path-prefix"
            | "-A"
            | "-W"
            | "-D"
            | "-F" => words.next().is_some_and(|value| !value.starts_with('@')),
            "-g" | "-O" => true,
            _ => {
                let option = word
                    .strip_prefix("-C")
                    .or_else(|| word.strip_prefix("--codegen="));
                let lint = [
                    "-A",
                    "-W",
                    "-D",
                    "-F",
                    "--cfg=",
                    "--check-cfg=",
                    "--cap-lints=",
                ];
                option.is_some_and(is_harmless_option)
                    || word.starts_with("--remap-path-prefix=")
                    || lint.iter().any(|start| word.starts_with(start))
            }
        };
        if !harmless {
            return false;
        }
    }
    true
}

fn is_harmless_option(option: &str) -> bool {
    let name = option.split('=').next().unwrap_or_default();
    CODEGEN.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_may_run_something_is_named() {
        for (text, key) in [
            ("build.rustc = 'x'", "build.rustc"),
            ("include = ['x']", "include"),
            ("[host]\nrustflags = ['-Zcodegen-backend=x']", "host"),
            ("[unstable]\nhost-config = true", "unstable"),
            (
                "[build]\nrustflags = ['-Zself-profile=x']",
                "build.rustflags",
            ),
            ("[build]\nrustflags = '@file'", "build.rustflags"),
            (
                "[target.x]\nrustflags = ['-C', 'llvm-args=-load=x']",
                "target.rustflags",
            ),
            (
                "[target.'cfg(unix)']\nrustflags = ['--sysroot=x']",
                "target.rustflags",
            ),
            (
                "[build]\nrustflags = ['-C', 'incremental=/x']",
                "build.rustflags",
            ),
            ("[build]\nrustflags = [1]", "build.rustflags"),
            ("[env]\nRUSTC_BOOTSTRAP = '1'", "env.RUSTC_BOOTSTRAP"),
            ("[env]\nld_preload = 'x'", "env.ld_preload"),
            ("[env", "what cannot be read"),
        ] {
            assert_eq!(runs_to_resolve(text).as_deref(), Some(key), "{text}");
        }
    }

    #[test]
    fn flags_that_people_use_are_harmless() {
        for text in [
            "[build]\nrustflags = ['-C', 'target-cpu=native', '-Ctarget-feature=+crt-static', '--cfg', 'x']",
            "[target.x]\nrustflags = ['-C', 'target-feature=+crt-static', '-C', 'link-self-contained=yes']",
            "[target.x]\nlinker = 'clang'\nrustflags = '-C link-arg=-fuse-ld=lld -Dwarnings'",
            "[env]\nDATABASE_URL = 'x'\n[net]\nretry = 1",
            "",
        ] {
            assert_eq!(runs_to_resolve(text), None, "{text}");
        }
    }
}
