//! `audit`: what it says of workspaces that were made to have what it looks for.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::profile;
use crate::sandbox::Sandbox;
use crate::units::new_layout;

/// A workspace in which `one` and `two` ask for other features of `base`, and `tool`, a build-dependency, for none.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    let package = |name: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("code/{name}/Cargo.toml"), &text);
        sandbox.write(&format!("code/{name}/src/lib.rs"), "pub fn it() {}\n");
    };
    package("base", "[features]\nsmall = []\nlarge = [\"small\"]\n");
    package(
        "one",
        "[dependencies]\nbase = { path = \"../base\", features = [\"small\"] }\n",
    );
    package(
        "two",
        "build = \"build.rs\"\n[dependencies]\nbase = { path = \"../base\", features = [\"large\"] }\n\
         [build-dependencies]\nbase = { path = \"../base\" }\n",
    );
    sandbox.write("code/two/build.rs", "fn main() { base::it() }\n");
    sandbox.write("code/two/src/main.rs", "fn main() { two::it() }\n");
    sandbox.write("code/two/tests/it.rs", "#[test] fn it() { two::it() }\n");
    sandbox.write(
        "code/Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"base\", \"one\", \"two\"]\n",
    );
    sandbox.commit_all("code");
    sandbox
}

fn du(path: &Path) -> u64 {
    let output = Command::new("du")
        .args(["-s", "--block-size=1"])
        .arg(path)
        .output();
    let text = String::from_utf8(output.expect("du").stdout).expect("text");
    text.split('\t')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}

/// The sum of a table's column.
fn sum(rows: &Value, column: &str) -> u64 {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row[column].as_u64().expect("bytes")).sum()
}

fn names(rows: &Value) -> Vec<&str> {
    let rows = rows.as_array().expect("rows").iter();
    rows.filter_map(|row| row["name"].as_str()).collect()
}

/// The differences of a package's variants, each as the word for it, sorted.
fn differences(audit: &Value, package: &str) -> Vec<String> {
    let packages = audit["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|one| one["name"] == package)
        .expect("the package");
    let variants = package["variants"].as_array().expect("variants").iter();
    let differs = variants.flat_map(|variant| variant["differs"].as_array().expect("differences"));
    let mut words: Vec<String> = differs
        .map(|difference| difference["in"].as_str().expect("a word").to_owned())
        .collect();
    words.sort();
    words
}

#[test]
fn totals_and_tables_are_what_du_says() {
    let sandbox = workspace();
    for args in [
        &["build"][..],
        &["test", "--no-run"],
        &["check"],
        &["build", "--release"],
        &["doc"],
    ] {
        sandbox.cargo("code", &[args, &["--workspace", "--offline"]].concat());
    }
    sandbox.write("code/target/mine/notes.txt", "x");
    let target = sandbox.path("code/target");
    let audit = sandbox.json("code", &["audit"]);
    let whole = du(&target);
    assert_eq!(audit["total"]["on_disk"].as_u64(), Some(whole));
    assert_eq!(
        audit["total"]["freeable"].as_u64(),
        Some(whole),
        "nobody else has links"
    );
    assert_eq!(audit["folders"][0]["on_disk"].as_u64(), Some(whole));
    for table in ["kinds", "profiles", "triples"] {
        assert_eq!(
            sum(&audit[table], "on_disk"),
            whole,
            "{table}: {}",
            audit[table]
        );
    }
    let kinds = audit["kinds"].as_array().expect("kinds").iter();
    let incremental = kinds.filter(|row| row["name"] == "incremental");
    let incremental: u64 = incremental.filter_map(|row| row["on_disk"].as_u64()).sum();
    assert_eq!(sum(&audit["incremental"], "on_disk"), incremental);
    let crates = names(&audit["incremental"]);
    assert!(
        crates.contains(&"base") && crates.contains(&"two"),
        "{crates:?}"
    );
    let release = audit["profiles"].as_array().expect("profiles").iter();
    let mut release = release.filter(|row| row["name"] == "release");
    let release = release.next().expect("the profile")["on_disk"].as_u64();
    assert_eq!(release, Some(du(&target.join("release"))));
    assert!(
        sandbox
            .run("code", &["audit"])
            .code(0)
            .said()
            .contains("profile release")
    );
}

#[test]
fn the_page_is_one_document_with_all_that_was_found() {
    let sandbox = workspace();
    sandbox.cargo("code", &["build", "--workspace", "--offline"]);
    let audit = sandbox.json("code", &["audit"]);
    let page = sandbox.run("code", &["audit", "--format", "html"]).code(0);
    let page = page.stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    let loads = ["src=", "href=\"http", "@import", "url(http", "fetch("];
    assert!(loads.iter().all(|load| !page.contains(load)));
    let (_, data) = page.split_once("type=\"application/json\"").expect("data");
    let (_, data) = data.split_once('>').expect("data");
    let (data, _) = data.split_once("</script>").expect("data");
    let data: Value = serde_json::from_str(data).expect("JSON");
    for table in ["total", "kinds", "incremental", "profiles", "triples"] {
        assert_eq!(data[table], audit[table], "{table}");
    }
    assert_eq!(names(&data["packages"]), names(&audit["packages"]));
    let kinds = names(&audit["kinds"]);
    let packages = data["packages"].as_array().expect("packages").iter();
    for variant in packages.flat_map(|package| package["variants"].as_array().expect("variants")) {
        let within = variant["counted_in"].as_str().expect("a kind");
        assert!(kinds.contains(&within), "{within}: {kinds:?}");
    }
}

/// The allocated space of the folders themselves.
fn blocks_of_folders(root: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let all = walkdir::WalkDir::new(root).into_iter().flatten();
    let folders = all.filter(|entry| entry.file_type().is_dir());
    folders
        .map(|entry| entry.metadata().expect("a folder").blocks() * 512)
        .sum()
}

#[test]
fn worktrees_that_share_files_count_them_once() {
    let sandbox = workspace();
    sandbox.cargo("code", &["build", "--workspace", "--offline"]);
    sandbox.worktree("code", "beside");
    let (one, two) = (sandbox.path("code/target"), sandbox.path("beside/target"));
    std::fs::create_dir(&two).expect("a folder");
    let status = Command::new("cp")
        .arg("-al")
        .arg(one.join("."))
        .arg(&two)
        .status();
    assert!(status.expect("cp").success());
    let both = Command::new("du")
        .args(["-c", "-s", "--block-size=1"])
        .args([&one, &two])
        .output();
    let both = String::from_utf8(both.expect("du").stdout).expect("text");
    let both = both
        .lines()
        .last()
        .and_then(|line| line.split('\t').next()?.parse().ok());
    let audit = sandbox.json(".", &["audit"]);
    assert_eq!(audit["folders"].as_array().map(Vec::len), Some(2));
    assert_eq!(audit["total"]["on_disk"].as_u64(), both);
    assert_eq!(audit["total"]["freeable"].as_u64(), both);
    // All but the folders themselves, which take no space on some filesystems.
    let shared = audit["folders"][0]["shared"].as_u64();
    assert_eq!(
        shared.map(|shared| shared + blocks_of_folders(&one)),
        Some(du(&one))
    );
    assert_eq!(audit["folders"][0]["on_disk"].as_u64(), Some(du(&one)));
}

#[test]
fn variants_are_told_apart_by_what_made_them() {
    let mut sandbox = workspace();
    // On its own, for the host and for `one`: nothing but features.
    sandbox.cargo("code", &["build", "-p", "one", "--offline"]);
    sandbox.cargo("code", &["build", "-p", "base", "--offline"]);
    let audit = sandbox.json("code", &["audit"]);
    assert_eq!(differences(&audit, "base"), ["features"]);
    assert_eq!(differences(&audit, "one"), [""; 0]);
    let base = audit["packages"].as_array().expect("packages").iter();
    let base = base.filter(|one| one["name"] == "base").collect::<Vec<_>>()[0];
    let smaller = base["variants"][1]["on_disk"].as_u64();
    assert_eq!(base["one_less"].as_u64(), smaller, "the smaller one of two");
    let asked = base["asked_by"].as_array().expect("askers").iter();
    let asked: Vec<(&str, &str)> = asked
        .map(|asked| {
            (
                asked["package"].as_str().unwrap_or(""),
                asked["feature"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert!(asked.contains(&("one", "small")), "{asked:?}");

    sandbox.cargo("code", &["build", "-p", "base", "--offline", "--release"]);
    let audit = sandbox.json("code", &["audit"]);
    assert_eq!(differences(&audit, "base"), ["features", "profile"]);

    sandbox.cargo("code", &["check", "-p", "one", "--offline"]);
    assert_eq!(
        differences(&sandbox.json("code", &["audit"]), "one"),
        ["checked"]
    );

    let said = sandbox.command("rustc", "code", &["-vV"]).stdout;
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a triple");
    sandbox.cargo(
        "code",
        &["build", "-p", "one", "--offline", "--target", host],
    );
    let audit = sandbox.json("code", &["audit"]);
    assert!(
        differences(&audit, "one").contains(&"triple".to_owned()),
        "{audit:#}"
    );

    sandbox.env("RUSTFLAGS", "--cfg=mine");
    sandbox.cargo(
        "code",
        &["build", "-p", "one", "--offline", "--target", host],
    );
    let audit = sandbox.json("code", &["audit"]);
    assert!(
        differences(&audit, "one").contains(&"rustflags".to_owned()),
        "{audit:#}"
    );

    if let Some([toolchain, _]) = new_layout(&sandbox) {
        sandbox.env("RUSTFLAGS", "");
        sandbox.cargo("code", &[toolchain, "build", "-p", "two", "--offline"]);
        sandbox.cargo("code", &["build", "-p", "two", "--offline"]);
        let audit = sandbox.json("code", &["audit"]);
        assert!(
            differences(&audit, "two").contains(&"compiler".to_owned()),
            "{audit:#}"
        );
    }
}

#[test]
fn what_nothing_uses_is_found_with_the_command_that_deletes_it() {
    let sandbox = workspace();
    // Less than a hundredth of all would be no advice.
    let large = "pub fn it() {}\npub static LARGE: [u8; 4_000_000] = [1; 4_000_000];\n";
    sandbox.write("code/one/src/lib.rs", large);
    sandbox.cargo("code", &["build", "--workspace", "--offline"]);
    let clean = sandbox.json("code", &["audit"]);
    assert_eq!(clean["unused"], serde_json::json!([]));
    sandbox.git("code", &["mv", "one", "uno"]);
    let renamed = sandbox
        .read("code/uno/Cargo.toml")
        .replace("\"one\"", "\"uno\"");
    sandbox.write("code/uno/Cargo.toml", &renamed);
    let members = sandbox
        .read("code/Cargo.toml")
        .replace("\"one\"", "\"uno\"");
    sandbox.write("code/Cargo.toml", &members);
    sandbox.cargo("code", &["build", "--workspace", "--offline"]);
    let audit = sandbox.json("code", &["audit"]);
    let reasons: Vec<&str> = audit["unused"]
        .as_array()
        .expect("reasons")
        .iter()
        .filter_map(|unused| unused["why"]["reason"].as_str())
        .collect();
    assert!(
        reasons.contains(&"unreferenced") && reasons.contains(&"crate_gone"),
        "{reasons:?}"
    );
    let findings = audit["findings"].as_array().expect("findings");
    let finding = findings
        .iter()
        .find(|finding| finding["kind"] == "unused")
        .expect("it");
    assert_eq!(finding["change"], "cargo sharedtarget gc");
    let before = du(&sandbox.path("code/target"));
    sandbox.run("code", &["gc", "--yes"]).code(0);
    let freed = before - du(&sandbox.path("code/target"));
    assert_eq!(
        finding["saves"].as_u64(),
        Some(freed),
        "as much as was promised"
    );
}

#[test]
fn checks_and_budgets_are_exit_codes() {
    let sandbox = workspace();
    sandbox.cargo("code", &["build", "--offline", "-p", "one"]);
    sandbox.run("code", &["audit"]).code(0);
    sandbox.run("code", &["audit", "--max-size", "1TB"]).code(0);
    sandbox
        .run("code", &["audit", "--max-size", "1KB"])
        .code(1)
        .says("the limit is 1000 B");
    let target = sandbox.path("code/target").display().to_string();
    sandbox
        .run(".", &["audit", &target, "--top", "2"])
        .code(0)
        .says("1 target folder");
    sandbox.run(".", &["audit", "--format", "csv"]).code(2);
    std::fs::create_dir(sandbox.path("empty")).expect("a folder");
    sandbox.run("empty", &["audit"]).code(0).says(
        "nothing to audit: no Cargo workspace and no target folder in the current folder or below",
    );
}

/// A folder that any user may have written to: nothing outside it is looked at, and nothing of it is guessed.
#[test]
fn strange_folders_do_no_harm() {
    let sandbox = workspace();
    sandbox.cargo("code", &["build", "--offline", "-p", "one"]);
    let target = sandbox.path("code/target");
    let debug = target.join("debug");
    for (at, (_, folder)) in profile::fingerprints(&debug).iter().enumerate() {
        for file in std::fs::read_dir(folder).expect("a folder").flatten() {
            let junk = [&b"{"[..], b"\xff\xfe", b"[]", b""][at % 4];
            std::fs::write(file.path(), junk).expect("written");
        }
    }
    #[cfg(unix)]
    {
        let library = profile::artifact(&debug, "libone-", ".rlib");
        std::os::unix::fs::symlink("/", library.with_file_name("root")).expect("a link");
    }
    let audit = sandbox.json("code", &["audit"]);
    assert_eq!(audit["total"]["on_disk"].as_u64(), Some(du(&target)));
    let kinds = audit["kinds"].as_array().expect("kinds").iter();
    let unknown = kinds.filter(|kind| kind["name"] == "unknown" || kind["name"] == "unfinished");
    assert!(
        unknown
            .map(|kind| kind["on_disk"].as_u64().expect("bytes"))
            .sum::<u64>()
            > 0
    );
}

/// An advice that the manifest follows already is none, and one that is not followed names the manifest of the main worktree.
#[test]
fn advice_that_is_followed_is_gone() {
    let sandbox = Sandbox::new();
    let manifest = |more: &str| {
        let package = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        sandbox.write("main/Cargo.toml", &format!("{package}{more}"));
    };
    manifest("");
    sandbox.write("main/src/main.rs", "fn main() {}\n");
    sandbox.write("main/.gitignore", "target\n");
    sandbox.commit_all("main");
    sandbox.worktree("main", "beside");
    for folder in ["beside", "main"] {
        sandbox.cargo(folder, &["build", "--offline"]);
    }
    let advice = || {
        let audit = sandbox.json("beside", &["audit"]);
        let findings = audit["findings"].as_array().expect("findings").clone();
        let of = |one: &&Value| one["kind"] == "own_debug_info";
        findings.iter().find(of).cloned()
    };
    let told = advice().expect("the program is mostly debug information");
    let main = sandbox.path("main/Cargo.toml").display().to_string();
    assert_eq!(told["file"], serde_json::json!(main), "{told}");
    manifest("[profile.dev]\ndebug = \"line-tables-only\"\n");
    assert_eq!(advice(), None);
    manifest("");
    sandbox.write("main/.cargo/config.toml", "[profile.dev]\ndebug = false\n");
    assert_eq!(advice(), None);
}

/// A compiler of another version comes with a Cargo that hashes the same settings in another way.
#[test]
fn settings_of_other_versions_are_not_compared() {
    let mut sandbox = workspace();
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    let version = |toolchain: &[&str]| {
        let args = [toolchain, &["-vV"]].concat();
        let output = sandbox.prepared("cargo", "code", &args).output();
        output.ok().filter(|output| output.status.success())
    };
    let own = version(&[]).expect("cargo").stdout;
    let others = ["+1.89.0", "+1.95.0", "+1.99.0", "+beta", "+nightly"];
    let is_other = |one: &&str| version(&[one]).is_some_and(|output| output.stdout != own);
    for toolchain in others.iter().filter(|one| is_other(one)) {
        drop(std::fs::remove_dir_all(sandbox.path("code/target")));
        sandbox.cargo("code", &["build", "--offline", "-p", "one"]);
        sandbox.cargo("code", &[toolchain, "build", "--offline", "-p", "one"]);
        let audit = sandbox.json("code", &["audit"]);
        let found = differences(&audit, "one");
        assert_eq!(found, ["compiler"], "{toolchain}: {audit:#}");
    }
}

/// Workspaces inside others build into one folder where a configuration says so, without any danger: that is for worktrees
/// alone, and `doctor` says the same.
#[test]
fn only_worktrees_in_one_folder_are_a_danger() {
    let sandbox = workspace();
    sandbox.write(
        "code/fixture/Cargo.toml",
        "[package]\nname = \"fixture\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
    );
    sandbox.write("code/fixture/src/lib.rs", "");
    let config = |shared: &str| {
        sandbox.write(
            "code/.cargo/config.toml",
            &format!("[build]\ntarget-dir = \"{shared}\"\n"),
        );
    };
    config("target");
    sandbox.cargo("code", &["build", "--offline"]);
    sandbox.cargo("code/fixture", &["build", "--offline"]);
    let flat = || {
        let audit = sandbox.json("code", &["audit"]);
        let findings = audit["findings"].as_array().expect("findings").clone();
        let doctor = sandbox.run("code", &["doctor", "--format", "json"]).said();
        let in_audit = findings.iter().any(|one| one["kind"] == "flat_sharing");
        (in_audit, doctor.contains("shared_by_worktrees"))
    };
    assert_eq!(flat(), (false, false));
    sandbox.worktree("code", "beside");
    config(&sandbox.path("code/target").display().to_string());
    sandbox.write(
        "beside/.cargo/config.toml",
        &sandbox.read("code/.cargo/config.toml"),
    );
    assert_eq!(flat(), (true, true));
}
