//! The command in the files of tools that make worktrees: what is written, what it does when a tool runs it, and that it goes
//! without a trace.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::{bare_path, calls, everything, one_call, with_stand_in};
use crate::facts::items;
use crate::sandbox::Sandbox;

/// The tools with a file, and that file.
const FILES: [(&str, &str); 7] = [
    ("claude", ".claude/settings.json"),
    ("codex", ".codex/environments/environment.toml"),
    ("cursor", ".cursor/worktrees.json"),
    ("conductor", ".conductor/settings.toml"),
    ("worktrunk", ".config/wt.toml"),
    ("vscode", ".vscode/tasks.json"),
    ("zed", ".zed/tasks.json"),
];

fn all() -> String {
    FILES.map(|(tool, _)| tool).join(",")
}

/// How it stands with each of these tools, by its name.
fn states(sandbox: &Sandbox, folder: &str, tools: &str) -> Vec<(String, String)> {
    let answer = sandbox.json(folder, &["hook", "status", "--for", tools]);
    let word = |one: &Value, key: &str| one[key].as_str().expect("a word").to_owned();
    let states = items(&answer["tools"]);
    states
        .map(|one| (word(one, "tool"), word(one, "state")))
        .collect()
}

/// The command in the file of a tool, as the tool gives it to a shell.
fn command(sandbox: &Sandbox, worktree: &str, tool: &str, file: &str) -> String {
    let text = sandbox.read(&format!("{worktree}/{file}"));
    let words = |task: &Value| {
        let args = items(&task["args"]);
        let args = args.map(|word| word.as_str().expect("a word"));
        let command = task["command"].as_str().expect("a command");
        [command]
            .into_iter()
            .chain(args)
            .collect::<Vec<_>>()
            .join(" ")
    };
    if file.ends_with(".toml") {
        let document: toml_edit::DocumentMut = text.parse().expect("TOML");
        let item = match tool {
            "codex" => &document["setup"]["script"],
            "conductor" => &document["scripts"]["setup"],
            _ => &document["pre-start"][0]["sharedtarget"],
        };
        return item.as_str().expect("a text").to_owned();
    }
    let document: Value = serde_json::from_str(&text).expect("JSON");
    match tool {
        "claude" => {
            let hook = &document["hooks"]["SessionStart"][0]["hooks"][0];
            hook["command"].as_str().expect("a text").to_owned()
        }
        "cursor" => {
            let first = &document["setup-worktree-unix"][0];
            first.as_str().expect("a text").to_owned()
        }
        "vscode" => words(&document["tasks"][0]),
        _ => words(&document[0]),
    }
}

#[test]
fn each_tool_gets_its_command_once_and_gives_it_back() {
    let sandbox = with_stand_in(0);
    let before = everything(&sandbox, "pika");
    let tools = all();
    let named = ["--for", tools.as_str()];
    let run = |args: &[&str]| sandbox.run("pika/src", &[args, &named].concat());

    let preview = run(&["hook", "install", "-n"]).code(0);
    assert_eq!(everything(&sandbox, "pika"), before);
    run(&["hook", "install"]).code(0);
    for (tool, file) in FILES {
        assert!(preview.stdout.contains(file), "{}", preview.stdout);
        assert!(sandbox.exists(&format!("pika/{file}")), "{tool}");
    }
    assert!(!sandbox.exists("pika/.git/hooks/post-checkout"));
    let states = states(&sandbox, "pika", &tools);
    assert_eq!(states.len(), FILES.len());
    for ((tool, state), (expected, _)) in states.iter().zip(FILES) {
        assert_eq!((tool.as_str(), state.as_str()), (expected, "installed"));
    }
    // Without tools that are named, those are shown that run us.
    let answer = sandbox.json("pika", &["hook", "status"]);
    assert_eq!(items(&answer["tools"]).count(), FILES.len());
    assert_eq!(items(&answer["hooks"]).count(), 1);

    let installed = everything(&sandbox, "pika");
    let again = run(&["hook", "install", "--format", "json"]).code(0).json();
    assert_eq!(items(&again["plan"]["actions"]).count(), 0);
    assert_eq!(everything(&sandbox, "pika"), installed);

    // As others have it who clone the repository: a linked worktree of a commit.
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "other");
    calls(&sandbox);
    for (tool, file) in FILES {
        let command = command(&sandbox, "other", tool, file);
        sandbox.command("sh", "other", &["-c", &command]).code(0);
        assert_eq!(calls(&sandbox), one_call(&sandbox, "other"), "{tool}");
        // A session of Claude Code begins in the main worktree as well, and sets nothing up there.
        sandbox.command("sh", "pika", &["-c", &command]).code(0);
        assert_eq!(calls(&sandbox).is_empty(), tool == "claude", "{tool}");
    }

    sandbox.git("pika", &["reset", "-q", "--soft", "HEAD~1"]);
    run(&["hook", "uninstall"]).code(0);
    sandbox.git("pika", &["reset", "-q"]);
    let names = |all: Vec<(std::path::PathBuf, Vec<u8>, u32)>| -> Vec<_> {
        let files = all.into_iter().map(|(path, ..)| path);
        files.filter(|path| !path.starts_with(".git")).collect()
    };
    assert_eq!(names(everything(&sandbox, "pika")), names(before));
    let gone = run(&["hook", "uninstall", "--format", "json"])
        .code(0)
        .json();
    assert_eq!(items(&gone["plan"]["actions"]).count(), 0);
}

#[test]
fn a_command_succeeds_where_the_program_is_missing() {
    let mut sandbox = with_stand_in(0);
    let scripts = "claude,codex,cursor,conductor,worktrunk";
    let run = sandbox.run("linked", &["hook", "install", "--for", scripts]);
    run.code(0);
    bare_path(&mut sandbox);
    // The stand-in is found on the path, too.
    fs::remove_file(sandbox.outside("bin/cargo-sharedtarget")).expect("gone");
    for (tool, file) in &FILES[..5] {
        let command = command(&sandbox, "linked", tool, file);
        let run = sandbox.command("sh", "linked", &["-ec", &command]).code(0);
        assert!(run.stderr.contains("sharedtarget"), "{}", run.stderr);
    }
}

#[test]
fn what_is_the_users_stays_in_a_file() {
    let sandbox = with_stand_in(0);
    let claude = "{\n  \"permissions\": { \"allow\": [\"Bash(cargo *)\"] }\n}\n";
    let tasks = "{\n  // mine\n  \"version\": \"2.0.0\",\n  \"tasks\": []\n}\n";
    let wt = "# mine\n[list]\nurl = \"x\"\n";
    sandbox.write("pika/.claude/settings.json", claude);
    sandbox.write("pika/.vscode/tasks.json", tasks);
    sandbox.write("pika/.config/wt.toml", wt);
    let before = everything(&sandbox, "pika");
    let named = ["--for", "claude", "--for", "vscode,worktrunk"];
    let install = sandbox.run("pika", &[&["hook", "install"], &named[..]].concat());
    install.code(0).says("added the command for 3 tools");
    assert!(sandbox.read("pika/.config/wt.toml").starts_with(wt));
    let text = sandbox.read("pika/.claude/settings.json");
    assert!(text.contains("\"Bash(cargo *)\"") && text.contains("SessionStart"));
    assert!(sandbox.read("pika/.vscode/tasks.json").contains("// mine"));
    sandbox
        .run("pika", &[&["hook", "uninstall"], &named[..]].concat())
        .code(0);
    let after = everything(&sandbox, "pika");
    for (one, other) in before.iter().zip(&after) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // An empty list that was there is empty again, or gone.
        if !one.0.ends_with("tasks.json") {
            assert_eq!(text(&one.1), text(&other.1), "{}", one.0.display());
        }
        assert_eq!((&one.0, one.2), (&other.0, other.2));
    }
}

#[test]
fn what_is_not_edited_is_shown_and_stops_nothing_else() {
    let sandbox = with_stand_in(0);
    sandbox.write("pika/.config/wt.toml", "pre-start = \"npm ci\"\n");
    sandbox.write("pika/.claude/settings.json", "{ \"hooks\": ");
    sandbox.write("pika/.zed", "no folder");
    fs::create_dir_all(sandbox.outside("elsewhere")).expect("a folder");
    symlink(sandbox.outside("elsewhere"), sandbox.path("pika/.cursor")).expect("a link");
    let tools = "claude,worktrunk,zed,cursor,jj,conductor";
    let before = everything(&sandbox, "pika");
    let run = sandbox.run("pika", &["hook", "install", "--for", tools]);
    let run = run.code(1);
    for part in [
        "[[pre-start]]",
        "jj config set --repo",
        "SessionStart",
        "symbolic link",
    ] {
        assert!(run.said().contains(part), "no {part} in {}", run.said());
    }
    let changed: Vec<_> = everything(&sandbox, "pika")
        .into_iter()
        .filter(|one| !before.contains(one) && one.0.extension().is_some())
        .map(|(path, ..)| path)
        .collect();
    assert_eq!(
        changed,
        [std::path::Path::new(".conductor/settings.toml").to_owned()]
    );
    let left = fs::read_dir(sandbox.outside("elsewhere")).expect("a folder");
    assert_eq!(left.count(), 0);
    let states: Vec<String> = states(&sandbox, "pika", tools)
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(
        states,
        [
            "by_hand",
            "not_installed",
            "not_installed",
            "link",
            "not_installed",
            "installed"
        ]
    );
}

#[test]
fn the_older_file_of_conductor_counts_without_the_newer_one() {
    let sandbox = with_stand_in(0);
    sandbox.write(
        "pika/conductor.json",
        "{ \"scripts\": { \"run\": \"x\" } }\n",
    );
    let install = || sandbox.run("pika", &["hook", "install", "--for", "conductor"]);
    install().code(0);
    assert!(!sandbox.exists("pika/.conductor"));
    assert!(sandbox.read("pika/conductor.json").contains("onboard"));
    sandbox.write("pika/.conductor/settings.toml", "");
    install().code(0);
    let text = sandbox.read("pika/.conductor/settings.toml");
    assert!(text.contains("onboard"), "{text}");
    // Conductor passes the older one over, and it has our command still.
    let uninstall = || sandbox.run("pika", &["hook", "uninstall", "--for", "conductor"]);
    uninstall().code(0);
    let text = sandbox.read("pika/conductor.json");
    assert!(!text.contains("onboard") && text.contains("run"), "{text}");
    let text = sandbox.read("pika/.conductor/settings.toml");
    assert!(!text.contains("onboard"), "{text}");
    let again = uninstall().code(0);
    assert!(!again.said().contains("conductor.json"), "{}", again.said());
}

#[test]
fn a_byte_order_mark_stays() {
    let sandbox = with_stand_in(0);
    let files = [
        (
            "claude",
            ".claude/settings.json",
            "\u{feff}{\n  \"permissions\": {}\n}\n",
        ),
        (
            "worktrunk",
            ".config/wt.toml",
            "\u{feff}[list]\nurl = \"x\"\n",
        ),
    ];
    for (tool, file, text) in files {
        let file = format!("pika/{file}");
        sandbox.write(&file, text);
        let run = |does: &str| sandbox.run("pika", &["hook", does, "--for", tool]).code(0);
        run("install");
        let now = sandbox.read(&file);
        assert!(
            now.starts_with('\u{feff}') && now.contains("onboard"),
            "{now}"
        );
        assert_eq!(now.matches('\u{feff}').count(), 1, "{now:?}");
        assert_eq!(states(&sandbox, "pika", tool)[0].1, "installed");
        run("uninstall");
        assert_eq!(sandbox.read(&file), text);
    }
}

#[test]
fn a_read_only_file_is_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = with_stand_in(0);
    let file = sandbox.path("pika/.cursor/worktrees.json");
    let may = |mode: u32| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(&file, permissions).expect("permissions");
    };
    let run = |does: &str| sandbox.run("pika", &["hook", does, "--for", "cursor"]);
    sandbox.write("pika/.cursor/worktrees.json", "{}\n");
    may(0o444);
    for part in [
        ".cursor/worktrees.json",
        "read-only",
        "make the file writable",
    ] {
        let run = run("install").code(1);
        assert!(run.said().contains(part), "no {part} in {}", run.said());
    }
    assert_eq!(sandbox.read("pika/.cursor/worktrees.json"), "{}\n");
    may(0o644);
    run("install").code(0);
    may(0o444);
    let installed = sandbox.read("pika/.cursor/worktrees.json");
    run("uninstall").code(1);
    assert_eq!(sandbox.read("pika/.cursor/worktrees.json"), installed);
    // Nothing has to be written.
    run("install").code(0);
}

#[test]
fn a_folder_of_repositories_and_a_folder_in_none() {
    let sandbox = with_stand_in(0);
    sandbox.repository("other", &[]);
    let install = ["hook", "install", "--for", "cursor"];
    let answer = sandbox.json("", &[&install[..], &["-n"]].concat());
    // Both worktrees of pika, and the other repository.
    assert_eq!(items(&answer["plan"]["actions"]).count(), 3);
    fs::create_dir(sandbox.path("none")).expect("a folder");
    let run = sandbox.run("none", &install);
    assert_ne!(run.code, Some(0));
    assert!(run.stderr.contains("expected a folder in a worktree"));
}

/// husky's own script starts the user's of the same name by `sh -e`, one folder further up.
#[test]
fn with_husky_the_line_goes_where_husky_runs_it() {
    let sandbox = with_stand_in(0);
    let husky = "#!/usr/bin/env sh\n[ \"$HUSKY\" = \"2\" ] && set -x\nn=$(basename \"$0\")\n\
        s=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\n";
    sandbox.write("pika/.husky/_/post-checkout", husky);
    let file = sandbox.path("pika/.husky/_/post-checkout");
    super::program(&file, husky.as_bytes(), 0o755);
    sandbox.git("pika", &["config", "core.hooksPath", ".husky/_"]);
    let run = sandbox.run("pika", &["hook", "install"]).code(1);
    let said = run.said();
    assert!(said.contains("post-checkout, which husky runs"), "{said}");
    let line = said.lines().find(|line| line.starts_with("case "));
    sandbox.write(
        "pika/.husky/post-checkout",
        &format!("{}\n", line.expect("a line")),
    );
    assert_eq!(super::state(&sandbox, "pika"), "run_elsewhere");
    let add = ["worktree", "add", "-q", "--detach", "../new"];
    let (code, said) = super::git(&sandbox, "pika", &add);
    assert_eq!((code, said.as_str()), (Some(0), "from us\n"));
    assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
}
