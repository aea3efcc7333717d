//! Changes to files and to Cargo's configuration.

use std::fs;

use super::{Play, date};
use crate::random::worlds::files::{HOME, LICENSE, METADATA, README, SIDE, VENDORED, clippy};
use crate::random::worlds::plan::{At, How, Place, Says, Spot, Time};

impl Play<'_> {
    /// Changes a file, or what is beside it.
    pub(super) fn change(&mut self, at: At, spot: Spot, how: How, time: Time) {
        let path = match spot {
            Spot::Home => self.sandbox.outside(HOME),
            _ => self.path(at, &spot.path(&self.world.shape)),
        };
        if let How::Sibling(number) = how {
            let sibling = path.with_file_name(format!("more{number}.txt"));
            fs::create_dir_all(sibling.parent().expect("a folder")).expect("a folder");
            fs::write(&sibling, format!("more {number}")).expect("a file");
            date(&sibling, time);
            return;
        }
        if how == How::Deleted {
            drop(fs::remove_file(&path));
            return;
        }
        if spot == Spot::Lock {
            self.depend(at);
            return;
        }
        if let (How::Changed(number), Spot::Clippy | Spot::ClippyNear) = (how, spot) {
            fs::write(&path, clippy(number)).expect("a file");
            date(&path, time);
            return;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            // Clippy would refuse it.
            if !matches!(spot, Spot::Clippy | Spot::ClippyNear) {
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(&path, "new").expect("a file");
            }
            return;
        };
        let text = match (how, spot) {
            (How::Changed(number), Spot::Source) => {
                replaced(&text, "<<low.source=", ">>", &number.to_string())
            }
            (How::Changed(number), Spot::Part) => {
                replaced(&text, "<<low.part=", ">>", &number.to_string())
            }
            (How::Changed(number), Spot::Metadata) => {
                let (start, _) = METADATA.split_at(METADATA.len() - "first\"".len());
                replaced(&text, start, "\"", &number.to_string())
            }
            (How::Changed(number), Spot::License) => {
                replaced(&text, LICENSE, "\"", &number.to_string())
            }
            (How::Changed(number), Spot::Readme) => {
                replaced(&text, README, "\"", &number.to_string())
            }
            (How::Changed(number), _) => number.to_string(),
            _ => text,
        };
        fs::write(&path, text).expect("a file");
        date(&path, time);
    }

    /// `side` depends on one package more, so that only the lock is another one.
    fn depend(&mut self, at: At) {
        let workspace = self.workspace(at);
        let manifest = self.sandbox.path(&workspace).join("side/Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("a manifest");
        let more = "low = { path = \"../low\" }\n";
        if !text.contains(more) {
            fs::write(&manifest, text.replace(SIDE, more)).expect("a manifest");
        }
        let args = ["generate-lockfile", "--offline"];
        self.sandbox.command("cargo", &workspace, &args);
    }

    /// Writes Cargo's configuration, around what `setup` has written there.
    pub(super) fn configure(&mut self, place: Place, says: Says) {
        let path = match place {
            Place::Workspace(at) => {
                let workspace = self.workspace(at);
                self.sandbox.path(&workspace).join(".cargo/config.toml")
            }
            Place::AboveAll => self.sandbox.path("").join(".cargo/config.toml"),
            Place::Home => self.sandbox.outside("cargo-home/config.toml"),
        };
        let wrapper = self.sandbox.path("wrapper.sh");
        #[cfg(unix)]
        if says == Says::Wrapper && !wrapper.exists() {
            use std::os::unix::fs::PermissionsExt as _;
            fs::write(&wrapper, "#!/bin/sh\nexec \"$@\" --cfg wrapped\n").expect("a script");
            fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut document: toml_edit::DocumentMut = text.parse().expect("a configuration");
        document.remove("env");
        if let Some(build) = document.get_mut("build").and_then(|one| one.as_table_mut()) {
            build.remove("rustc-wrapper");
            build.remove("rustflags");
        }
        let value = toml_edit::value;
        match says {
            Says::Nothing => {}
            Says::Variable(number) => {
                document["env"]["WORLD"] = value(number.to_string());
            }
            Says::Wrapper => {
                document["build"]["rustc-wrapper"] = value(wrapper.display().to_string());
            }
            Says::Flag => {
                document["build"]["rustflags"] = value("--cfg flagged".to_owned());
            }
        }
        if place == Place::Home && self.world.shape.third {
            document["source"]["crates-io"]["replace-with"] = value("kept".to_owned());
            let kept = self.sandbox.path(VENDORED);
            let kept = kept.parent().expect("a folder").display().to_string();
            document["source"]["kept"]["directory"] = value(kept);
        }
        let text = document.to_string();
        // One of the home that is deleted goes unnoticed (docs/sharing.md); an empty one says the same.
        if text.trim().is_empty() && place != Place::Home {
            drop(fs::remove_file(&path));
        } else {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, text).expect("a configuration");
        }
    }
}

fn replaced(text: &str, start: &str, end: &str, with: &str) -> String {
    let Some(from) = text.find(start).map(|at| at + start.len()) else {
        return text.into();
    };
    let Some(to) = text[from..].find(end).map(|at| from + at) else {
        return text.into();
    };
    format!("{}{with}{}", &text[..from], &text[to..])
}
