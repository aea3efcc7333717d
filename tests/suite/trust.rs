//! Looking at a clone runs nothing of it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// The commands that only look.
const LOOKING: [&[&str]; 13] = [
    &["list"],
    &["doctor"],
    &["audit"],
    &["setup", "--dry-run"],
    &["onboard", "--dry-run"],
    &["warm", "--dry-run"],
    &["gc", "--dry-run"],
    &["clean", "--dry-run"],
    &["dedupe", "--dry-run"],
    &["hook", "status"],
    &["store", "status"],
    &["undo", "--dry-run"],
    // The hook calls it so, and it writes. It comes last, and runs no more than the others.
    &["onboard", "--yes", "--quiet"],
];

/// Always the same throws from the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).expect("a number")).expect("a number")
    }
}

/// Programs of a clone that tell when they are run.
struct Tripwire<'a> {
    sandbox: &'a Sandbox,
}

impl Tripwire<'_> {
    fn log(&self) -> PathBuf {
        self.sandbox.outside("fired")
    }

    /// Puts one in a clone.
    fn put(&self, at: &str) {
        let script = format!(
            "#!/bin/sh\necho \"$0 $*\" >>'{}'\nexec \"$@\"\n",
            self.log().display()
        );
        self.sandbox.write(at, &script);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.sandbox.path(at), mode).expect("a program");
    }

    /// What was run since this was asked last.
    fn fired(&self) -> Option<String> {
        let said = fs::read_to_string(self.log()).ok();
        let _ = fs::remove_file(self.log());
        said
    }
}

/// A configuration that names a program by one key.
fn configuration(at: usize, clone: &Path) -> String {
    let all = [
        "build.rustc = \"./evil\"",
        "build.rustc-wrapper = \"./sccache\"",
        "build.rustc-wrapper = \"./evil\"",
        "build.rustc-wrapper = \"CLONE/sccache\"",
        "build.rustc-wrapper = \".cargo/sharedtarget-rustc\"",
        "build.rustc-workspace-wrapper = \"./sccache\"",
        "build.rustdoc = \"./evil\"",
        "target.'cfg(all())'.runner = \"./evil\"",
        "target.x86_64-unknown-linux-gnu.linker = \"./evil\"",
        "registry.global-credential-providers = [\"CLONE/evil\"]",
        "registry.credential-provider = \"CLONE/evil\"",
        "alias.metadata = \"evil\"\nalias.check = \"evil\"",
        "env.PATH = { value = \"CLONE/bin\", force = true }",
        "env.RUSTC = { value = \"CLONE/evil\", force = true }",
        "include = [\"more.toml\"]",
        "doc.browser = \"./evil\"",
    ];
    all[at % all.len()].replace("CLONE", &clone.display().to_string())
}

/// Git's own settings by which it runs programs.
fn git_config(evil: &Path) -> String {
    let top = evil.parent().expect("a folder").display();
    let evil = evil.display();
    format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {top}\n\tfsmonitor = {evil}\n\
         \tsshCommand = {evil}\n\tpager = {evil}\n\tgitProxy = {evil}\n\teditor = {evil}\n\
         [filter \"evil\"]\n\tclean = {evil}\n\tsmudge = {evil}\n\tprocess = {evil}\n[diff]\n\texternal = {evil}\n\
         [credential]\n\thelper = {evil}\n[alias]\n\tls-files = !{evil}\n\tworktree = !{evil}\n"
    )
}

/// Makes a clone that would run its own programs; where the commands start in it, and what it was made of.
fn hostile(sandbox: &Sandbox, wire: &Tripwire<'_>, seed: usize) -> (String, String) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (u64::try_from(seed).expect("a number") << 7));
    dice.below(2);
    let clone = format!("clone{seed}");
    let path = sandbox.path(&clone);
    sandbox.package(&clone, "app", "hello");
    sandbox.write(
        &format!("{clone}/Cargo.lock"),
        "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n",
    );
    for program in [
        "evil",
        "sccache",
        ".cargo/sharedtarget-rustc",
        "bin/rustc",
        "bin/cargo",
        "bin/git",
        "bin/sccache",
    ] {
        wire.put(&format!("{clone}/{program}"));
    }
    let key = configuration(seed, &path);
    sandbox.write(&format!("{clone}/.cargo/config.toml"), &format!("{key}\n"));
    sandbox.write(
        &format!("{clone}/.cargo/more.toml"),
        "[build]\nrustc = \"./evil\"\n",
    );
    let mut made = vec![key];
    sandbox.write(
        &format!("{clone}/target/CACHEDIR.TAG"),
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    sandbox.write(&format!("{clone}/target/.rustc_info.json"), "{}");
    sandbox.write(
        &format!("{clone}/target/debug/.fingerprint/app-0123456789abcdef/dep-bin-app"),
        "",
    );
    if dice.below(3) == 0 {
        sandbox.write(
            &format!("{clone}/.shared-target/sharedtarget.toml"),
            [
                "rustc-wrapper = \"./evil\"\n",
                "[store]\nbefore = [\"./evil\"]\nafter = [\"./evil\"]\n",
            ][dice.below(2)],
        );
        made.push("settings".into());
    }
    if dice.below(4) == 0 {
        let text = match dice.below(3) {
            0 => format!("[toolchain]\npath = \"{}/toolchain\"\n", path.display()),
            1 => "[toolchain]\npath = \"/proc/self/cwd/toolchain\"\n".to_owned(),
            _ => "[toolchain]\nchannel = \"./toolchain\"\n".to_owned(),
        };
        sandbox.write(&format!("{clone}/rust-toolchain.toml"), &text);
        fs::create_dir_all(path.join("toolchain/lib")).expect("a folder");
        for program in ["cargo", "rustc"] {
            wire.put(&format!("{clone}/toolchain/bin/{program}"));
        }
        made.push(text);
    }
    let attributes = "* filter=evil diff=evil\n";
    sandbox.write(&format!("{clone}/sub/.gitattributes"), attributes);
    sandbox.package(&format!("{clone}/emb/inner"), "inner", "inner");
    sandbox.git("", &["init", "-q", "-b", "main", &clone]);
    sandbox.write(&format!("{clone}/.gitignore"), "target\n");
    sandbox.git(&clone, &["add", "-Af", "."]);
    sandbox.git(&clone, &["commit", "-q", "-m", "work"]);
    // A folder that git would take for a repository, above what the commands look at, or led to by a `.git`.
    let config = git_config(&path.join("evil"));
    let mut start = clone.clone();
    match dice.below(4) {
        0 => {
            sandbox.git("", &["init", "-q", "--bare", &format!("{clone}/emb")]);
            fs::write(path.join("emb/config"), &config).expect("a file");
            wire.put(&format!("{clone}/emb/hooks/post-index-change"));
            start = format!("{clone}/emb/inner");
            made.push("an embedded bare repository".into());
        }
        1 => {
            sandbox.git("", &["init", "-q", "--bare", &format!("{clone}/fake")]);
            fs::write(path.join("fake/config"), &config).expect("a file");
            wire.put(&format!("{clone}/fake/hooks/post-index-change"));
            sandbox.write(&format!("{clone}/emb/inner/.git"), "gitdir: ../../fake\n");
            start = format!("{clone}/emb/inner");
            made.push("a .git that leads inside".into());
        }
        _ => {}
    }
    (start, made.join("; "))
}

#[test]
fn looking_at_a_clone_runs_nothing_of_it() {
    let asked = std::env::var("CARGO_SHAREDTARGET_HOSTILE").ok();
    let given = asked.and_then(|text| text.parse().ok());
    let (clones, thorough) = (given.unwrap_or(6), given.is_some());
    let sandbox = Sandbox::new();
    // Relative folders of the path lead into the clone.
    let (mut asked, mut refused) = (0, 0);
    let path = format!("bin:.:{}", std::env::var("PATH").expect("a PATH"));
    for seed in 0..clones {
        let seed = if thorough { seed } else { seed * 5 };
        let wire = Tripwire { sandbox: &sandbox };
        let (start, made) = hostile(&sandbox, &wire, seed);
        // The git that made it may have run something.
        let _ = wire.fired();
        let (from, count) = if thorough {
            (0, LOOKING.len())
        } else {
            (seed, LOOKING.len())
        };
        for at in 0..count {
            let command = LOOKING[(from + at) % LOOKING.len()];
            let mut program = sandbox.program(&start, command);
            let run = program.env("PATH", &path).output().expect("our program");
            let run = crate::sandbox::Run::from(run);
            asked += 1;
            refused += usize::from(run.code == Some(101));
            if let Some(fired) = wire.fired() {
                panic!(
                    "{command:?} in clone {seed} ({made}) ran {fired}\n{}",
                    run.said()
                );
            }
        }
        fs::remove_dir_all(sandbox.path(&format!("clone{seed}"))).expect("it can go");
    }
    // A command that fails early proves nothing.
    assert!(
        refused * 3 < asked,
        "{refused} of {asked} commands could not run"
    );
}

/// A build in such a clone fires the tripwire, so that its silence means something.
#[test]
fn a_build_in_a_hostile_clone_runs_its_programs() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    let (start, _) = hostile(&sandbox, &wire, 0);
    let _ = wire.fired();
    // Rustup refuses this one before it runs anything.
    let _ = fs::remove_file(sandbox.path("clone0/rust-toolchain.toml"));
    let built = sandbox.command("cargo", &start, &["build", "--offline"]);
    assert!(wire.fired().is_some(), "{}", built.said());
}

#[test]
fn doctor_says_why_a_wrapper_of_a_clone_was_not_asked() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    wire.put("r/sccache");
    sandbox.write(
        "r/.cargo/config.toml",
        "[build]\nrustc-wrapper = \"./sccache\"\n",
    );
    let said = sandbox.run("r", &["doctor"]).said();
    assert!(
        said.contains("`./sccache` was not asked for its version, because"),
        "{said}"
    );
    assert_eq!(wire.fired(), None);
}

#[test]
fn a_wrapper_in_a_worktree_is_refused() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    wire.put("r/evil");
    let inside = sandbox.path("r/evil").display().to_string();
    for (wrapper, why) in [
        ("./evil", "of a worktree are not run"),
        (inside.as_str(), "of a worktree are not run"),
    ] {
        let run = sandbox.run("r", &["setup", "--dry-run", "--rustc-wrapper", wrapper]);
        run.says(why).code(101);
        assert_eq!(wire.fired(), None);
    }
}

#[test]
fn the_line_for_a_common_hooks_folder_passes_submodules_over() {
    let sandbox = Sandbox::new();
    sandbox.repository("sub", &[]);
    sandbox.repository("r", &[]);
    let allow = ["-c", "protocol.file.allow=always"];
    let sub = sandbox.path("sub").display().to_string();
    sandbox.git(
        "r",
        &[&allow[..], &["submodule", "add", "-q", &sub, "sub"]].concat(),
    );
    sandbox.git("r", &["commit", "-q", "-m", "a submodule"]);
    let hooks = sandbox.outside("hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    let bin = sandbox.outside("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let fired = sandbox.outside("fired");
    let write = |path: &Path, text: String| {
        fs::write(path, text).expect("a file");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
    };
    write(
        &bin.join("cargo-sharedtarget"),
        format!("#!/bin/sh\npwd >>'{}'\n", fired.display()),
    );
    let line = cargo_sharedtarget::hook_script::LINE;
    write(
        &hooks.join("post-checkout"),
        format!("#!/bin/sh\nset -eu\n{line}\n"),
    );
    let mut sandbox = sandbox;
    let path = std::env::var("PATH").expect("a PATH");
    sandbox.env("PATH", format!("{}:{path}", bin.display()));
    let hooks = hooks.display().to_string();
    sandbox.git("r", &["config", "--global", "core.hooksPath", &hooks]);
    let args = ["clone", "-q", "--recurse-submodules", "r", "copy"];
    sandbox.git("", &[&allow[..], &args].concat());
    assert!(sandbox.exists("copy/sub/Cargo.toml"));
    assert!(!fired.exists(), "it ran in a submodule");
    sandbox.git("copy", &["worktree", "add", "-q", "-b", "b", "../tree"]);
    let said = fs::read_to_string(&fired).expect("it runs in a new worktree");
    assert_eq!(said.trim(), sandbox.path("tree").display().to_string());
}

/// Rustup reads through links, and as much as there is; where we cannot do the same, the file counts as by path.
#[test]
fn a_toolchain_by_path_is_seen_however_it_is_written() {
    let by_path = "[toolchain]\npath = \"/proc/self/cwd/evil\"\n";
    for way in [
        "linked",
        "large",
        "above one that is not text",
        "above a dangling link",
    ] {
        let sandbox = Sandbox::new();
        let wire = Tripwire { sandbox: &sandbox };
        sandbox.repository("r", &[]);
        fs::create_dir_all(sandbox.path("r/evil/lib")).expect("a folder");
        sandbox.package("r/sub", "inner", "inner");
        for program in ["cargo", "rustc"] {
            wire.put(&format!("r/evil/bin/{program}"));
            wire.put(&format!("r/sub/evil/bin/{program}"));
        }
        fs::create_dir_all(sandbox.path("r/sub/evil/lib")).expect("a folder");
        let file = "r/rust-toolchain.toml";
        match way {
            "linked" => {
                sandbox.write("r/x/tc.toml", by_path);
                std::os::unix::fs::symlink("x/tc.toml", sandbox.path(file)).expect("a link");
            }
            "large" => sandbox.write(file, &format!("{}{by_path}", "# comment\n".repeat(150_000))),
            _ => sandbox.write(file, by_path),
        }
        match way {
            "above one that is not text" => {
                fs::write(sandbox.path("r/sub/rust-toolchain.toml"), b"# \xff\n").expect("a file");
            }
            "above a dangling link" => {
                let link = sandbox.path("r/sub/rust-toolchain");
                std::os::unix::fs::symlink("nowhere", link).expect("a link");
            }
            _ => {}
        }
        for folder in ["r", "r/sub"] {
            for command in [&["doctor"][..], &["audit"], &["setup", "-n"], &["gc", "-n"]] {
                let said = sandbox.run(folder, command).said();
                assert_eq!(wire.fired(), None, "{way}: {command:?} in {folder}\n{said}");
            }
        }
    }
}

/// `git worktree add` of a branch that tracks a program by our name.
#[test]
fn the_hook_takes_no_program_from_a_relative_folder_of_the_path() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    sandbox.run("r", &["hook", "install", "--yes"]).code(0);
    sandbox.git("r", &["switch", "-q", "-c", "evil"]);
    wire.put("r/cargo-sharedtarget");
    sandbox.commit_all("r");
    sandbox.git("r", &["switch", "-q", "main"]);
    let _ = wire.fired();
    let path = std::env::var("PATH").expect("a PATH");
    for (at, path) in [format!(".:{path}"), format!(":{path}")].iter().enumerate() {
        let at = format!("../w{at}");
        let mut git = sandbox.prepared(
            "git",
            "r",
            &["worktree", "add", "-q", "--detach", &at, "evil"],
        );
        assert!(git.env("PATH", path).status().expect("git").success());
        assert_eq!(wire.fired(), None, "{path}");
    }
}
