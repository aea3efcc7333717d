//! Failures in the middle: servers and runs that end, and objects that are not what they should be.

use std::fs;

use cargo_sharedtarget::remote::{self, Remote};
use serde_json::{Value, json};

use crate::faults::harness::Stopped;
use crate::remote::machines::{MANY, Machine, OUTPUT, OWN, UNITS, folder, moved, nothing, opened};
use crate::remote::servers::{Redis, S3};
use crate::sandbox::Run;

/// The output of the program on the branch `many`.
const MANY_OUTPUT: &str = "leaf, 42, made; part7\n";

/// The number of units on that branch.
const ALL: usize = UNITS + MANY;

/// A run of our program that stops at a point.
fn stopped(machine: &Machine, args: &[&str], point: &str) -> Stopped {
    let all = [args, &["--yes", "--quiet"]].concat();
    Stopped::at(machine.sandbox.program("pika", &all), point)
}

/// Lets a run go on, which does not end well, and says so in one line.
#[track_caller]
fn ends_badly(machine: &Machine, stopped: Stopped, word: &str) {
    let ended = stopped.go_on().code(1);
    let said = ended.said;
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("skipped"))
        .collect();
    assert!(lines.len() == 1 && lines[0].contains(word), "{said}");
    machine.heard(Run {
        code: ended.code,
        stdout: said,
        stderr: String::new(),
    });
}

/// Goes on where another run ended: there is something, and something is missing.
#[track_caller]
fn goes_on(machine: &Machine, args: &[&str]) {
    let document = machine.does("pika", args, 0);
    let (new, present) = moved(&document);
    assert!(present > 0 && new > 0, "{new} {present}");
    assert_eq!(new + present, ALL);
    nothing(&machine.does("pika", args, 0));
}

/// The fate of a server.
#[derive(Clone, Copy)]
enum Fate {
    Ends,
    Returns,
}

/// The server ends in the middle of a push and of a pull, and is there again with all that it had.
fn server_is_killed(
    settings: &str,
    env: &[(&str, String)],
    lists: bool,
    server: &mut dyn FnMut(Fate),
) {
    let a = Machine::new(settings, env).has_built("many");
    a.checkout("many", "pika");
    let push = stopped(&a, &["store", "push"], "pushed");
    server(Fate::Ends);
    ends_badly(&a, push, "units: ");
    server(Fate::Returns);
    push_goes_on(&a, lists);

    let b = Machine::new(settings, env);
    b.checkout("many", "pika");
    let pull = stopped(&b, &["store", "pull"], "pulled");
    server(Fate::Ends);
    ends_badly(&b, pull, "units: ");
    // The units that are there are whole.
    b.sandbox.git("", &["clone", "-q", "pika", "half"]);
    let (all, output) = b.warm("half");
    assert_eq!(output, MANY_OUTPUT);
    let most = OWN.len() + MANY + 4;
    assert!(all.len() > OWN.len() && all.len() < most, "{all:?}");
    server(Fate::Returns);
    goes_on(&b, &["store", "pull"]);
    b.gets_all("pika", MANY_OUTPUT);
}

#[test]
fn the_server_is_killed_with_redis() {
    let Some(mut redis) = Redis::start_lasting() else {
        return;
    };
    let settings = redis.settings();
    server_is_killed(&settings, &Redis::env(), false, &mut |fate| match fate {
        Fate::Ends => redis.stop(),
        Fate::Returns => redis.start_again(),
    });
}

#[test]
fn the_server_is_killed_with_s3() {
    let Some(mut s3) = S3::start().filter(|s3| s3.verifies) else {
        println!("skipped: no S3 server that keeps what it has");
        return;
    };
    let settings = s3.settings();
    server_is_killed(&settings, &S3::env(), true, &mut |fate| match fate {
        Fate::Ends => s3.stop(),
        Fate::Returns => s3.start_again(),
    });
}

/// Goes on with a push. Where objects cannot be listed, all of it is put there again.
#[track_caller]
fn push_goes_on(machine: &Machine, lists: bool) {
    match lists {
        true => goes_on(machine, &["store", "push"]),
        false => assert_eq!(
            moved(&machine.does("pika", &["store", "push"], 0)),
            (ALL, 0)
        ),
    }
    nothing(&machine.does("pika", &["store", "push"], 0));
}

/// The same for a run that is killed.
fn is_killed(settings: &str, env: &[(&str, String)], lists: bool) {
    let a = Machine::new(settings, env).has_built("many");
    a.checkout("many", "pika");
    stopped(&a, &["store", "push"], "pushed").kill();
    // A reader does not learn of units that are half there.
    let b = Machine::new(settings, env);
    b.checkout("many", "pika");
    b.run("pika", &["store", "pull", "--yes"]).code(0);
    b.empty_store_if_there();
    push_goes_on(&a, lists);
    stopped(&b, &["store", "pull"], "pulled").kill();
    goes_on(&b, &["store", "pull"]);
    b.gets_all("pika", MANY_OUTPUT);
}

#[test]
fn a_run_is_killed_with_redis() {
    let Some(redis) = Redis::start() else { return };
    is_killed(&redis.settings(), &Redis::env(), false);
}

#[test]
fn a_run_is_killed_with_s3() {
    let Some(s3) = S3::start() else { return };
    is_killed(&s3.settings(), &S3::env(), true);
}

/// A store with the units of a branch, and access to it to do what we never do.
struct Spoiled {
    /// Where it is.
    settings: String,
    remote: Remote,
    branch: &'static str,
    a: Machine,
}

/// The most that any object has when it is unpacked.
const MOST: u64 = 1 << 30;

impl Spoiled {
    fn new(settings: &str, env: &[(&str, String)], branch: &'static str) -> Self {
        let a = Machine::new(settings, env).has_built(branch);
        a.checkout(branch, "pika");
        a.does("pika", &["store", "push"], 0);
        Self {
            branch,
            settings: settings.to_owned(),
            remote: opened(settings),
            a,
        }
    }

    /// Puts all objects there again, as they were.
    fn save(&self) -> Vec<(String, Vec<u8>)> {
        let keys = self.remote.list("v1/").expect("a list");
        let get = |key: String| {
            let content = self.remote.get(&key).expect("an answer");
            (key, content.expect("an object"))
        };
        keys.into_iter().map(|listed| get(listed.key)).collect()
    }

    fn load(&self, saved: &[(String, Vec<u8>)]) {
        for (key, content) in saved {
            self.remote.put(key, content.clone()).expect("put");
        }
    }

    /// Another machine pulls, warms and builds. Returns the document of the pull, and the packages that were
    /// compiled.
    #[track_caller]
    fn pulled(&self, env: &[(&str, String)]) -> (Value, Vec<String>) {
        let b = Machine::new(&self.settings, env);
        b.checkout(self.branch, "pika");
        let run = b.run("pika", &["store", "pull", "--yes", "--format", "json"]);
        let document = run.json();
        let left = &document["outcome"]["done"][0]["moved"]["left"];
        let none = left.as_array().is_none_or(Vec::is_empty);
        assert_eq!(run.code, Some(if none { 0 } else { 1 }), "{document:#}");
        let (all, output) = b.warm("pika");
        let says = match self.branch {
            "main" => OUTPUT,
            _ => MANY_OUTPUT,
        };
        assert_eq!(output, says);
        // Nothing has left the places that are its own.
        assert!(!b.sandbox.outside("outside").exists());
        (document, all)
    }
}

/// The units that are left, by a document.
fn left(document: &Value) -> Vec<String> {
    let left = document["outcome"]["done"][0]["moved"]["left"].as_array();
    let left = left
        .into_iter()
        .flatten()
        .map(|line| line.as_str().expect("text").to_owned());
    left.collect()
}

fn unpacked(packed: &[u8]) -> Vec<u8> {
    remote::decompress(packed, MOST).expect("unpacked")
}

fn packed(content: &[u8]) -> Vec<u8> {
    remote::compress(content).expect("packed")
}

fn described(packed: &[u8]) -> Value {
    serde_json::from_slice(&unpacked(packed)).expect("JSON")
}

/// The name of a unit's pack, which is the hash of its hashes.
fn pack_of(unit: &Value) -> String {
    let unit = serde_json::from_value(unit.clone()).expect("a unit");
    cargo_sharedtarget::store::pack::pack_name(&unit)
}

/// The packages that are compiled besides those that always are.
fn besides(all: Vec<String>) -> Vec<String> {
    let mut all = all;
    all.retain(|name| !OWN.contains(&name.as_str()));
    all
}

#[test]
fn packs_that_are_damaged() {
    let dir = tempfile::tempdir().expect("a folder");
    let spoiled = Spoiled::new(&folder(dir.path()), &[], "many");
    let saved = spoiled.save();
    let set = saved
        .iter()
        .find(|(key, _)| key.starts_with("v1/sets/"))
        .expect("a set");
    let units = described(&set.1);
    let units = units["units"].as_array().expect("units");
    let flipped = |content: &[u8]| {
        let mut wrong = content.to_vec();
        wrong[content.len() / 2] ^= 1;
        wrong
    };
    // Each to the pack of another package.
    type Damage<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    let damages: [Damage<'_>; 8] = [
        &|good| packed(&flipped(&unpacked(good))),
        &flipped,
        &|good| good[..good.len() / 2].to_vec(),
        &|good| packed(&unpacked(good)[1..]),
        &|good| packed(&[&unpacked(good)[..], b"more"].concat()),
        &|_| packed(&vec![0; 64 << 20]),
        &|_| b"not at all".to_vec(),
        &|_| Vec::new(),
    ];
    let mut names = Vec::new();
    for (number, damage) in damages.into_iter().enumerate() {
        let name = format!("many{number}");
        let unit = units.iter().find(|unit| unit["package"]["name"] == name);
        let pack = pack_of(unit.expect("a unit"));
        let good = spoiled.remote.get(&pack).expect("an answer");
        let wrong = damage(&good.expect("a pack"));
        spoiled.remote.put(&pack, wrong).expect("put");
        names.push(name);
    }
    let gone = units.iter().find(|unit| unit["package"]["name"] == "leaf");
    let gone = pack_of(gone.expect("a unit"));
    spoiled.remote.delete(&gone).expect("deleted");

    let (document, all) = spoiled.pulled(&[]);
    let left = left(&document);
    assert_eq!(left.len(), names.len() + 1, "{left:#?}");
    for name in &names {
        let of = |line: &&String| line.starts_with(&format!("{name} 1.0.0: "));
        assert_eq!(left.iter().filter(of).count(), 1, "{left:#?}");
    }
    assert!(left.contains(&"leaf 1.0.0: its pack is gone".to_owned()));
    assert!(left.iter().all(|line| !line.contains('\n')), "{left:#?}");
    let mut expected = names;
    expected.extend(["leaf", "top"].map(str::to_owned));
    expected.sort();
    assert_eq!(besides(all), expected);

    // A machine that has the missing object puts it there again.
    nothing(&spoiled.a.does("pika", &["store", "push"], 0));
    let (new, present) = moved(&spoiled.a.does("pika", &["store", "push", "--all"], 0));
    assert_eq!((new, present), (1, ALL - 1));
    spoiled.load(&saved);
    assert_eq!(spoiled.pulled(&[]).1, OWN);
}

/// A way to forge the description of a unit.
type Forgery<'a> = (&'a str, &'a dyn Fn(&mut Value));

#[test]
fn descriptions_that_are_forged() {
    let dir = tempfile::tempdir().expect("a folder");
    let spoiled = Spoiled::new(&folder(dir.path()), &[], "many");
    let saved = spoiled.save();
    let outside = "debug/../../../../outside";
    // The first ones have a key that does not fit, the others one that does.
    let forgeries: [Forgery<'_>; 11] = [
        ("a path outside", &|unit| {
            unit["files"][0]["path"] = json!(outside);
        }),
        ("the key of another", &|unit| {
            unit["key"] = json!("0".repeat(64));
        }),
        ("another content", &|unit| {
            let files = unit["files"].as_array_mut().expect("files");
            let library = |file: &&mut Value| {
                let path = file["path"].as_str().expect("a path");
                path.ends_with(".rlib")
            };
            let file = files.iter_mut().find(library).expect("a library");
            file["hash"] = json!("0".repeat(64));
        }),
        ("a path outside", &|unit| {
            unit["files"][0]["path"] = json!(outside);
        }),
        ("an absolute path", &|unit| {
            unit["files"][0]["path"] = json!("/tmp/outside");
        }),
        ("a folder outside", &|unit| {
            unit["folders"] = json!([outside]);
        }),
        ("a link outside", &|unit| {
            let hash = unit["hash"].as_str().expect("a hash");
            let path = format!("debug/deps/libother-{hash}.rlib");
            unit["links"] = json!([{"path": path, "to": "../../../outside"}]);
        }),
        ("files of another", &|unit| {
            unit["hash"] = json!("0123456789abcdef");
        }),
        ("a hash that leads away", &|unit| {
            unit["files"][0]["hash"] = json!("../../../outside");
        }),
        ("a profile outside", &|unit| {
            unit["profile"] = json!("../debug");
        }),
        ("another environment", &|unit| {
            unit["circumstances"] = json!("0".repeat(64));
        }),
    ];
    for (key, content) in &saved {
        if key.starts_with("v1/packs/") {
            continue;
        }
        let mut document = described(content);
        for unit in document["units"].as_array_mut().expect("units") {
            let name = unit["package"]["name"].as_str().expect("a name");
            let number = name.strip_prefix("many").and_then(|n| n.parse().ok());
            let Some(number) = number.filter(|number: &usize| *number < forgeries.len()) else {
                continue;
            };
            forgeries[number].1(unit);
            if number > 2 {
                let read = serde_json::from_value(unit.clone()).expect("a unit");
                unit["key"] = json!(cargo_sharedtarget::store::unit_key(&read));
            }
        }
        let forged = serde_json::to_vec(&document).expect("JSON");
        spoiled.remote.put(key, packed(&forged)).expect("put");
    }
    let (document, all) = spoiled.pulled(&[]);
    let fetched = document["plan"]["actions"][0]["units"].as_array();
    let fetched = fetched.expect("units").iter();
    let fetched: Vec<&str> = fetched
        .map(|unit| unit["package"]["name"].as_str().expect("a name"))
        .collect();
    let compiled = besides(all);
    for (number, (what, _)) in forgeries.iter().enumerate() {
        let name = format!("many{number}");
        assert!(!fetched.contains(&name.as_str()), "{what}");
        assert!(compiled.contains(&name), "{what}");
    }
    assert_eq!(compiled.len(), forgeries.len(), "{compiled:?}");
    // Where an honest list names the same, it is found.
    spoiled.load(&saved);
    assert_eq!(spoiled.pulled(&[]).1, OWN);
}

#[test]
fn descriptions_that_nobody_understands() {
    let dir = tempfile::tempdir().expect("a folder");
    let spoiled = Spoiled::new(&folder(dir.path()), &[], "main");
    let saved = spoiled.save();
    let version = packed(br#"{"version":2,"units":[]}"#);
    // As a set: then its units are found by their packages.
    for wrong in [version.clone(), b"rubbish".to_vec()] {
        for (key, _) in saved.iter().filter(|(key, _)| key.starts_with("v1/sets/")) {
            spoiled.remote.put(key, wrong.clone()).expect("put");
        }
        assert_eq!(spoiled.pulled(&[]).1, OWN);
    }
    // As all there is: then everything is built here.
    for (key, _) in saved
        .iter()
        .filter(|(key, _)| !key.starts_with("v1/packs/"))
    {
        spoiled.remote.put(key, version.clone()).expect("put");
    }
    let (document, all) = spoiled.pulled(&[]);
    assert_eq!(document["plan"]["actions"], json!([]));
    assert_eq!(all.len(), UNITS);
}

#[test]
fn lists_that_nobody_understands() {
    let Some(redis) = Redis::start() else { return };
    let spoiled = Spoiled::new(&redis.settings(), &Redis::env(), "main");
    let document = spoiled.a.does("pika", &["store", "push", "--dry-run"], 0);
    nothing(&document);
    let summary = fs::read_dir(spoiled.a.store().join("sets")).expect("a folder");
    let summary = summary.map(|entry| entry.expect("an entry").file_name().into_string());
    let summary = summary.map(|name| name.expect("Unicode").replace(".json", ""));
    let lists: Vec<String> = summary
        .map(|summary| format!("v1/lists/{summary}"))
        .collect();
    assert_eq!(lists.len(), 1);
    for wrong in [b"rubbish".to_vec(), packed(br#"{"version":2,"units":[]}"#)] {
        spoiled.remote.put(&lists[0], wrong).expect("put");
        // It is of no use, and what there is of each package is.
        assert_eq!(spoiled.pulled(&Redis::env()).1, OWN);
        // The next push writes it anew.
        assert_eq!(
            moved(&spoiled.a.does("pika", &["store", "push"], 0)),
            (0, UNITS)
        );
        nothing(&spoiled.a.does("pika", &["store", "push"], 0));
    }
}
