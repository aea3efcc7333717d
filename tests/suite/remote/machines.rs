//! Machines that share nothing but a remote store: each has a home, a local store and checkouts of its own. Cargo's home is
//! at the same path on all of them, as units of one place are of no use at another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_sharedtarget::remote::secrets::Secrets;
use cargo_sharedtarget::remote::{self, Remote};
use cargo_sharedtarget::survey::settings;

use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::remote::servers::{Redis, S3};
use crate::sandbox::{Run, Sandbox};

/// The packages that are compiled wherever the rest was fetched.
pub(crate) const OWN: [&str; 2] = ["app", "part"];

/// `leaf`, `macs`, `top`, `made`, and the build script of `made` with its run.
pub(crate) const UNITS: usize = 6;

/// How many packages the branch `many` has besides: more than are fetched at a time.
pub(crate) const MANY: usize = 30;

/// The output of the program on each branch.
pub(crate) const OUTPUT: &str = "leaf, 42, made; part\n";
pub(crate) const EXTRA: &str = "leaf, 42, made; extra leaf; part\n";

/// Publishes packages of every kind: `leaf` is plain, `macs` is a procedural macro, `made` includes what its build script
/// wrote, `top` depends on all three; `extra` depends on `leaf` and is wanted by one branch only, and `many` by another.
pub(crate) fn publish(registry: &Registry) {
    let text = "pub fn it() -> &'static str { \"leaf\" }\n";
    registry.publish(("leaf", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
    let text = "extern crate proc_macro;\n#[proc_macro]\n\
                pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"42\".parse().unwrap() }\n";
    let plugin = "[lib]\nproc-macro = true";
    registry.publish(("macs", "1.0.0"), &[], plugin, &[("src/lib.rs", text)]);
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                  let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                  std::fs::write(format!(\"{out}/made.rs\"), \"pub const MADE: &str = \\\"made\\\";\").unwrap();\n}\n";
    let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
    let files = [("build.rs", script), ("src/lib.rs", text)];
    registry.publish(("made", "1.0.0"), &[], "", &files);
    let text = "pub fn it() -> String { format!(\"{}, {}, {}\", leaf::it(), macs::answer!(), made::MADE) }\n";
    let needs = ["leaf", "macs", "made"];
    registry.publish(("top", "1.0.0"), &needs, "", &[("src/lib.rs", text)]);
    let text = "pub fn it() -> String { format!(\"extra {}\", leaf::it()) }\n";
    registry.publish(("extra", "1.0.0"), &["leaf"], "", &[("src/lib.rs", text)]);
}

/// Writes the workspace, as it is on `main`, into a repository: a program and a library of its own, and `top`.
pub(crate) fn workspace(sandbox: &Sandbox, folder: &str) {
    depends(
        sandbox,
        folder,
        &["top"],
        "println!(\"{}; {}\", top::it(), part::it())",
    );
    let part = "[package]\nname = \"part\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    sandbox.write(&format!("{folder}/part/Cargo.toml"), part);
    let text = "pub fn it() -> &'static str { \"part\" }\n";
    sandbox.write(&format!("{folder}/part/src/lib.rs"), text);
    sandbox.write(&format!("{folder}/.gitignore"), "target\n");
    sandbox.git(folder, &["init", "-q", "-b", "main"]);
    sandbox.cargo(folder, &["generate-lockfile"]);
    sandbox.commit_all(folder);
}

/// Has the program depend on packages, and do something.
pub(crate) fn depends(sandbox: &Sandbox, folder: &str, on: &[&str], does: &str) {
    let on: String = on.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    let manifest = format!(
        "[workspace]\nmembers = [\"part\"]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\npart = {{ path = \"part\" }}\n{on}"
    );
    sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
    let main = format!("fn main() {{ {does} }}\n");
    sandbox.write(&format!("{folder}/src/main.rs"), &main);
}

/// A branch with what `main` has, and more.
fn branch(sandbox: &Sandbox, name: &str, on: &[&str], does: &str) {
    sandbox.git("pika", &["checkout", "-q", "-b", name, "main"]);
    depends(sandbox, "pika", on, does);
    sandbox.cargo("pika", &["update", "-w"]);
    sandbox.commit_all("pika");
}

/// A folder with Cargo's home, a registry, the repository `pika`, and local stores of those who have built what is on its
/// branches: `store-main`, `store-extra` and `store-many`; `store-release` is of `main`, with `--release`.
fn prepared() -> PathBuf {
    once("remote-machines", |folder| {
        let registry = Registry::new(folder);
        publish(&registry);
        let names: Vec<String> = (0..MANY).map(|n| format!("many{n}")).collect();
        for name in &names {
            let text = format!("pub const IT: &str = \"{name}\";\n");
            registry.publish((name, "1.0.0"), &[], "", &[("src/lib.rs", &text)]);
        }
        let mut sandbox = sandbox_with(folder);
        sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", sandbox.outside("store"));
        sandbox.env("CARGO_INCREMENTAL", "0");
        workspace(&sandbox, "pika");
        let keep = |name: &str| {
            sandbox.run("pika", &["store", "harvest", "--yes"]).code(0);
            copy_all(
                &sandbox.outside("store"),
                &folder.join(format!("store-{name}")),
            );
        };
        sandbox.cargo("pika", &["build", "-q", "--release"]);
        keep("release");
        for path in [sandbox.path("pika/target"), sandbox.outside("store")] {
            fs::remove_dir_all(path).expect("removed");
        }
        sandbox.cargo("pika", &["build", "-q"]);
        keep("main");
        let does = "println!(\"{}; {}; {}\", top::it(), extra::it(), part::it())";
        branch(&sandbox, "extra", &["top", "extra"], does);
        sandbox.cargo("pika", &["build", "-q"]);
        keep("extra");
        let mut on: Vec<&str> = names.iter().map(String::as_str).collect();
        on.push("top");
        let does = "println!(\"{}; {}{}\", top::it(), part::it(), &many7::IT[4..])";
        branch(&sandbox, "many", &on, does);
        sandbox.cargo("pika", &["build", "-q"]);
        keep("many");
        sandbox.git("pika", &["checkout", "-q", "main"]);
        fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    })
}

/// One machine.
pub(crate) struct Machine {
    pub(crate) sandbox: Sandbox,
    repository: PathBuf,
}

impl Machine {
    /// One with an empty home and an empty store, and the settings that its user has.
    pub(crate) fn new(settings: &str, env: &[(&str, String)]) -> Self {
        let prepared = prepared();
        let repository = prepared.join("pika");
        Self::of(sandbox_with(&prepared), repository, settings, env)
    }

    /// One in a sandbox.
    pub(crate) fn of(
        mut sandbox: Sandbox,
        repository: PathBuf,
        settings: &str,
        env: &[(&str, String)],
    ) -> Self {
        sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", sandbox.outside("store"));
        sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "1");
        sandbox.env("CARGO_INCREMENTAL", "0");
        // Where tests run for everybody, it is set. Only the test may say which user we are.
        let none = [
            "CI",
            "REDISCLI_AUTH",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ];
        for name in none.into_iter().chain(["AWS_SESSION_TOKEN", "AWS_PROFILE"]) {
            sandbox.env(name, "");
        }
        for (name, value) in env {
            sandbox.env(name, value);
        }
        let machine = Self {
            sandbox,
            repository,
        };
        machine.settings(settings);
        machine
    }

    /// Writes the settings of the user.
    pub(crate) fn settings(&self, text: &str) {
        let folder = self.sandbox.outside("home/.config/cargo-sharedtarget");
        fs::create_dir_all(&folder).expect("folders");
        fs::write(folder.join("sharedtarget.toml"), text).expect("settings");
    }

    /// Has a local store with what is on a branch, as if that had been built here.
    pub(crate) fn has_built(self, branch: &str) -> Self {
        let store = self.repository.with_file_name(format!("store-{branch}"));
        copy_all(&store, &self.store());
        self
    }

    /// A checkout of a branch.
    pub(crate) fn checkout(&self, branch: &str, at: &str) {
        let (from, to) = (self.repository.display().to_string(), self.sandbox.path(at));
        let to = to.display().to_string();
        self.sandbox
            .git("", &["clone", "-q", "-b", branch, &from, &to]);
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.sandbox.outside("store")
    }

    /// Forgets all that was fetched.
    pub(crate) fn empty_store(&self) {
        fs::remove_dir_all(self.store()).expect("removed");
    }

    /// The same, where it may be that nothing was.
    pub(crate) fn empty_store_if_there(&self) {
        if self.store().exists() {
            self.empty_store();
        }
    }

    /// Runs our program.
    pub(crate) fn run(&self, at: &str, args: &[&str]) -> Run {
        self.heard(self.sandbox.run(at, args))
    }

    /// Runs our program to do something, which must end with this code. The document that it wrote.
    #[track_caller]
    pub(crate) fn does(&self, at: &str, args: &[&str], code: i32) -> serde_json::Value {
        let all = [args, &["--yes", "--format", "json"]].concat();
        self.run(at, &all).code(code).json()
    }

    /// Checks that the output shows no secret.
    pub(crate) fn heard(&self, run: Run) -> Run {
        no_secrets(&run.said());
        run
    }

    /// Warms a checkout and builds it: what was compiled, and what the program then prints.
    #[track_caller]
    pub(crate) fn warm(&self, at: &str) -> (Vec<String>, String) {
        self.run(at, &["warm", "--yes"]).code(0);
        self.build(at, &[])
    }

    /// Builds a checkout: what was compiled, and what the program then prints. Git must not see anything of it.
    #[track_caller]
    pub(crate) fn build(&self, at: &str, more: &[&str]) -> (Vec<String>, String) {
        let built = self.sandbox.cargo(at, &[&["build", "-v"], more].concat());
        let run = [&["run", "-q"], more].concat();
        let says = self.sandbox.cargo(at, &run).stdout;
        assert_eq!(self.sandbox.git(at, &["status", "--porcelain"]), "");
        (compiled(&built.stderr), says)
    }

    /// Warms and builds: nothing but local packages is compiled, and the program is right.
    #[track_caller]
    pub(crate) fn gets_all(&self, at: &str, says: &str) {
        let (all, output) = self.warm(at);
        assert_eq!(
            (all, output.as_str()),
            (OWN.map(str::to_owned).to_vec(), says)
        );
    }
}

/// Checks that a text shows no secret.
#[track_caller]
pub(crate) fn no_secrets(said: &str) {
    for secret in [S3::KEY, S3::SECRET, Redis::PASSWORD, "Signature=", "wrong-"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// How many units went, and how many were there, by a document of `push` or `pull`.
#[track_caller]
pub(crate) fn moved(document: &serde_json::Value) -> (usize, usize) {
    let action = &document["plan"]["actions"][0];
    let count = |value: &serde_json::Value| {
        let count = value.as_u64().unwrap_or_else(|| panic!("{document:#}"));
        usize::try_from(count).expect("few")
    };
    let done = &document["outcome"]["done"][0]["moved"]["units"];
    (count(done), count(&action["present"]))
}

/// Nothing was to be done.
#[track_caller]
pub(crate) fn nothing(document: &serde_json::Value) {
    let plan = &document["plan"];
    let none = serde_json::json!([]);
    assert_eq!(
        (&plan["actions"], &plan["warnings"]),
        (&none, &none),
        "{document:#}"
    );
    assert!(document["outcome"].is_null(), "{document:#}");
}

/// A store in a folder that all machines see.
pub(crate) fn folder(at: &Path) -> String {
    format!("[store.remote]\ntype = \"fs\"\nroot = '{}'\n", at.display())
}

/// A remote store as another program opens it, to do what we never do.
pub(crate) fn opened(text: &str) -> Remote {
    let settings = settings::parse(text).expect("settings").store.remote;
    let secrets = Secrets {
        redis_password: Some(Redis::PASSWORD.to_owned()),
        ..Secrets::default()
    };
    remote::open(&settings.expect("a remote store"), &secrets).expect("a store")
}

/// A compiler that is not the one by default; `None` where there is none.
pub(crate) fn other_toolchain() -> Option<String> {
    let ask = |program: &str, args: &[&str], toolchain: Option<&str>| {
        let mut command = Command::new(program);
        command
            .args(args)
            .env_remove("RUSTUP_TOOLCHAIN")
            .current_dir("/");
        if let Some(toolchain) = toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        let output = command
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let usual = ask("rustc", &["-vV"], None)?;
    let all = ask("rustup", &["toolchain", "list"], None)?;
    let names = all.lines().filter_map(|line| line.split(' ').next());
    let mut others = names.filter(|name| {
        let works = ask("cargo", &["-V"], Some(name)).is_some();
        works && ask("rustc", &["-vV"], Some(name)).is_some_and(|version| version != usual)
    });
    others.next().map(str::to_owned)
}
