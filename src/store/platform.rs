//! On what system this is.

use std::path::{Path, PathBuf};

use crate::{fs, process};

/// The system and its C library, as far as they tell their versions. An artifact that was linked on one system may
/// not load on another.
pub(crate) fn platform() -> String {
    let mut said = vec![
        std::env::consts::OS.to_owned(),
        std::env::consts::ARCH.to_owned(),
    ];
    if cfg!(target_os = "linux") {
        let release = fs::read(Path::new("/etc/os-release")).ok().flatten();
        let release = String::from_utf8(release.unwrap_or_default()).unwrap_or_default();
        said.extend(
            ["ID", "VERSION_ID"]
                .iter()
                .filter_map(|key| value(&release, key)),
        );
        // There is none but in the GNU's library.
        said.extend(process::says("getconf", &["GNU_LIBC_VERSION"]));
    }
    if cfg!(target_os = "macos") {
        let version = process::says("sw_vers", &["-productVersion"]);
        let major = version
            .as_deref()
            .and_then(|version| version.split('.').next());
        said.extend(major.map(str::to_owned));
    }
    said.join(" ")
}

/// Where a linker looks for libraries without being told, as far as that is usual.
pub(crate) fn library_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib"]
        .map(PathBuf::from)
        .into();
    let arch = std::env::consts::ARCH;
    for above in ["/usr/lib", "/lib"].map(Path::new) {
        let names = fs::names(above).unwrap_or_default().into_iter();
        folders.extend(
            names
                .filter(|name| name.starts_with(arch))
                .map(|name| above.join(name)),
        );
    }
    let gcc = Path::new("/usr/lib/gcc");
    for target in fs::names(gcc).unwrap_or_default() {
        let target = gcc.join(target);
        let versions = fs::names(&target).unwrap_or_default();
        folders.extend(versions.iter().map(|version| target.join(version)));
    }
    folders
}

/// The value of a key in the format of `os-release`.
fn value(text: &str, key: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.map(|value| value.trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_system_says() {
        let release = "NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n";
        assert_eq!(value(release, "ID").as_deref(), Some("debian"));
        assert_eq!(value(release, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(value(release, "VARIANT"), None);
        assert!(platform().starts_with(std::env::consts::OS));
    }
}
