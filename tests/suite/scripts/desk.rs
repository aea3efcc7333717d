//! A sandbox in which scripts are written and run.

use std::path::PathBuf;

use crate::registry::{Registry, once, sandbox_with};
use crate::sandbox::{Run, Sandbox};

/// A sandbox with a cache of scripts, and a registry with two crates: `alpha`, and `beta` which needs it.
pub(crate) struct Desk {
    pub(crate) box_: Sandbox,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let prepared = once("scripts", |folder| {
            let registry = Registry::new(folder);
            let says = "pub fn says() -> &'static str { \"alpha\" }\n";
            registry.publish(("alpha", "1.0.0"), &[], "", &[("src/lib.rs", says)]);
            let says = "pub fn says() -> String { format!(\"beta of {}\", alpha::says()) }\n";
            registry.publish(("beta", "1.2.0"), &["alpha"], "", &[("src/lib.rs", says)]);
        });
        let mut box_ = sandbox_with(&prepared);
        let cache = box_.outside("cache");
        box_.env("CARGO_SHAREDTARGET_CACHE_DIR", cache);
        Self { box_ }
    }

    /// A desk with one script.
    pub(crate) fn with(name: &str, text: &str) -> Self {
        let desk = Self::new();
        desk.box_.write(name, text);
        desk
    }

    /// Runs a script, with any exit code.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let mut all = vec!["run"];
        all.extend(args);
        self.box_.run("", &all)
    }

    /// Runs a script that has to end well; what it prints.
    #[track_caller]
    pub(crate) fn prints(&self, args: &[&str]) -> String {
        self.run(args).code(0).stdout
    }

    /// Runs a script whose program has to be there: no build is mentioned.
    #[track_caller]
    pub(crate) fn prints_at_once(&self, args: &[&str]) -> String {
        let run = self.run(args).code(0);
        assert_eq!(run.stderr, "", "it was built");
        run.stdout
    }

    /// Runs a script that has to be built for it; what it prints.
    #[track_caller]
    pub(crate) fn prints_built(&self, args: &[&str]) -> String {
        let run = self.run(args).code(0);
        assert!(
            run.stderr.contains("Compiling"),
            "it was not built: {}",
            run.said()
        );
        run.stdout
    }

    /// A path in the cache folder.
    pub(crate) fn cache(&self, relative: &str) -> PathBuf {
        self.box_.outside("cache").join(relative)
    }

    /// The folders of the programs that were kept.
    pub(crate) fn kept(&self) -> Vec<PathBuf> {
        let Ok(read) = std::fs::read_dir(self.cache("bins")) else {
            return Vec::new();
        };
        read.map(|entry| entry.expect("an entry").path()).collect()
    }
}
