//! Settings by which tools take files along into a new worktree.
//!
//! Sources: `code.claude.com/docs/en/worktrees` on `.worktreeinclude`, which other tools read too, and
//! `code.claude.com/docs/en/settings` on `worktree.symlinkDirectories`.

use std::path::Path;

use ignore::gitignore::GitignoreBuilder;
use jsonc_parser::ParseOptions;
use serde_json::Value;

/// The file with patterns of ignored files that are copied.
pub(crate) const INCLUDE: &str = ".worktreeinclude";

/// The settings of Claude Code in a project, its own and the user's.
pub(crate) const CLAUDE: [&str; 2] = [".claude/settings.json", ".claude/settings.local.json"];

/// Whether a `.worktreeinclude` has a folder inside the worktree copied, or what is in it.
#[must_use]
pub(crate) fn copies(patterns: &str, inside: &Path) -> bool {
    let mut builder = GitignoreBuilder::new("");
    for line in patterns.lines() {
        // A pattern that is not valid matches nothing.
        let _ = builder.add_line(None, line);
    }
    // A pattern may name what is in the folder, as `target/**` does.
    let within = inside.join("debug");
    builder.build().is_ok_and(|patterns| {
        patterns
            .matched_path_or_any_parents(&within, true)
            .is_ignore()
    })
}

/// Whether settings of Claude Code have a folder inside the worktree linked into new ones, or a folder around it.
#[must_use]
pub(crate) fn links(settings: &str, inside: &Path) -> bool {
    let settings = jsonc_parser::parse_to_serde_value::<Value>(settings, &ParseOptions::default());
    let settings = settings.unwrap_or_default();
    let folders = settings.pointer("/worktree/symlinkDirectories");
    let folders = folders.and_then(Value::as_array).into_iter().flatten();
    let mut folders = folders.filter_map(Value::as_str);
    folders.any(|folder| {
        let folder = Path::new(folder);
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        !folder.as_os_str().is_empty() && inside.starts_with(folder)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_copy_a_target_folder() {
        let inside = Path::new("target");
        for (patterns, copied) in [
            ("", false),
            (".env\n", false),
            ("target\n", true),
            ("target/\r\n", true),
            ("/target", true),
            ("# target\n", false),
            ("target/**\n", true),
            ("target\n!target\n", false),
            ("**/target/", true),
            ("targets\n", false),
            ("tools/target\n", false),
        ] {
            assert_eq!(copies(patterns, inside), copied, "{patterns}");
        }
        assert!(copies("tools/target\n", Path::new("tools/target")));
    }

    #[test]
    fn settings_that_link_a_target_folder() {
        let inside = Path::new("tools/target");
        for (folders, linked) in [
            (r#"["node_modules"]"#, false),
            (r#"["tools/target"]"#, true),
            (r#"["./tools/target/"]"#, true),
            (r#"["tools"]"#, true),
            (r#"["target"]"#, false),
            (r#"[1, ""]"#, false),
            (r#""tools""#, false),
        ] {
            let settings = format!("{{\"worktree\": {{\"symlinkDirectories\": {folders}}}}}");
            assert_eq!(links(&settings, inside), linked, "{settings}");
        }
        assert!(!links("{", inside));
    }
}
