//! The code by which a script or a macro looks at something.

use super::super::plan::{Look, Shape, What, World};

/// The path of a file in the user's home.
const HOME: &str = "std::env::var(\"HOME\").unwrap() + \"/look.txt\"";

/// The value of a variable that Cargo gives a script, or the compiler.
fn given(name: &str) -> String {
    format!("clean(&std::env::var(\"CARGO_PKG_{name}\").unwrap_or_default())")
}

impl World {
    /// An expression for what a look finds.
    pub(super) fn value(&self, at: usize, look: &Look) -> String {
        let shape = &self.shape;
        let who = look.who;
        let up = if who.is_macro() { "" } else { "../" };
        match look.what {
            What::Nothing => "\"nothing\"".into(),
            What::Read(spot) | What::Writes(spot) => {
                format!("clean(&read(\"{}\"))", spot.from(who, shape))
            }
            What::List(spot) if spot.can_be_listed() => {
                format!("clean(&list(\"{}\"))", spot.folder(who, shape))
            }
            What::List(spot) | What::Exists(spot) => {
                format!(
                    "std::path::Path::new(\"{}\").exists()",
                    spot.from(who, shape)
                )
            }
            What::Variable => {
                "clean(&std::env::var(\"WORLD\").unwrap_or_else(|_| \"none\".into()))".into()
            }
            What::Branch => "clean(&out(\"git\", &[\"branch\", \"--show-current\"]))".into(),
            What::Commit => "clean(&out(\"git\", &[\"rev-parse\", \"HEAD\"]))".into(),
            What::Status => "clean(&out(\"git\", &[\"status\", \"--short\"]))".into(),
            What::GitFile => {
                let above = if shape.sub { "../" } else { "" };
                format!("clean(&read(\"{up}{above}.git\"))")
            }
            What::Shell(_) => {
                format!("clean(&out(\"sh\", &[\"{up}scripts/look{at}.sh\"]))")
            }
            What::Place => "clean(&std::env::current_dir().unwrap().display().to_string())".into(),
            What::Name => {
                let steps = usize::from(!who.is_macro()) + usize::from(shape.sub);
                format!(
                    "clean(&std::env::current_dir().unwrap().ancestors().nth({steps}).unwrap().file_name().unwrap().to_string_lossy())"
                )
            }
            What::Hash => "hash(&std::env::current_dir().unwrap().display().to_string())".into(),
            What::HashOut => "hash(&std::env::var(\"OUT_DIR\").unwrap_or_default())".into(),
            What::License => given("LICENSE"),
            What::Readme => given("README"),
            What::Home => format!("clean(&read(&({HOME})))"),
            What::OutDir => "clean(&std::env::var(\"OUT_DIR\").unwrap_or_default())".into(),
            What::CopyBeside => "\"copied\"".into(),
        }
    }
}

/// The paths and variables that a truthful script declares for Cargo to watch.
pub(super) fn watched(look: &Look, shape: &Shape) -> Vec<String> {
    let file = |path: String| vec![format!("\"cargo:rerun-if-changed={path}\"")];
    match look.what {
        What::Read(spot) | What::Exists(spot) | What::Writes(spot) => {
            file(spot.from(look.who, shape))
        }
        What::List(spot) if spot.can_be_listed() => file(spot.folder(look.who, shape)),
        What::List(spot) => file(spot.from(look.who, shape)),
        What::Variable => vec!["\"cargo:rerun-if-env-changed=WORLD\"".into()],
        What::Home => vec![format!("\"cargo:rerun-if-changed={{}}\", {HOME}")],
        _ => Vec::new(),
    }
}

/// The functions that looks need, and no others: each makes a program able to look at more.
pub(super) fn prelude(looks: &[&Look]) -> String {
    let mut text = String::new();
    let any = |which: &dyn Fn(What) -> bool| looks.iter().any(|look| which(look.what));
    if any(&|what| {
        !matches!(
            what,
            What::Nothing | What::Exists(_) | What::Hash | What::HashOut | What::CopyBeside
        )
    }) {
        text += "#[allow(dead_code)]\nfn clean(text: &str) -> String {\n    \
                 text.chars().map(|c| if c.is_ascii_graphic() && c != '<' && c != '>' { c } else { '_' }).collect()\n}\n";
    }
    if any(&|what| {
        matches!(
            what,
            What::Read(_) | What::Writes(_) | What::GitFile | What::Home
        )
    }) {
        text += "fn read(path: &str) -> String {\n    \
                 std::fs::read_to_string(path).unwrap_or_else(|_| \"none\".into())\n}\n";
    }
    if any(&|what| matches!(what, What::List(spot) if spot.can_be_listed())) {
        text += "fn list(path: &str) -> String {\n    let Ok(entries) = std::fs::read_dir(path) else { return \"none\".into() };\n    \
                 let mut paths: Vec<_> = entries.map(|one| one.unwrap().path()).collect();\n    paths.sort();\n    \
                 paths.iter().map(|path| {\n        let text = if path.is_dir() { list(path.to_str().unwrap()) } \
                 else { std::fs::read_to_string(path).unwrap_or_default() };\n        \
                 format!(\"{}={};\", path.file_name().unwrap().to_string_lossy(), text)\n    }).collect()\n}\n";
    }
    if any(&|what| {
        matches!(
            what,
            What::Branch | What::Commit | What::Status | What::Shell(_)
        )
    }) {
        text += "fn out(program: &str, args: &[&str]) -> String {\n    \
                 let out = std::process::Command::new(program).args(args).output().unwrap();\n    \
                 String::from_utf8_lossy(&out.stdout).trim().to_owned()\n}\n";
    }
    if any(&|what| matches!(what, What::Hash | What::HashOut)) {
        text += "fn hash(text: &str) -> String {\n    \
                 let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));\n    \
                 hash.to_string()\n}\n";
    }
    text
}
