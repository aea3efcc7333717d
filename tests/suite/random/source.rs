//! The text of manifests and sources.
//!
//! Each library has a function `say`, which adds a line of everything that went into it, and then has the libraries
//! that it needs add theirs. A line is added once, and holds the values of direct dependencies as they were compiled in.

use std::fmt::Write as _;

use crate::random::dice::Dice;
use crate::random::generate::{Has, Plan, Script};

/// Where an edit adds a module to a library.
pub(crate) const MODULES: &str = "// Modules.\n";
/// Where an edit adds something that a library says.
pub(crate) const SAID: &str = "    // And more.\n";

/// The part of the root manifest that is about the workspace.
pub(crate) fn workspace(plan: &Plan) -> String {
    let folders = plan.members.iter().map(|member| member.folder.as_str());
    let members: Vec<String> = folders
        .filter(|folder| !folder.is_empty())
        .map(|folder| format!("{folder:?}"))
        .collect();
    format!(
        "[workspace]\nmembers = [{}]\nresolver = \"2\"\n\n[workspace.package]\nversion = \"0.1.0\"\n\
         edition = \"2021\"\ndescription = \"all of 100\"\n\n[profile.dev]\n",
        members.join(", ")
    )
}

/// The manifest of a package.
pub(crate) fn manifest(plan: &Plan, at: usize) -> String {
    let member = &plan.members[at];
    let name = &member.name;
    let mut text = format!("[package]\nname = {name:?}\n");
    text += if member.has(Has::Inherits) {
        "version.workspace = true\nedition.workspace = true\ndescription.workspace = true\n"
    } else {
        "version = \"0.1.0\"\nedition = \"2021\"\ndescription = \"one of 100\"\n"
    };
    let tests = member.has(Has::UnitTest);
    write!(text, "\n[lib]\ndoctest = false\ntest = {tests}\n").expect("text");
    if plan.plugin == Some(at) {
        text += "proc-macro = true\n";
    }
    for (has, program, path) in [
        (Has::Program, name.clone(), "src/main.rs".to_owned()),
        (
            Has::More,
            format!("{name}-more"),
            "src/bin/more.rs".to_owned(),
        ),
    ] {
        if member.has(has) {
            write!(
                text,
                "\n[[bin]]\nname = {program:?}\npath = {path:?}\ntest = false\n"
            )
            .expect("text");
        }
    }
    text += "\n[features]\ndefault = []\nextra = []\n\n[dependencies]\n";
    let mut needs = member.needs.clone();
    needs.extend(plan.plugin.filter(|_| member.has(Has::Note)));
    for need in needs {
        text += &dependency(plan, at, need);
    }
    if let Some(dev) = member.dev {
        text += &format!("\n[dev-dependencies]\n{}", dependency(plan, at, dev));
    }
    if let Some(build) = member.build {
        text += &format!("\n[build-dependencies]\n{}", dependency(plan, at, build));
    }
    text
}

/// A line for one package in the manifest of another one.
pub(crate) fn dependency(plan: &Plan, from: usize, to: usize) -> String {
    let to = &plan.members[to];
    format!(
        "{} = {{ path = \"{}{}\" }}\n",
        to.name,
        up(&plan.members[from].folder),
        to.folder
    )
}

/// From a folder up to the workspace's.
fn up(folder: &str) -> String {
    let depth = folder.split('/').filter(|part| !part.is_empty()).count();
    "../".repeat(depth)
}

/// The other files of a package, by path relative to it.
pub(crate) fn files(plan: &Plan, at: usize, dice: &mut Dice) -> Vec<(String, String)> {
    let member = &plan.members[at];
    let name = &member.name;
    let mut files: Vec<(&str, String)> = Vec::new();
    let example = format!("examples/{name}-show.rs");
    if plan.plugin == Some(at) {
        files.push(("src/lib.rs", plugin(plan, at, dice)));
    } else {
        files.push(("src/lib.rs", library(plan, at, dice)));
    }
    let constant = |dice: &mut Dice| format!("pub const IT: &str = \"{}\";\n", dice.value());
    if member.has(Has::Part) {
        files.push(("src/part.rs", constant(dice)));
    }
    if member.has(Has::Deep) {
        files.push(("src/deep/mod.rs", "pub mod below;\n".into()));
        files.push(("src/deep/below.rs", constant(dice)));
    }
    if member.has(Has::Text) {
        files.push(("data.txt", dice.value()));
    }
    if member.has(Has::Note) {
        files.push(("note.txt", dice.value()));
    }
    for (has, path) in [
        (Has::Program, "src/main.rs"),
        (Has::More, "src/bin/more.rs"),
        (Has::Example, &*example),
    ] {
        if member.has(has) {
            files.push((path, program(name, &dice.value())));
        }
    }
    if member.has(Has::Test) {
        files.push(("tests/it.rs", test(plan, at, &dice.value())));
    }
    if let Some(script) = member.script {
        files.push(("build.rs", build_script(plan, at, script, &dice.value())));
        match script {
            Script::File | Script::NoLines | Script::Source => {
                files.push(("input.txt", dice.value()));
            }
            Script::Folder => files.push(("inputs/first.txt", dice.value())),
            Script::Own => {}
        }
    }
    let files = files.into_iter();
    files.map(|(path, text)| (path.to_owned(), text)).collect()
}

fn library(plan: &Plan, at: usize, dice: &mut Dice) -> String {
    let member = &plan.members[at];
    let name = &member.name;
    let mut text = format!(
        "{MODULES}pub const VALUE: &str = \"{}\";\n\n\
         #[inline]\npub fn inlined() -> &'static str {{\n    let it: &str = \"{}\";\n    it\n}}\n\n",
        dice.value(),
        dice.value()
    );
    let mut says = vec!["VALUE".to_owned(), "inlined()".into(), "file!()".into()];
    let mut more = |has: Has, module: &str, said: &str| {
        if member.has(has) {
            text.insert_str(0, module);
            says.push(said.into());
        }
    };
    more(Has::Part, "mod part;\n", "part::IT");
    more(Has::Deep, "mod deep;\n", "deep::below::IT");
    more(Has::Text, "", "include_str!(\"../data.txt\")");
    let top = format!("include_str!(\"../{}shared.txt\")", up(&member.folder));
    more(Has::Top, "", &top);
    more(Has::Path, "", "env!(\"CARGO_MANIFEST_DIR\")");
    more(Has::Env, "", "env!(\"CARGO_PKG_DESCRIPTION\")");
    more(Has::Env, "", "env!(\"CARGO_PKG_VERSION\")");
    let feature = "if cfg!(feature = \"extra\") { \"extra\" } else { \"plain\" }";
    more(Has::Feature, "", feature);
    // A boxed slice gives values since 2024, and references before.
    let edition = "if std::mem::size_of_val(&Box::<[u8]>::from([1]).into_iter().next().unwrap()) == 1 { \"2024\" } \
                   else { \"2021\" }";
    more(Has::Edition, "", edition);
    if let Some(plugin) = plan.plugin {
        let note = member.path("note.txt");
        let call = format!("{}::note!({note:?})", plan.members[plugin].name);
        more(Has::Note, "", &call);
    }
    match member.script {
        None => {}
        Some(Script::Source) => {
            text += "mod made {\n    include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n}\n\n";
            says.push("made::IT".into());
        }
        Some(_) => says.push("env!(\"MADE\")".into()),
    }
    let names: Vec<&str> = member
        .needs
        .iter()
        .map(|need| &*plan.members[*need].name)
        .collect();
    for need in &names {
        says.push(format!("{need}::VALUE"));
        says.push(format!("{need}::inlined()"));
    }
    write!(
        text,
        "pub fn say(all: &mut String) {{\n    if all.contains(\"\\n{name}:\") {{\n        return;\n    }}\n    \
         all.push_str(\"\\n{name}:\");\n"
    )
    .expect("text");
    for said in says {
        text += &say(&said);
    }
    text += SAID;
    for need in names {
        writeln!(text, "    {need}::say(all);").expect("text");
    }
    text += "}\n";
    if member.has(Has::UnitTest) {
        text += "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn it() {\n        let mut all = String::new();\n        \
                 super::say(&mut all);\n        println!(\"{}\", all.replace('\\n', \"\\n=> \"));\n    }\n}\n";
    }
    text
}

/// The line by which a library says something more.
pub(crate) fn say(what: &str) -> String {
    format!("    all.push(' ');\n    all.push_str({what});\n")
}

fn plugin(plan: &Plan, at: usize, dice: &mut Dice) -> String {
    let needs = plan.members[at].needs.iter();
    let needs: String = needs
        .map(|need| format!(", {}::VALUE", plan.members[*need].name))
        .collect();
    // rustc runs in the workspace's folder.
    let (path, named) = match plan.places {
        true => (
            "std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/note.txt\"",
            "{path:?}",
        ),
        false => (
            "file.to_string().replace('\"', \"\")",
            "\\\"../note.txt\\\"",
        ),
    };
    let tell = match plan.tells {
        true => format!("format!(\"{{{{ const _: &str = include_str!({named}); {{said:?}} }}}}\")"),
        false => "format!(\"{said:?}\")".into(),
    };
    format!(
        "extern crate proc_macro;\n\nconst VALUE: &str = \"{}\";\n\n#[proc_macro]\n\
         pub fn note(file: proc_macro::TokenStream) -> proc_macro::TokenStream {{\n    \
         let _ = &file;\n    let path = {path};\n    \
         let note = std::fs::read_to_string(&path).unwrap();\n    \
         let said = [VALUE, &note{needs}].join(\"/\");\n    {tell}.parse().unwrap()\n}}\n",
        dice.value()
    )
}

pub(crate) fn program(name: &str, value: &str) -> String {
    format!(
        "const OWN: &str = \"{value}\";\n\nfn main() {{\n    let mut all = String::new();\n    {name}::say(&mut all);\n    \
         println!(\"{{all}}\\nprogram {{OWN}} {{}} {{}}\", {name}::VALUE, cfg!(debug_assertions));\n}}\n"
    )
}

fn test(plan: &Plan, at: usize, value: &str) -> String {
    let member = &plan.members[at];
    let name = &member.name;
    let mut more = String::new();
    if let Some(dev) = member.dev {
        more += &format!("    {}::say(&mut all);\n", plan.members[dev].name);
    }
    if member.has(Has::Program) {
        more += &format!("    all.push_str(env!(\"CARGO_BIN_EXE_{name}\"));\n");
    }
    format!(
        "const OWN: &str = \"{value}\";\n\n#[test]\nfn it() {{\n    let mut all = String::from(OWN);\n    \
         {name}::say(&mut all);\n{more}    println!(\"\\n=> {{}}\", all.replace('\\n', \"\\n=> \"));\n}}\n"
    )
}

fn build_script(plan: &Plan, at: usize, script: Script, value: &str) -> String {
    let mut text = format!("const OWN: &str = \"{value}\";\n\nfn main() {{\n");
    let watched: &[&str] = match script {
        Script::File | Script::Source => &["build.rs", "input.txt"],
        Script::Folder => &["build.rs", "inputs"],
        Script::Own => &["build.rs"],
        Script::NoLines => &[],
    };
    for path in watched {
        writeln!(text, "    println!(\"cargo::rerun-if-changed={path}\");").expect("text");
    }
    text += "    let mut made = String::from(OWN);\n";
    text += match script {
        Script::File | Script::NoLines | Script::Source => {
            "    made += &std::fs::read_to_string(\"input.txt\").unwrap();\n"
        }
        Script::Folder => {
            "    let mut paths: Vec<_> = std::fs::read_dir(\"inputs\").unwrap().map(|one| one.unwrap().path()).collect();\n    \
             paths.sort();\n    for path in paths {\n        made += &format!(\"{}={}\", path.display(), \
             std::fs::read_to_string(&path).unwrap());\n    }\n"
        }
        Script::Own => "",
    };
    if let Some(build) = plan.members[at].build {
        let name = &plan.members[build].name;
        writeln!(text, "    made += {name}::VALUE;").expect("text");
    }
    text += match script {
        Script::Source => {
            "    let path = std::env::var(\"OUT_DIR\").unwrap() + \"/made.rs\";\n    \
             std::fs::write(path, format!(\"pub const IT: &str = {made:?};\")).unwrap();\n}\n"
        }
        _ => "    println!(\"cargo::rustc-env=MADE={made}\");\n}\n",
    };
    text
}
