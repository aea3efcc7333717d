//! Settings that decide where the store is, which providers fill it, and how much it may hold.

use super::*;

/// Settings that are written before there is a shared root: it is made beside them, and they hold.
#[test]
fn written_first() {
    let mut sandbox = start();
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", "");
    sandbox.write(
        "pika/.shared-target/sharedtarget.toml",
        "[store]\nfolder = '../mine'\nmax-age = '30d'\n",
    );
    // A branch can bring a file there, so that it names no place.
    harvest(&sandbox, "pika").code(0).says("are ignored here");
    assert!(!sandbox.exists("pika/mine"));
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert!(sandbox.exists("pika/.shared-target/.sharedtarget"));
    assert!(!sandbox.exists("pika/.shared-target-2"));
}

/// The user's own settings hold for all shared roots, and what a shared root says goes before them.
#[test]
fn of_the_user() {
    let mut sandbox = start();
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", "");
    let own = sandbox.outside("home/.config/cargo-sharedtarget/sharedtarget.toml");
    fs::create_dir_all(own.parent().expect("a folder")).expect("a folder");
    let folder = sandbox.outside("users").display().to_string();
    fs::write(&own, format!("[store]\nfolder = '{folder}'\n")).expect("settings");
    harvest(&sandbox, "pika").code(0);
    assert!(sandbox.outside("users/objects").is_dir());
    let root = sandbox.outside("root").display().to_string();
    let setup = ["setup", "--yes", "--shared-root", &root];
    sandbox.run("pika", &setup).code(0);
    fs::write(
        sandbox.outside("root/sharedtarget.toml"),
        "[store]\nfolder = '../mine'\n",
    )
    .expect("settings");
    sandbox.cargo("pika", &["build", "--offline"]);
    harvest(&sandbox, "pika").code(0);
    assert!(sandbox.outside("mine/objects").is_dir());
    // All else is decided for each shared root.
    fs::write(&own, "max-size = '1GB'\n").expect("settings");
    sandbox
        .run("pika", &["store", "harvest", "-n"])
        .says("expected only `[store]`");
}

/// `onboard` has the donor's units harvested in the background, and does not wait for that.
#[test]
fn in_the_background() {
    let sandbox = start();
    settings(&sandbox, "harvest = true");
    sandbox.worktree("pika", "beside");
    sandbox.run("beside", &["onboard", "-n"]).code(0);
    assert_eq!(stored(&sandbox).len(), 0);
    sandbox.run("beside", &["onboard", "--yes"]).code(0);
    let begun = std::time::Instant::now();
    while stored(&sandbox).len() < UNITS {
        assert!(begun.elapsed().as_secs() < 60, "nothing is harvested");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The content of the store is shown, and deleted by rules; deleted units are built again.
#[test]
fn bounds() {
    let sandbox = start();
    sandbox
        .run("pika", &["store", "status"])
        .code(0)
        .says("is empty");
    harvest(&sandbox, "pika").code(0);
    let status = sandbox.run("pika", &["store", "status", "--format", "json"]);
    let status = status.code(0).json();
    assert_eq!(status["units"], UNITS);
    assert_eq!(status["built_with"][0]["packages"], 4);
    assert!(
        status["built_with"][0]["rustc"]
            .as_str()
            .is_some_and(|said| said.contains("rustc"))
    );
    sandbox
        .run("pika", &["store", "status"])
        .code(0)
        .says("6 units");
    let clean = |args: &[&str]| {
        let all = [&["store", "clean"], args].concat();
        sandbox.run("pika", &all)
    };
    clean(&["--older-than", "1d", "--yes"])
        .code(0)
        .says("nothing to do");
    clean(&["--max-size", "1GB", "--yes"])
        .code(0)
        .says("nothing to do");
    clean(&["-n"]).code(0).says("Delete 6 units");
    clean(&[]).code(3);
    assert_eq!(stored(&sandbox).len(), UNITS);
    let size = status["on_disk"].as_u64().expect("a size");
    let less = format!("{}B", size - 1);
    clean(&["--max-size", &less, "--yes"]).code(0);
    let left = stored(&sandbox).len();
    assert!(left < UNITS, "{left} are left");
    fresh(&sandbox, "fresh");
    assert_eq!(build(&sandbox, "fresh").1, OUTPUT);
    sandbox.run("fresh", &["store", "clean", "--yes"]).code(0);
    assert_eq!(stored(&sandbox).len(), 0);
    let objects = walkdir::WalkDir::new(sandbox.outside("store/objects")).into_iter();
    let files = objects.filter(|entry| {
        entry
            .as_ref()
            .is_ok_and(|entry| entry.file_type().is_file())
    });
    assert_eq!(files.count(), 0);
    // A harvest keeps within what the settings allow.
    fs::create_dir_all(sandbox.path("fresh/.shared-target")).expect("a folder");
    sandbox.write(
        "fresh/.shared-target/sharedtarget.toml",
        "[store]\nmax-size = '1B'\n",
    );
    harvest(&sandbox, "fresh").code(0);
    assert_eq!(
        stored(&sandbox).len(),
        UNITS,
        "what is new is not what goes"
    );
}

/// Only what is the store's own goes, and nothing that links lead to.
#[test]
fn what_is_not_ours_stays() {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    let foreign = sandbox.outside("foreign");
    fs::create_dir_all(foreign.join("a/b")).expect("folders");
    fs::write(foreign.join("a/b/thesis.txt"), "mine").expect("a file");
    fs::write(foreign.join("a/thesis.txt"), "mine").expect("a file");
    let store = sandbox.outside("store");
    std::os::unix::fs::symlink(&foreign, store.join("units/link")).expect("a link");
    std::os::unix::fs::symlink(&foreign, store.join("objects/aa-link")).expect("a link");
    for path in [
        "objects/mine/readme",
        "units/mine/x/notes.txt",
        "units/mine/x/y/z",
        "config",
    ] {
        let path = store.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, "mine").expect("a file");
    }
    sandbox.run("pika", &["store", "clean", "--yes"]).code(0);
    assert_eq!(stored(&sandbox).len(), 0);
    for path in [
        "foreign/a/b/thesis.txt",
        "foreign/a/thesis.txt",
        "store/objects/mine/readme",
        "store/units/mine/x/notes.txt",
        "store/units/mine/x/y/z",
        "store/config",
    ] {
        assert!(sandbox.outside(path).is_file(), "{path}");
    }
}

/// A deletion for space leaves the units that are put there at the same time.
#[test]
fn what_comes_while_others_go() {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(100 * 24 * 3600);
    for (path, _) in stored(&sandbox) {
        let file = fs::File::options().write(true).open(path).expect("open");
        file.set_modified(old).expect("older");
    }
    // Another profile: other units, and some contents that all units have.
    sandbox.cargo("pika", &["build", "--release"]);
    harvest(&sandbox, "pika").code(0);
    let kept = stored(&sandbox);
    assert!(!kept.is_empty());
    for (path, unit) in kept {
        for file in &unit.files {
            assert!(
                object(&sandbox, &file.hash).is_file(),
                "{}: {}",
                path.display(),
                file.path
            );
        }
    }
}

/// Settings that came with a clone run nothing.
#[test]
fn settings_of_others() {
    let sandbox = start();
    let touched = sandbox.outside("touched");
    let settings = format!(
        "[store]\nbefore = ['touch', '{0}']\nafter = ['touch', '{0}']\n",
        touched.display()
    );
    sandbox.write("pika/.shared-target/sharedtarget.toml", &settings);
    sandbox.git("pika", &["add", "-f", ".shared-target/sharedtarget.toml"]);
    sandbox.git("pika", &["commit", "-q", "-m", "settings"]);
    sandbox
        .run("pika", &["store", "harvest", "--yes"])
        .code(0)
        .says("are ignored here");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    sandbox.run("pika", &["warm", "-n"]).code(0);
    sandbox.run("pika", &["onboard", "--yes"]).code(0);
    assert!(!touched.exists());
}
