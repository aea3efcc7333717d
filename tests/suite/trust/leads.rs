//! Ways from a clone to other places: links and submodules.

use std::fs;
use std::os::unix::fs::symlink;

use super::clone::Maker;

impl Maker<'_> {
    /// Links in place of folders that are looked for.
    pub(super) fn links(&mut self) {
        if !self.dice.once_in(4) {
            return;
        }
        let top = self.sandbox.path(self.at);
        let name = self.dice.one(&[
            ".shared-target",
            ".cargo",
            "target",
            "emb/inner/.cargo",
            "loop",
            "out",
            "home",
        ]);
        let file = top.join(name);
        let to = match name {
            "loop" => ".",
            "out" => "/",
            "home" => "../../home",
            _ => {
                if !file.exists() {
                    return;
                }
                fs::rename(&file, top.join("behind")).expect("moved");
                match name.contains('/') {
                    true => "../../behind",
                    false => "behind",
                }
            }
        };
        symlink(to, file).expect("a link");
        self.made.push(format!("a link for `{name}`"));
    }

    /// Makes a folder of it a submodule: its content comes from another repository.
    pub(super) fn submodule(&mut self) {
        if !self.dice.once_in(6) {
            return;
        }
        let top = self.sandbox.path(self.at);
        let name = self.dice.one(&[".shared-target", "nested", "sub", "emb"]);
        let folder = top.join(name);
        if !folder.is_dir() || folder.is_symlink() {
            return;
        }
        let other = format!("{}-other", self.at);
        fs::rename(folder, self.sandbox.path(&other)).expect("moved");
        self.sandbox
            .git("", &["init", "-q", "-b", "main", "--", &other]);
        self.sandbox.git(&other, &["add", "-Af", "."]);
        self.sandbox.git(&other, &["commit", "-q", "-m", "other"]);
        let from = self.sandbox.path(&other).display().to_string();
        let add = [
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "add",
            "-q",
            "-f",
        ];
        self.sandbox
            .git(self.at, &[&add[..], &["--", &from, name]].concat());
        self.made.push(format!("a submodule for `{name}`"));
    }
}
