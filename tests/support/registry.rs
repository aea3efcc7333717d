//! Packages from a registry, without a network: a folder with packed crates and an index, and what was built of
//! them once for all tests of a file.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Sandbox, chosen_toolchain};

/// A registry in a folder, which takes the place of crates.io for all runs with this `CARGO_HOME`.
pub(crate) struct Registry {
    folder: PathBuf,
}

impl Registry {
    /// An empty registry below `folder`, and a home for Cargo beside it.
    pub(crate) fn new(folder: &Path) -> Self {
        let registry = folder.join("registry");
        for path in [registry.join("index"), folder.join("cargo-home")] {
            fs::create_dir_all(path).expect("folders");
        }
        let config = format!(
            "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\nlocal-registry = '{}'\n[net]\noffline = true\n",
            registry.display()
        );
        fs::write(folder.join("cargo-home/config.toml"), config).expect("a config");
        Self { folder: registry }
    }

    /// Publishes a package. It depends on version 1 of each of `needs`; `more` stands in its manifest before that,
    /// the first lines in the table of the package.
    pub(crate) fn publish(
        &self,
        (name, version): (&str, &str),
        needs: &[&str],
        more: &str,
        files: &[(&str, &str)],
    ) {
        let full = format!("{name}-{version}");
        let staging = self.folder.join("staging").join(&full);
        let (mut manifest, mut deps) = (String::new(), Vec::new());
        writeln!(
            manifest,
            "[package]\nname = \"{name}\"\nversion = \"{version}\""
        )
        .expect("text");
        writeln!(manifest, "edition = \"2021\"\n{more}\n[dependencies]").expect("text");
        for need in needs {
            writeln!(manifest, "{need} = \"1\"").expect("text");
            deps.push(format!(
                "{{\"name\":\"{need}\",\"req\":\"^1\",\"features\":[],\"optional\":false,\
                 \"default_features\":true,\"target\":null,\"kind\":\"normal\"}}"
            ));
        }
        for (path, content) in files.iter().chain([&("Cargo.toml", manifest.as_str())]) {
            let path = staging.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(path, content).expect("a file");
        }
        let packed = self.folder.join(format!("{full}.crate"));
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(&packed).arg("-C");
        tar.arg(self.folder.join("staging")).arg(&full);
        assert!(tar.status().expect("tar").success(), "{full}");
        let sum = match cfg!(target_os = "macos") {
            true => Command::new("shasum")
                .args(["-a", "256"])
                .arg(&packed)
                .output(),
            false => Command::new("sha256sum").arg(&packed).output(),
        };
        let sum = String::from_utf8(sum.expect("a sum").stdout).expect("text");
        let sum = sum.split(' ').next().expect("a sum");
        let place = match name.len() {
            1 | 2 => format!("{}/{name}", name.len()),
            3 => format!("3/{}/{name}", &name[..1]),
            _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
        };
        let read: toml_edit::DocumentMut = manifest.parse().expect("a manifest");
        let features = read.get("features").and_then(|all| all.as_table_like());
        let features = features.into_iter().flat_map(|all| all.iter());
        let features: Vec<String> = features
            .map(|(name, on)| format!("\"{name}\":{}", on.to_string().trim()))
            .collect();
        let index = self.folder.join("index").join(place);
        fs::create_dir_all(index.parent().expect("a folder")).expect("folders");
        let mut lines = fs::read_to_string(&index).unwrap_or_default();
        writeln!(
            lines,
            "{{\"name\":\"{name}\",\"vers\":\"{version}\",\"deps\":[{}],\"cksum\":\"{sum}\",\"features\":{{{}}},\"yanked\":false}}",
            deps.join(","),
            features.join(",")
        )
        .expect("text");
        fs::write(index, lines).expect("an index");
    }
}

/// A folder that is filled once for this test program and toolchain, whether its tests run in one process or in many.
pub(crate) fn once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    // A build of one toolchain is no donor for another.
    let toolchain = chosen_toolchain().unwrap_or("default");
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join(toolchain);
    fs::create_dir_all(&top).expect("a folder");
    let top = dunce::canonicalize(top).expect("a real path");
    let (folder, done) = (top.join(name), top.join(format!("{name}.done")));
    let lock = fs::File::create(top.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("a lock");
    let program = std::env::current_exe().expect("this program");
    let key = fs::metadata(&program).and_then(|metadata| metadata.modified());
    let key = format!("{} {:?}", program.display(), key.expect("a time"));
    if fs::read_to_string(&done).ok().as_ref() != Some(&key) {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder");
        fill(&folder);
        fs::write(done, key).expect("a file");
    }
    folder
}

/// A sandbox whose Cargo has the home and the registry of a prepared folder.
pub(crate) fn sandbox_with(prepared: &Path) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_HOME", prepared.join("cargo-home"));
    // These tests are about what is third-party: local crates are to be compiled, to show what they are compiled with.
    sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "1");
    sandbox
}

/// Copies a folder with everything in it, with times and links.
pub(crate) fn copy_all(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.expect("cp").success(), "{}", from.display());
}

/// The packages that a verbose build compiled, sorted.
pub(crate) fn compiled(said: &str) -> Vec<String> {
    let lines = said.lines().map(str::trim);
    let names = lines.filter_map(|line| line.strip_prefix("Compiling ")?.split(' ').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
