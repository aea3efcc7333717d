//! Makes target folders that look like Cargo's.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::random::Random;

/// Writes one target folder, with as many files as are left to write.
pub(crate) struct Target {
    random: Random,
    left: usize,
}

impl Target {
    pub(crate) fn new(seed: u64, files: usize) -> Self {
        Self {
            random: Random(seed),
            left: files,
        }
    }

    pub(crate) fn make(mut self, target: &Path) -> Result<()> {
        let debug = target.join("debug");
        for folder in [".fingerprint", "deps", "build", "incremental", "examples"] {
            fs::create_dir_all(debug.join(folder))?;
        }
        let tag = "Signature: 8a477f597d28d172789f06886806bc55\n\
            # This file is a cache directory tag created by cargo.\n";
        self.file(&target.join("CACHEDIR.TAG"), tag.as_bytes())?;
        self.random_file(&target.join(".rustc_info.json"))?;
        self.file(&debug.join(".cargo-lock"), b"")?;
        // In real target folders about two files of three belong to units, and the rest is incremental.
        let incremental = self.left / 3;
        for n in 0.. {
            if self.left <= incremental {
                break;
            }
            self.unit(&debug, n)?;
        }
        while self.left > 0 {
            self.session(&debug)?;
        }
        Ok(())
    }

    /// One compiled crate; some have a build script, and some a final program or library.
    fn unit(&mut self, debug: &Path, n: usize) -> Result<()> {
        let name = format!("crate_{n}");
        let unit = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &unit, &name)?;
        let deps = debug.join("deps");
        let sources =
            format!("deps/{unit}.d: src/lib.rs src/part.rs\n\nsrc/lib.rs:\nsrc/part.rs:\n");
        self.file(&deps.join(format!("{unit}.d")), sources.as_bytes())?;
        self.random_file(&deps.join(format!("lib{unit}.rmeta")))?;
        let library = deps.join(format!("lib{unit}.rlib"));
        self.random_file(&library)?;
        if n.is_multiple_of(40) {
            self.link(&library, &debug.join(format!("lib{name}.rlib")))?;
            self.random_file(&debug.join(format!("lib{name}.d")))?;
        }
        if n.is_multiple_of(8) {
            self.build_script(debug, &name)?;
        }
        Ok(())
    }

    fn build_script(&mut self, debug: &Path, name: &str) -> Result<()> {
        let compiled = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &compiled, "build-script")?;
        let folder = debug.join("build").join(&compiled);
        let program = folder.join(format!("build_script_build-{}", self.random.hash()));
        fs::create_dir_all(&folder)?;
        self.random_file(&program)?;
        self.link(&program, &folder.join("build-script-build"))?;
        self.random_file(&program.with_extension("d"))?;

        let ran = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &ran, "run-build-script")?;
        let folder = debug.join("build").join(&ran);
        fs::create_dir_all(folder.join("out"))?;
        for file in [
            "output",
            "root-output",
            "stderr",
            "invoked.timestamp",
            "out/generated.rs",
        ] {
            self.random_file(&folder.join(file))?;
        }
        Ok(())
    }

    fn fingerprint(&mut self, debug: &Path, unit: &str, name: &str) -> Result<()> {
        let folder = debug.join(".fingerprint").join(unit);
        fs::create_dir_all(&folder)?;
        // The fingerprint and dep-info that Cargo writes, as far as they are read.
        let json = "{\"rustc\":1,\"features\":\"[\\\"default\\\"]\",\"declared_features\":\"[]\",\"target\":1,\
            \"profile\":2,\"path\":3,\"deps\":[],\"local\":[],\"rustflags\":[],\"config\":0,\"compile_kind\":0}";
        let dep_info = [1, 0, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let hash = self.random.hash();
        for (file, bytes) in [
            (format!("lib-{name}"), hash.as_bytes()),
            (format!("lib-{name}.json"), json.as_bytes()),
            (format!("dep-lib-{name}"), &dep_info[..]),
            ("invoked.timestamp".to_owned(), b""),
        ] {
            self.file(&folder.join(file), bytes)?;
        }
        Ok(())
    }

    /// Two incremental sessions of one crate: the second links the objects that did not change.
    fn session(&mut self, debug: &Path) -> Result<()> {
        let crate_ = format!("member-{}", self.random.hash());
        let folder = debug.join("incremental").join(crate_);
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let session = folder.join(format!("s-{}", self.random.hash()));
            fs::create_dir_all(&session)?;
            self.file(&session.with_extension("lock"), b"")?;
            for file in ["dep-graph.bin", "query-cache.bin", "work-products.bin"] {
                self.random_file(&session.join(file))?;
            }
            sessions.push(session);
        }
        for n in 0..100 {
            let object = format!("{}.o", self.random.hash());
            self.random_file(&sessions[0].join(&object))?;
            if n % 2 == 0 {
                self.link(&sessions[0].join(&object), &sessions[1].join(&object))?;
            } else {
                self.random_file(&sessions[1].join(object))?;
            }
        }
        Ok(())
    }

    fn random_file(&mut self, path: &Path) -> Result<()> {
        let content = self.random.content();
        self.file(path, &content)
    }

    fn file(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            fs::write(path, content)
                .with_context(|| format!("failed to write `{}`", path.display()))?;
        }
        Ok(())
    }

    fn link(&mut self, original: &Path, link: &Path) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            fs::hard_link(original, link)?;
        }
        Ok(())
    }
}
