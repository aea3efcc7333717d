//! Makes a workspace that needs no network: a few crates of its own over many that Cargo takes for third-party.

mod code;

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// How many local libraries there are besides the one of the program.
const PARTS: usize = 4;

/// Which worktree the sources that are committed say that they are of.
pub(crate) const MARK: &str = "main";

/// The generated workspace, besides its sources.
pub(crate) struct Generated {
    /// A home for Cargo, which says where the third-party crates are.
    pub(crate) cargo_home: PathBuf,
    /// The text that the program must print after the mark of its worktree.
    value: u64,
}

/// A third-party crate.
struct Crate {
    name: String,
    kind: Kind,
    /// The ones that it needs, by number: all made before it.
    needs: Vec<usize>,
    /// A number in its own sources.
    own: u64,
    /// The value that its function, or its macro, gives.
    value: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    /// It has a build script, which writes the crate's own number into a source that is included.
    Script,
    ProcMacro,
}

impl Generated {
    /// Makes the third-party crates and a home for Cargo in `folder`, and the workspace in `main`.
    pub(crate) fn make(folder: &Path, main: &Path, count: usize) -> Result<Self> {
        let crates = plan(count);
        let (vendor, cargo_home) = (folder.join("vendor"), folder.join("cargo-home"));
        for number in 0..count {
            third_party(&vendor, &crates, number)?;
        }
        let config = format!(
            "[source.crates-io]\nreplace-with = \"vendor\"\n[source.vendor]\ndirectory = '{}'\n",
            vendor.display()
        );
        write(&cargo_home.join("config.toml"), &config)?;
        let size = if count < 50 { 2 } else { 12 };
        let mut value = 0_u64;
        for part in 0..PARTS {
            value = value.wrapping_add(local(main, &crates, part, size)?);
        }
        program(main)?;
        let made = Self { cargo_home, value };
        made.mark(main, MARK)?;
        Ok(made)
    }

    /// Writes into a source of a worktree which one it is.
    pub(crate) fn mark(&self, worktree: &Path, name: &str) -> Result<()> {
        let mark = format!("/// Which worktree this is.\npub const MARK: &str = \"{name}\";\n");
        write(&worktree.join("parts/part-0/src/mark.rs"), &mark)
    }

    /// Changes one local library that needs no other one, but not what it gives.
    pub(crate) fn change(worktree: &Path) -> Result<()> {
        let path = worktree.join("parts/part-1/src/lib.rs");
        let text = fs::read_to_string(&path)?;
        let more = "\n/// One more.\npub fn more() -> u64 {\n    1\n}\n";
        write(&path, &format!("{text}{more}"))
    }

    /// The text that the program of a worktree must print.
    pub(crate) fn answer(&self, worktree: &str) -> String {
        format!("{worktree} {}", self.value)
    }
}

/// Always the same number for the same thing.
fn number(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The crates to generate: of 100 crates about 8 have a build script, and 3 are proc-macros.
fn plan(count: usize) -> Vec<Crate> {
    let mut crates: Vec<Crate> = Vec::new();
    for at in 0..count {
        let kind = match at {
            _ if at % 12 == 5 => Kind::Script,
            _ if at % 33 == 7 => Kind::ProcMacro,
            _ => Kind::Plain,
        };
        // The dependencies of a proc-macro are compiled once more, for the host, so it has few.
        let most = if kind == Kind::ProcMacro { 1 } else { 4 };
        let mut needs: Vec<usize> = (0..most.min(at))
            .map(|turn| usize::try_from(number((at, turn)) % at as u64).unwrap_or(0))
            .collect();
        needs.sort_unstable();
        needs.dedup();
        let own = number((at, "own")) % 1_000_000;
        let value = needs
            .iter()
            .fold(own, |sum, need| sum.wrapping_add(crates[*need].value));
        crates.push(Crate {
            name: format!("third-party-{at:03}"),
            kind,
            needs,
            own,
            value,
        });
    }
    crates
}

/// Writes a third-party crate as `cargo vendor` does it.
fn third_party(vendor: &Path, crates: &[Crate], at: usize) -> Result<()> {
    let this = &crates[at];
    let folder = vendor.join(&this.name);
    let mut manifest = manifest(&this.name);
    if this.kind == Kind::ProcMacro {
        manifest.push_str("\n[lib]\nproc-macro = true\n");
    }
    manifest.push_str("\n[dependencies]\n");
    for need in &this.needs {
        writeln!(manifest, "{} = \"0.1\"", crates[*need].name)?;
    }
    write(&folder.join("Cargo.toml"), &manifest)?;
    let sum: String = (0..4)
        .map(|part| format!("{:016x}", number((at, part, "sum"))))
        .collect();
    let sums = format!("{{\"files\":{{}},\"package\":\"{sum}\"}}");
    write(&folder.join(".cargo-checksum.json"), &sums)?;
    let value = sum_of(crates, &this.needs);
    let lib = folder.join("src/lib.rs");
    match this.kind {
        Kind::Plain => write(&lib, &code::library(at, size(at), this.own, &value)),
        Kind::Script => {
            write(&folder.join("build.rs"), &code::build_script(this.own))?;
            write(&lib, &code::library_with_script(at, size(at), &value))
        }
        Kind::ProcMacro => write(&lib, &code::proc_macro(at, size(at), this.own, &value)),
    }
}

/// How many types a third-party crate has: most have few, some many.
fn size(at: usize) -> usize {
    2 << (number((at, "size")) % 5)
}

/// An expression for what some crates give together.
fn sum_of(crates: &[Crate], needs: &[usize]) -> String {
    let mut sum = "0_u64".to_owned();
    for need in needs {
        let need = &crates[*need];
        let path = need.name.replace('-', "_");
        let call = match need.kind {
            Kind::ProcMacro => format!("{path}::number!()"),
            _ => format!("{path}::value()"),
        };
        sum = format!("{sum}.wrapping_add({call})");
    }
    sum
}

/// Writes a local library over every fourth third-party crate, and says what it gives.
fn local(main: &Path, crates: &[Crate], part: usize, size: usize) -> Result<u64> {
    let folder = main.join(format!("parts/part-{part}"));
    let needs: Vec<usize> = (0..crates.len()).filter(|at| at % PARTS == part).collect();
    let mut manifest = manifest(&format!("part-{part}"));
    manifest.push_str("\n[dependencies]\n");
    for need in &needs {
        writeln!(manifest, "{} = \"0.1\"", crates[*need].name)?;
    }
    write(&folder.join("Cargo.toml"), &manifest)?;
    let mut modules = String::new();
    if part == 0 {
        modules.push_str("/// Told apart.\npub mod mark;\n");
    }
    for module in 0..size {
        writeln!(modules, "/// Some types.\npub mod module_{module};")?;
        let text = code::types(1000 + part * 100 + module, 6);
        write(&folder.join(format!("src/module_{module}.rs")), &text)?;
    }
    let value = code::value(0, &sum_of(crates, &needs));
    write(
        &folder.join("src/lib.rs"),
        &format!("//! A part.\n\n{modules}\n{value}"),
    )?;
    let values = needs.iter().map(|need| crates[*need].value);
    Ok(values.fold(0, u64::wrapping_add))
}

/// Writes the package at the top: a library over all parts, and a program.
fn program(main: &Path) -> Result<()> {
    let mut manifest = manifest("app");
    manifest.push_str("\n[workspace]\nmembers = [\"parts/*\"]\n\n[dependencies]\n");
    let mut sum = "0_u64".to_owned();
    for part in 0..PARTS {
        writeln!(manifest, "part-{part} = {{ path = \"parts/part-{part}\" }}")?;
        sum = format!("{sum}.wrapping_add(part_{part}::value())");
    }
    write(&main.join("Cargo.toml"), &manifest)?;
    write(&main.join(".gitignore"), "/target/\n")?;
    let lib = format!("//! All parts.\n\n{}", code::value(0, &sum));
    write(&main.join("src/lib.rs"), &lib)?;
    let program = "//! Says which worktree it is from, and what all crates give.\n\n\
        fn main() {\n    println!(\"{} {}\", part_0::mark::MARK, app::value());\n}\n";
    write(&main.join("src/main.rs"), program)
}

fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)?;
    Ok(())
}
