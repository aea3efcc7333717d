//! A sandbox in which quoted sessions are played, and the comparison of what they print with the pages.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Mutex;

use super::blocks::{self, Block};
use super::{SCENES, compare, documents, names};
use crate::registry::Registry;
use crate::sandbox::Sandbox;
use crate::snapshots::{prepared, redact::Redactor};

/// The scenes write their blocks into the same pages.
static PAGES: Mutex<()> = Mutex::new(());

/// A sandbox for the blocks of one scene.
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) registry: Registry,
    redactor: Redactor,
    /// The paths in the pages for the places of the sandbox, the longest first.
    places: Vec<(&'static str, String)>,
    /// The blocks that remain to be played.
    blocks: RefCell<Vec<Block>>,
    differences: RefCell<Vec<String>>,
}

impl Stage {
    /// A stage for this scene; nothing where outputs would not be those of the pages.
    pub(super) fn open(scene: &str) -> Option<Self> {
        let (mut sandbox, registry) = prepared()?;
        let exe = env!("CARGO_BIN_EXE_cargo-sharedtarget");
        let link = sandbox.outside("own/bin/cargo-sharedtarget");
        std::os::unix::fs::symlink(exe, link).expect("a link");
        // As for a user.
        sandbox.env("CARGO_SHAREDTARGET_NO_HOOK", "false");
        let all = blocks::all();
        let of_scene = SCENES.iter().filter(|(name, _, _)| *name == scene);
        let blocks = of_scene.map(|(_, page, part)| {
            let found = all.iter().find(|block| names((page, part), block));
            found.expect("a block").clone()
        });
        let host = sandbox.command("rustc", "", &["-vV"]).code(0).stdout;
        let host = host.lines().find_map(|line| line.strip_prefix("host: "));
        let place = |path: std::path::PathBuf| path.display().to_string();
        let places = vec![
            ("/home/me/code", place(sandbox.path(""))),
            ("/home/me", place(sandbox.outside("home"))),
            ("/srv/units", place(sandbox.outside("own/provider/objects"))),
            ("/opt/cargo", place(sandbox.outside("own/cargo-home"))),
            ("x86_64-unknown-linux-gnu", host.expect("a host").to_owned()),
        ];
        Some(Self {
            redactor: Redactor::new(&sandbox),
            blocks: RefCell::new(blocks.collect()),
            differences: RefCell::default(),
            sandbox,
            registry,
            places,
        })
    }

    /// Plays the session of the block with this text: runs its commands one after the other, the first in `folder`, and
    /// compares all that each prints.
    #[track_caller]
    pub(super) fn session(&self, part: &str, folder: &str) {
        self.play(part, folder, None);
    }

    /// The same for a session whose figures are of a larger repository: all numbers, and the widths of columns, are
    /// different here.
    #[track_caller]
    pub(super) fn session_of_larger(&self, part: &str, folder: &str) {
        self.play(part, folder, Some(without_figures));
    }

    #[track_caller]
    fn play(&self, part: &str, folder: &str, more: Option<fn(&str) -> String>) {
        let block = self.take(part);
        let mut now = self.sandbox.path(folder);
        let (mut alike, mut renewed) = (true, String::new());
        for step in block.steps() {
            let note = self.sandbox.outside("own/pwd");
            let line = format!("{{ {}\n}} 2>&1; pwd > '{}'", step.command, note.display());
            let mut shell = self.sandbox.prepared("sh", "", &["-c", &line]);
            let run = shell.current_dir(&now).output().expect("a shell");
            let said = String::from_utf8(run.stdout).expect("text");
            let said = said.trim_end_matches('\n');
            now = std::fs::read_to_string(note)
                .expect("a folder")
                .trim_end()
                .into();
            let both = [&self.here(&step.output), said].map(|text| {
                let text = self.redactor.text(&without_times(text));
                more.map_or(text.clone(), |more| more(&text))
            });
            if let Some(difference) = compare::difference(&both[0], &both[1]) {
                alike = false;
                let command = format!("{}: $ {}", block.page, step.command);
                let difference = format!("{command}\n{difference}");
                self.differences.borrow_mut().push(difference);
            }
            renewed.push_str(&format!("{}$ {}\n", step.gap, step.command));
            if !said.is_empty() {
                renewed.push_str(&format!("{}\n", self.elsewhere(said)));
            }
        }
        // The figures of a larger repository stay.
        let can_renew = more.is_none() && !block.text.contains('…');
        if !alike && std::env::var_os("UPDATE_README").is_some() && can_renew {
            let _pages = PAGES.lock().expect("no scene has panicked there");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&block.page);
            let page = std::fs::read_to_string(&path).expect("a page");
            let page = page.replacen(&block.text, &renewed, 1);
            std::fs::write(path, page).expect("written");
        }
    }

    /// Compares a quoted document with one of the program, or with one that it has accepted.
    #[track_caller]
    pub(super) fn document(&self, part: &str, found: &str) {
        let block = self.take(part);
        let both = [&*self.here(&block.text), found]
            .map(|text| self.redactor.json(&documents::set_anew(text)))
            .map(|text| documents::without_hashes(&text));
        if let Some(difference) = compare::difference(&both[0], &both[1]) {
            let difference = format!("{}: {part}\n{difference}", block.page);
            self.differences.borrow_mut().push(difference);
        }
    }

    /// The block with this text.
    #[track_caller]
    fn take(&self, part: &str) -> Block {
        let mut blocks = self.blocks.borrow_mut();
        let at = blocks.iter().position(|block| block.text.contains(part));
        blocks.remove(at.unwrap_or_else(|| panic!("no block with `{part}` in this scene")))
    }

    /// A text of a page with the places of the sandbox.
    fn here(&self, text: &str) -> String {
        let places = self.places.iter();
        places.fold(text.to_owned(), |text, (there, here)| {
            text.replace(there, here)
        })
    }

    /// A text with the places that pages have.
    fn elsewhere(&self, text: &str) -> String {
        let places = self.places.iter();
        places.fold(text.to_owned(), |text, (there, here)| {
            text.replace(here, there)
        })
    }

    /// Fails if a block was different, or was not played.
    #[track_caller]
    pub(super) fn close(self) {
        let left = self.blocks.take();
        assert!(left.is_empty(), "the scene does not play {left:#?}");
        let differences = self.differences.take();
        assert!(
            differences.is_empty(),
            "set UPDATE_README=1 to renew sessions\n{}",
            differences.join("\n")
        );
    }
}

/// A text without the times of a log and of Cargo, whose lines the redactor leaves as they are.
fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let of_cargo = ["   Compiling ", "    Finished "];
        if of_cargo.iter().any(|begin| line.starts_with(begin)) {
            let shown = line.trim_start();
            let shown = shown
                .split_once(" target(s) in ")
                .map_or(shown, |(shown, _)| shown);
            return format!("Cargo: {shown}\n");
        }
        let since = line
            .trim_start()
            .split_once("s ")
            .filter(|(time, _)| time.parse::<f64>().is_ok());
        let line = since.map_or(line.to_owned(), |(_, rest)| format!("[AT] {rest}"));
        match line.split_once(" took=") {
            Some((before, _)) if since.is_some() => format!("{before} took=[TOOK]\n"),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// A text with `[N]` for every number that is a word, and no columns.
fn without_figures(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split_whitespace().map(|word| {
            let number = word.trim_matches(['*', '|', ',', ':', '(', ')']);
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            match is_number {
                true => word.replace(number, "[N]"),
                false => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}
