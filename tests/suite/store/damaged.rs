//! Files of the store that have changed since they were put there.

use super::*;

/// A store whose objects share no storage with a target folder, so that only they are damaged.
fn harvested() -> Sandbox {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    let copy = sandbox.outside("copy");
    copy_all(&sandbox.outside("store"), &copy);
    fs::remove_dir_all(sandbox.outside("store")).expect("removed");
    fs::rename(copy, sandbox.outside("store")).expect("moved");
    sandbox
}

/// The library of a package in the store.
fn library(sandbox: &Sandbox, package: &str) -> PathBuf {
    let units = stored(sandbox);
    let mut files = units
        .iter()
        .filter(|(_, unit)| unit.package.name == package)
        .flat_map(|(_, unit)| &unit.files);
    let file = files.find(|file| file.path.ends_with(".rlib"));
    object(sandbox, &file.expect("a library").hash)
}

/// Writes other bytes in place, the same number of them.
fn flip(path: &Path) {
    let mut content = fs::read(path).expect("a file");
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).expect("written");
}

/// A damaged unit is compiled again with its dependents, and nothing else is. The next harvest repairs the store.
#[test]
fn damaged_objects() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 3] = [
        ("truncated", |path| {
            let file = fs::File::options().write(true).open(path);
            file.and_then(|file| file.set_len(100)).expect("truncated");
        }),
        ("flipped", flip),
        ("gone", |path| fs::remove_file(path).expect("removed")),
    ];
    for (how, damage) in damages {
        let sandbox = harvested();
        let leaf = library(&sandbox, "leaf");
        damage(&leaf);
        sandbox.git("", &["clone", "-q", "../origin", "first"]);
        // Another worktree of the same packages is no donor here, for it is the store that is asked.
        let pika = sandbox.outside("pika");
        fs::rename(sandbox.path("pika"), &pika).expect("moved");
        let run = sandbox.run("first", &["warm", "--yes"]).code(0);
        let run = run.says("the store has unusable units of leaf 1.0.0");
        run.says(&format!("with {} units", UNITS - 2));
        assert_builds(&sandbox, "first", &["app", "leaf", "top"]);
        fs::remove_dir_all(sandbox.path("first")).expect("removed");
        fs::rename(&pika, sandbox.path("pika")).expect("moved");
        harvest(&sandbox, "pika").code(0).says("kept 1 unit");
        assert_eq!(blake3_of(&leaf), name_of(&leaf), "{how}");
        fresh(&sandbox, "second");
        assert_eq!(warm(&sandbox, "second"), UNITS, "{how}");
        assert_builds(&sandbox, "second", &["app"]);
    }
}

fn blake3_of(path: &Path) -> String {
    let content = fs::read(path).expect("a file");
    blake3::hash(&content).to_hex().to_string()
}

/// The hash that an object is called by.
fn name_of(object: &Path) -> String {
    let words = object
        .iter()
        .rev()
        .take(2)
        .map(|word| word.to_str().expect("text"));
    let words: Vec<&str> = words.collect();
    format!("{}{}", words[1], words[0])
}

/// Cargo does not see that a file in a target folder was damaged, but it goes no further.
#[test]
fn damaged_where_it_was_built() {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    let units = stored(&sandbox);
    let leaf = units
        .iter()
        .find(|(_, unit)| unit.package.name == "leaf")
        .map(|(_, unit)| &unit.files)
        .expect("leaf");
    let file = leaf.iter().find(|file| file.path.ends_with(".rlib"));
    // The file that shares its storage is damaged as well.
    flip(&sandbox.path(&format!("pika/target/{}", file.expect("a library").path)));
    let run = sandbox.run("pika", &["store", "harvest", "-n", "--verbose"]);
    run.code(0).says("its mtime was set later");
    harvest(&sandbox, "pika");
    assert_eq!(stored(&sandbox).len(), UNITS, "nothing new");
    fresh(&sandbox, "fresh");
    assert_eq!(warm(&sandbox, "fresh"), UNITS - 2);
    assert_builds(&sandbox, "fresh", &["app", "leaf", "top"]);
    harvest(&sandbox, "fresh").code(0);
    fresh(&sandbox, "again");
    assert_eq!(warm(&sandbox, "again"), UNITS);
    assert_builds(&sandbox, "again", &["app"]);
}

/// Of what is copied the content is looked at each time, whatever its time says; so it is of what is small.
#[test]
fn damage_that_leaves_no_trace() {
    let sandbox = harvested();
    let units = stored(&sandbox);
    let (_, run) = units
        .iter()
        .find(|(_, unit)| unit.target.starts_with("run-build-script"))
        .expect("the run of a script");
    let made = run.files.iter().find(|file| file.path.ends_with("made.rs"));
    let made = object(&sandbox, &made.expect("what it made").hash);
    let modified = fs::metadata(&made).and_then(|metadata| metadata.modified());
    flip(&made);
    let file = fs::File::options().write(true).open(&made).expect("a file");
    file.set_modified(modified.expect("a time"))
        .expect("a time");
    fresh(&sandbox, "fresh");
    let run = sandbox.run("fresh", &["warm", "--yes"]).code(0);
    run.says("the store has unusable units of made 1.0.0");
    assert_builds(&sandbox, "fresh", &["app", "made", "top"]);
}

/// A description that cannot be understood, or that was changed, is as good as none.
#[test]
fn damaged_descriptions() {
    let sandbox = harvested();
    for (path, unit) in stored(&sandbox) {
        match unit.package.name.as_str() {
            "leaf" => fs::write(&path, "{").expect("written"),
            "macs" => {
                let text = fs::read_to_string(&path).expect("text");
                let text = text.replace(&unit.hash, "0123456789abcdef");
                fs::write(&path, text).expect("written");
            }
            _ => {}
        }
    }
    fs::write(sandbox.outside("store/hashes.json"), "rubbish").expect("written");
    for entry in fs::read_dir(sandbox.outside("store/sets")).expect("sets") {
        fs::write(entry.expect("a set").path(), "rubbish").expect("written");
    }
    fresh(&sandbox, "fresh");
    assert_eq!(warm(&sandbox, "fresh"), 3);
    assert_builds(&sandbox, "fresh", &["app", "leaf", "macs", "top"]);
    harvest(&sandbox, "fresh").code(0).says("kept 3 units");
    fresh(&sandbox, "again");
    assert_eq!(warm(&sandbox, "again"), UNITS);
    assert_builds(&sandbox, "again", &["app"]);
}
