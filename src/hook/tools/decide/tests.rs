//! Every form of a file that a tool can have.

use super::*;
use clap::ValueEnum as _;

const LINE: &str = "cargo sharedtarget onboard --yes --quiet || true";

fn site(tool: Tool, file: &str, text: Option<&str>) -> ToolSite {
    ToolSite {
        tool,
        worktree: "/w/pika".into(),
        file: Path::new("/w/pika").join(file),
        found: text.map_or(FoundProgram::Nothing, |text| FoundProgram::File {
            bytes: text.into(),
            mode: 0o644,
            executable: false,
        }),
    }
}

fn file_of(tool: Tool) -> &'static str {
    match tool {
        Tool::Claude => ".claude/settings.json",
        Tool::Codex => ".codex/environments/environment.toml",
        Tool::Cursor => ".cursor/worktrees.json",
        Tool::Conductor => ".conductor/settings.toml",
        Tool::Worktrunk => ".config/wt.toml",
        Tool::Jj => "",
        Tool::Vscode => ".vscode/tasks.json",
        Tool::Zed => ".zed/tasks.json",
    }
}

/// The text after a plan of one edit; `None` if the file goes.
fn after(plan: &Plan) -> Option<String> {
    assert_eq!(plan.kept.len(), 0, "{:?}", plan.kept);
    let edits: Vec<&EditTool> = plan.all().collect();
    let [one] = edits[..] else { panic!("{plan:?}") };
    let text = one.edit.after.clone()?;
    Some(String::from_utf8(text).expect("text"))
}

fn installed(tool: Tool, file: &str, text: Option<&str>) -> String {
    after(&install(&[site(tool, file, text)])).expect("a text")
}

fn uninstalled(tool: Tool, file: &str, text: &str) -> Option<String> {
    after(&uninstall(&[site(tool, file, Some(text))]))
}

fn state_of(tool: Tool, text: &str) -> ToolState {
    state(&site(tool, file_of(tool), Some(text)))
}

#[test]
fn a_new_file_has_the_command_alone_and_goes_with_it() {
    for &tool in Tool::value_variants() {
        if tool == Tool::Jj {
            continue;
        }
        let file = file_of(tool);
        let text = installed(tool, file, None);
        assert_eq!(state_of(tool, &text), ToolState::Installed, "{text}");
        let again = install(&[site(tool, file, Some(&text))]);
        assert!(again.actions.is_empty() && as_asked(&again, true));
        assert_eq!(uninstalled(tool, file, &text), None, "{text}");
        let gone = uninstall(&[site(tool, file, None)]);
        assert!(gone.actions.is_empty() && as_asked(&gone, false));
        // Also after an empty file or an empty document.
        let empty: &[&str] = match tool {
            Tool::Zed => &["", "[]\n"],
            _ if file.ends_with(".json") => &["", "{}\n"],
            _ => &["", "# mine\n"],
        };
        for empty in empty {
            let text = installed(tool, file, Some(empty));
            assert_eq!(state_of(tool, &text), ToolState::Installed, "{text}");
        }
    }
}

/// Files as users have them; the command is added with nothing else changed, and taken out again byte for byte.
const FILES: [(Tool, &str); 14] = [
    (
        Tool::Claude,
        "{\n  \"permissions\": {\n    \"allow\": [\"Bash(cargo *)\"] // mine\n  }\n}\n",
    ),
    (
        Tool::Claude,
        "{\n\t\"hooks\": {\n\t\t\"SessionStart\": [\n\t\t\t{ \"hooks\": [{ \"type\": \"command\", \"command\": \"date\" }] }\n\t\t]\n\t}\n}",
    ),
    (
        Tool::Claude,
        "{\r\n  \"hooks\": {\r\n    \"Stop\": []\r\n  }\r\n}\r\n",
    ),
    (
        Tool::Cursor,
        "{\n    \"setup-worktree\": [\n        \"npm ci\",\n        \"cp $ROOT_WORKTREE_PATH/.env .env\"\n    ]\n}\n",
    ),
    (
        Tool::Cursor,
        "{\n  \"setup-worktree-unix\": [\"npm ci\"],\n  \"setup-worktree\": [\"npm i\"]\n}\n",
    ),
    (
        Tool::Vscode,
        "{\n  // See the documentation\n  \"version\": \"2.0.0\",\n  \"tasks\": [\n    {\n      \"label\": \"build\", // mine\n      \"type\": \"shell\",\n      \"command\": \"make\",\n    },\n  ],\n}\n",
    ),
    (
        Tool::Zed,
        "// Tasks of mine\n[\n  {\n    \"label\": \"run\",\n    \"command\": \"cargo run\"\n  }\n]\n",
    ),
    (
        Tool::Worktrunk,
        "# mine\n[list]\nurl = \"x\" # why\n\n[[pre-start]]\nenv = \"cp a b\"\n\n[post-start]\nserver = \"run\"\n",
    ),
    (Tool::Worktrunk, "pre-merge = \"cargo test\""),
    (
        Tool::Worktrunk,
        "[pre-start]\n# first\nenv = \"cp a b\"\n\n[list]\nurl = \"x\"\n",
    ),
    (
        Tool::Conductor,
        "# mine\n\"$schema\" = \"x\"\n\n[scripts]\nrun = \"cargo run\" # why\n",
    ),
    (
        Tool::Conductor,
        "[scripts]\nsetup = \"\"\"\nnpm ci\ncp a b\n\"\"\" # why\nrun = 'x'\n",
    ),
    (Tool::Conductor, "enterprise_data_privacy = true\n"),
    (
        Tool::Codex,
        "version = 1\nname = \"x\"\n\n[setup]\nscript = '''\nnpm ci\n'''\n",
    ),
];

#[test]
fn a_file_of_the_users_gets_one_command_more() {
    for (tool, before) in FILES {
        let file = file_of(tool);
        let text = installed(tool, file, Some(before));
        assert_eq!(state_of(tool, &text), ToolState::Installed, "{text}");
        assert_eq!(
            text.matches(super::super::forms::CALL).count()
                + text.matches("\"sharedtarget\"").count(),
            1,
            "{text}"
        );
        // Each comment of the user's is still there.
        let comments = |text: &str| {
            text.matches("mine").count()
                + text.matches("# why").count()
                + text.matches("# first").count()
        };
        assert_eq!(comments(before), comments(&text), "{text}");
        assert_eq!(
            before.matches('\r').count() > 0,
            text.lines().count() > 1 && !text.replace("\r\n", "").contains('\n'),
            "{text:?}"
        );
        let again = install(&[site(tool, file, Some(&text))]);
        assert!(again.actions.is_empty(), "{again:?}");
        let back = uninstalled(tool, file, &text).expect("a text");
        assert_eq!(state_of(tool, &back), ToolState::NotInstalled, "{back}");
        assert_eq!(back, before, "{text}");
    }
}

#[test]
fn the_older_file_of_conductor() {
    let file = super::super::forms::CONDUCTOR_JSON;
    let before =
        "{\n  \"scripts\": {\n    \"setup\": \"npm ci && cp a b\",\n    \"run\": \"x\"\n  }\n}\n";
    let text = installed(Tool::Conductor, file, Some(before));
    let script = format!("\"setup\": \"npm ci && cp a b\\n{LINE}\"");
    assert!(text.contains(&script), "{text}");
    assert_eq!(
        uninstalled(Tool::Conductor, file, &text).as_deref(),
        Some(before)
    );
    let text = installed(
        Tool::Conductor,
        file,
        Some("{\"runScriptMode\": \"concurrent\"}"),
    );
    assert!(text.contains(LINE), "{text}");
}

#[test]
fn what_runs_us_by_other_words_is_left() {
    for (tool, text) in [
        (
            Tool::Claude,
            r#"{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"cargo sharedtarget onboard"}]}]}}"#,
        ),
        (
            Tool::Zed,
            r#"[{"command":"cargo","args":["sharedtarget","onboard"],"hooks":["create_worktree"]}]"#,
        ),
        (
            Tool::Cursor,
            r#"{"setup-worktree":["cargo sharedtarget onboard -q && x"]}"#,
        ),
        (
            Tool::Worktrunk,
            "post-start = \"cargo sharedtarget onboard\"\n",
        ),
        (
            Tool::Conductor,
            "[scripts]\nsetup = \"x && cargo sharedtarget onboard\"\n",
        ),
    ] {
        assert_eq!(state_of(tool, text), ToolState::InstalledByHand, "{text}");
        let one = [site(tool, file_of(tool), Some(text))];
        let plan = install(&one);
        assert!(plan.actions.is_empty() && as_asked(&plan, true), "{plan:?}");
        let plan = uninstall(&one);
        assert!(
            plan.actions.is_empty() && !as_asked(&plan, false),
            "{plan:?}"
        );
    }
}

#[test]
fn what_cannot_be_edited_is_shown() {
    let by_hand = |tool: Tool, text: &str| {
        let plan = install(&[site(tool, file_of(tool), Some(text))]);
        assert!(plan.actions.is_empty() && !as_asked(&plan, true), "{text}");
        match &plan.kept[0].reason {
            KeptReason::Tool {
                setting: ToolState::ByHand { why, lines },
                ..
            } => (why.clone(), lines.clone()),
            other => panic!("{other:?}"),
        }
    };
    let other = |key: &str| ByHand::OtherForm { key: key.into() };
    for (tool, text, why) in [
        (Tool::Claude, "{\"hooks\": []}", other("hooks.SessionStart")),
        (Tool::Claude, "[]", other("hooks.SessionStart")),
        // The last one of two counts for who reads it.
        (
            Tool::Claude,
            "{\"hooks\": {}, \"hooks\": {\"Stop\": []}}",
            other("hooks.SessionStart"),
        ),
        (
            Tool::Cursor,
            "{\"setup-worktree\": \"setup.sh\"}",
            other("setup-worktree"),
        ),
        (Tool::Zed, "{}", other("")),
        (
            Tool::Worktrunk,
            "pre-start = \"npm ci\"\n",
            other("pre-start"),
        ),
        (
            Tool::Worktrunk,
            "pre-start = [{ a = \"b\" }]\n",
            other("pre-start"),
        ),
        (
            Tool::Worktrunk,
            "[pre-create]\na = \"b\"\n",
            other("pre-create"),
        ),
        (Tool::Conductor, "scripts = 1\n", other("scripts")),
        (
            Tool::Conductor,
            "[scripts]\nsetup = [1]\n",
            other("scripts.setup"),
        ),
        (
            Tool::Codex,
            "# THIS IS AUTOGENERATED. DO NOT EDIT MANUALLY\nversion = 1\n[setup]\nscript = 'x'\n",
            ByHand::Generated,
        ),
    ] {
        let (found, lines) = by_hand(tool, text);
        assert_eq!(found, why, "{text}");
        assert!(lines.contains("onboard"), "{lines}");
    }
    for (tool, text) in [
        (Tool::Claude, "{\"hooks\": "),
        (Tool::Conductor, "[scripts"),
    ] {
        let (found, _) = by_hand(tool, text);
        assert!(matches!(found, ByHand::NotParsed { .. }), "{found:?}");
    }
    // Jujutsu has no file at all.
    let jj = [site(Tool::Jj, "", None)];
    for plan in [install(&jj), uninstall(&jj)] {
        assert!(plan.actions.is_empty() && !as_asked(&plan, true));
    }
}

/// The lines can take the place of `pre-start`: TOML would refuse that key a second time.
#[test]
fn the_steps_of_worktrunk_are_shown_with_those_that_were_there() {
    let ours = format!("[[pre-start]]\nsharedtarget = \"{LINE}\"");
    let cases = [
        (
            "pre-start = \"npm ci\" # first\n",
            "[[pre-start]]\nproject = \"npm ci\"\n\n",
        ),
        (
            "pre-start = [{ a = \"b\" }, { \"c d\" = 'e' }]\n",
            "[[pre-start]]\na = \"b\"\n\n[[pre-start]]\n\"c d\" = 'e'\n\n",
        ),
        (
            "pre-start.env = \"cp a b\"\n",
            "[[pre-start]]\nenv = \"cp a b\"\n\n",
        ),
        ("pre-start = 7\n", ""),
        ("pre-create = \"npm ci\"\n", ""),
    ];
    for (text, before) in cases {
        let plan = install(&[site(Tool::Worktrunk, ".config/wt.toml", Some(text))]);
        let KeptReason::Tool { tool, setting } = &plan.kept[0].reason else {
            panic!("{plan:?}");
        };
        let ToolState::ByHand { lines, .. } = setting else {
            panic!("{setting:?}");
        };
        assert_eq!(*lines, format!("{before}{ours}"), "{text}");
        assert!(lines.parse::<toml_edit::DocumentMut>().is_ok(), "{lines}");
        let advice = crate::plan::tool_state::advice(*tool, setting).expect("advice");
        assert_eq!(
            advice.starts_with("replace"),
            !before.is_empty(),
            "{advice}"
        );
    }
}

#[test]
fn what_is_no_file_is_left() {
    for found in [
        FoundProgram::Link("away".into()),
        FoundProgram::Other,
        FoundProgram::Unreadable("why".into()),
        FoundProgram::File {
            bytes: vec![0xff],
            mode: 0o644,
            executable: false,
        },
    ] {
        let one = [ToolSite {
            found,
            ..site(Tool::Claude, file_of(Tool::Claude), None)
        }];
        for plan in [install(&one), uninstall(&one)] {
            assert!(
                plan.actions.is_empty() && !as_asked(&plan, true),
                "{plan:?}"
            );
        }
    }
}

#[test]
fn the_name_of_a_new_environment_is_quoted() {
    let mut one = site(Tool::Codex, file_of(Tool::Codex), None);
    one.worktree = "/w/a \"b\"".into();
    let text = after(&install(&[one])).expect("a text");
    let document: toml_edit::DocumentMut = text.parse().expect("TOML");
    assert_eq!(document["name"].as_str(), Some("a \"b\""));
    assert_eq!(document["setup"]["script"].as_str(), Some(LINE));
}

/// An edit would change line ends, a value or a comment of the user's: then the lines are shown.
#[test]
fn no_byte_of_the_user_is_lost() {
    let toml = |text: &'static str| (Tool::Codex, text);
    for (tool, text) in [
        toml("[setup]\r\nscript = \"\"\"\r\nnpm ci\r\nmake db\r\n\"\"\"\r\n"),
        toml("[setup]\nscript = \"\"\"echo a \\\n  b\"\"\"\n"),
    ] {
        let plan = install(&[site(tool, file_of(tool), Some(text))]);
        assert!(plan.actions.is_empty(), "{text:?}");
    }
    let text = "\u{feff}[setup]\nscript = \"npm ci\"\n";
    let with = installed(Tool::Codex, file_of(Tool::Codex), Some(text));
    assert!(with.starts_with("\u{feff}[setup]\n"), "{with:?}");
    let without = uninstalled(Tool::Codex, file_of(Tool::Codex), &with);
    assert_eq!(without.as_deref(), Some(text));
    let file = super::super::forms::CONDUCTOR_JSON;
    let doubled = "{\"scripts\":{\"setup\":\"npm ci\"},\"scripts\":{\"run\":\"z\"}}";
    let plan = install(&[site(Tool::Conductor, file, Some(doubled))]);
    assert!(plan.actions.is_empty());
    // The comments around our own table were there before it.
    let text = "# keep me\n[setup]\n\n[cleanup]\nscript = \"x\"\n";
    let with = installed(Tool::Codex, file_of(Tool::Codex), Some(text));
    let plan = uninstall(&[site(Tool::Codex, file_of(Tool::Codex), Some(&with))]);
    let afters = plan.all::<EditTool>().map(|one| one.edit.after.clone());
    for after in afters.flatten() {
        assert!(String::from_utf8_lossy(&after).contains("# keep me"));
    }
}
