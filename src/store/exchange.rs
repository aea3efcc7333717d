//! Moves units between the local store and a remote one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::fs::Hashes;
use crate::fs::model::StoredFile;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::remote::Remote;
use crate::size::Bytes;
use crate::store::harvest::{add_to_set, open, write};
use crate::store::model::{DropRemote, Moved, PullUnits, PushUnits, StoredUnit};
use crate::store::pack::Descriptions;
use crate::store::{StorePaths, pack};
use crate::term::view::counted;
use crate::text::failure;
use crate::{fs, remote};

/// How many units are on their way at a time: most of the time is spent waiting.
const AT_ONCE: usize = 16;

/// How often what others may write at the same time is written.
const TRIES: usize = 6;

/// How long we wait for others who write the same.
const AT_MOST: Duration = Duration::from_secs(2);

/// How many bytes of packs are in memory at a time, but for one that is larger.
const AT_A_TIME: u64 = 1 << 30;

/// Room in memory that several threads share.
struct Room {
    all: u64,
    free: Mutex<u64>,
    given_back: Condvar,
}

/// Room that a thread has, until this is dropped.
struct Taken<'a>(&'a Room, u64);

impl Room {
    fn new(all: u64) -> Self {
        Self {
            all,
            free: Mutex::new(all),
            given_back: Condvar::new(),
        }
    }

    /// Waits until there is as much room. A thread that wants more than there is gets all of it.
    fn take(&self, bytes: u64) -> Taken<'_> {
        let bytes = bytes.min(self.all);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let too_little = |free: &mut u64| *free < bytes;
        let waited = self.given_back.wait_while(free, too_little);
        *waited.unwrap_or_else(PoisonError::into_inner) -= bytes;
        Taken(self, bytes)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let Self(room, bytes) = self;
        *room.free.lock().unwrap_or_else(PoisonError::into_inner) += *bytes;
        room.given_back.notify_all();
    }
}

fn side_by_side<T: Send>(task: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
    Ok(pool.context("failed to start threads")?.install(task))
}

/// Fetches units. Each is whole before it is there, so that a run that is killed goes on where it was the next time.
pub(crate) fn pull(pull: &PullUnits, context: &Context<'_>) -> Result<Moved, Stopped> {
    let remote = context.remote.context("there is no remote store")?;
    let places = StorePaths::new(pull.into.clone());
    let _store = open(&places)?;
    let with =
        serde_json::to_vec_pretty(&pull.built_with).context("failed to describe a compiler")?;
    fs::put(&places.built_with(&pull.circumstances), &with)?;
    let hashes = Hashes::read(&places.hashes());
    let room = Room::new(AT_A_TIME);
    let results = side_by_side(|| {
        let fetch = |unit| {
            let _taken = room.take(pack::pack_length(unit));
            let fetched = fetch(unit, remote, &places, &hashes);
            if let Ok(bytes) = fetched {
                context.progress.add(1, bytes);
                fs::checkpoint("pulled");
            }
            fetched
        };
        pull.units.par_iter().map(fetch).collect::<Vec<_>>()
    })?;
    let (done, missing) = settle(&pull.units, results);
    let keys = pull.keys.iter().map(String::as_str);
    let there: Vec<&str> = keys.filter(|key| !missing.contains(key)).collect();
    add_to_set(&places, &pull.summary, &there)?;
    ended(done, remote)
}

/// The units that were moved, and the keys of the others.
fn settle(units: &[StoredUnit], results: Vec<Result<Bytes>>) -> (Moved, Vec<&str>) {
    let mut done = Moved::default();
    let mut missing = Vec::new();
    for (unit, result) in units.iter().zip(results) {
        match result {
            Ok(bytes) => {
                done.units += 1;
                done.copied += unit.length();
                done.transferred += bytes;
            }
            Err(error) => {
                let (package, why) = (&unit.package, failure::words(error.as_ref()));
                let line = format!("{} {}: {why}", package.name, package.version);
                missing.push(unit.key.as_str());
                done.left.push(line);
            }
        }
    }
    (done, missing)
}

/// Where the remote store no longer answers, one line tells, instead of one for each unit.
fn ended(mut done: Moved, remote: &Remote) -> Result<Moved, Stopped> {
    if let Some(why) = remote.off() {
        let left = done.left.len();
        let line = format!("{}: {why}", remote.name());
        if done.units == 0 {
            return Err(Stopped::Failed(line));
        }
        done.left = vec![format!("{}: {line}", counted(left, "unit"))];
    }
    match done.left.first() {
        Some(first) if done.units == 0 => Err(Stopped::Failed(first.clone())),
        _ => Ok(done),
    }
}

/// Fetches one unit. Its files are checked before it counts.
fn fetch(
    unit: &StoredUnit,
    remote: &Remote,
    places: &StorePaths,
    hashes: &Hashes,
) -> Result<Bytes> {
    let there = |file: &StoredFile| fs::is_object(&places.object(&file.hash), file, hashes);
    let mut moved = Bytes(0);
    if !unit.files.iter().all(there) {
        let packed = remote.get(&pack::pack_name(unit))?;
        let packed = packed.context("its pack is gone")?;
        moved = Bytes(packed.len() as u64);
        let pack = remote::decompress(&packed, pack::pack_length(unit))?;
        for (file, content) in pack::unpack(unit, &pack).map_err(anyhow::Error::msg)? {
            fs::put_content(file, content, &places.object(&file.hash), hashes)?;
        }
    }
    write(unit, places)?;
    Ok(moved)
}

/// Puts units into a remote store: the contents first, then what tells of them.
pub(crate) fn push(push: &PushUnits, context: &Context<'_>) -> Result<Moved, Stopped> {
    let remote = context.remote.context("there is no remote store")?;
    let places = StorePaths::new(push.from.clone());
    let _store = open(&places)?;
    let room = Room::new(AT_A_TIME);
    let results = side_by_side(|| {
        let send = |unit| {
            let _taken = room.take(pack::pack_length(unit));
            let sent = send(unit, remote, &places);
            if let Ok(bytes) = sent {
                context.progress.add(1, bytes);
                fs::checkpoint("pushed");
            }
            sent
        };
        push.units.par_iter().map(send).collect::<Vec<_>>()
    })?;
    let (mut done, missing) = settle(&push.units, results);
    if remote.off().is_none() {
        let told = tell(push, &missing, remote);
        if let Err(error) = told {
            done.left.push(format!(
                "list of the units that were built together: {}",
                failure::words(error.as_ref())
            ));
        }
    }
    ended(done, remote)
}

fn send(unit: &StoredUnit, remote: &Remote, places: &StorePaths) -> Result<Bytes> {
    let name = pack::pack_name(unit);
    let mut moved = Bytes(0);
    // Where objects cannot be listed, looking for an object means reading all of it.
    if !remote.lists() || !remote.has(&name)? {
        let pack = pack::pack(unit, |file| {
            let path = places.object(&file.hash);
            let content = fs::read(&path)?.context("one of its files is gone")?;
            // Others would have to live with what is damaged here: what is remembered of it does not do.
            ensure!(
                blake3::hash(&content).to_hex().as_str() == file.hash,
                "`{}` has unexpected content",
                path.display()
            );
            Ok(content)
        })?;
        let packed = remote::compress(&pack)?;
        moved = Bytes(packed.len() as u64);
        remote.put(&name, packed)?;
    }
    if remote.lists() {
        remote.put(&pack::unit_name(unit), descriptions([unit.clone()])?)?;
    }
    Ok(moved)
}

fn descriptions(units: impl IntoIterator<Item = StoredUnit>) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(&Descriptions::of(units)).context("failed to describe units")?;
    remote::compress(&json)
}

/// Writes the set of units that were built together and, where objects cannot be listed, the list of each package's
/// units.
fn tell(push: &PushUnits, missing: &[&str], remote: &Remote) -> Result<()> {
    let all = push.all.iter();
    let there = all.filter(|unit| !missing.contains(&unit.key.as_str()));
    let there: Vec<StoredUnit> = there.cloned().collect();
    if remote.lists() {
        let name = pack::set_name(&push.summary, &there);
        return match remote.has(&name)? {
            true => Ok(()),
            false => remote.put(&name, descriptions(there)?),
        };
    }
    let mut packages: Vec<_> = push.units.iter().map(|unit| &unit.package).collect();
    packages.sort();
    packages.dedup();
    let failed = AtomicBool::new(false);
    side_by_side(|| {
        packages.par_iter().for_each(|package| {
            let of = there.iter().filter(|unit| unit.package == **package);
            let of: Vec<StoredUnit> = of.cloned().collect();
            let Some(first) = of.first() else { return };
            let name = pack::package_list(&first.circumstances, package);
            if add_to_list(&name, &of, remote).is_err() {
                failed.store(true, Ordering::Relaxed);
            }
        });
    })?;
    ensure!(
        !failed.into_inner(),
        "failed to write some lists of packages; push again"
    );
    // A unit that stands here is not pushed again: so this list comes last.
    add_to_list(&pack::set_list(&push.summary), &there, remote)
}

/// Deletes objects, in their order: sets, lists and descriptions before the packs that they name, so that no reader
/// is sent to a missing pack.
pub(crate) fn drop_remote(drop: &DropRemote, context: &Context<'_>) -> Result<Moved, Stopped> {
    let remote = context.remote.context("there is no remote store")?;
    let mut done = Moved::default();
    for part in drop
        .objects
        .chunk_by(|one, two| is_pack(one) == is_pack(two))
    {
        let results = side_by_side(|| {
            let delete = |name: &String| {
                let deleted = remote.delete(name);
                context.progress.add(1, Bytes(0));
                deleted
            };
            part.par_iter().map(delete).collect::<Vec<_>>()
        })?;
        for result in results {
            match result {
                Ok(()) => done.units += 1,
                Err(error) => done.left.push(failure::words(error.as_ref())),
            }
        }
    }
    ended(done, remote)
}

fn is_pack(name: &str) -> bool {
    pack::kind(name) == "packs"
}

/// Adds units to a list that others may write as well: what they overwrite is written again.
fn add_to_list(name: &str, units: &[StoredUnit], remote: &Remote) -> Result<()> {
    for _ in 0..TRIES {
        let begun = Instant::now();
        let mut there = read_list(name, remote)?;
        let is_there = |unit: &StoredUnit, there: &[StoredUnit]| {
            there.iter().any(|other| other.key == unit.key)
        };
        let new: Vec<StoredUnit> = units
            .iter()
            .filter(|unit| !is_there(unit, &there))
            .cloned()
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        there.extend(new);
        // The first ones are the oldest.
        let most = there.len().saturating_sub(LISTED);
        there.drain(..most);
        remote.put(name, descriptions(there)?)?;
        // A process that has read the list before that will overwrite it, and needs about as long as we did.
        std::thread::sleep((begun.elapsed() * 2).min(AT_MOST));
    }
    anyhow::bail!("other machines keep changing `{name}`");
}

/// How many units a list holds at most.
const LISTED: usize = 5000;

/// The most that descriptions may have when they are unpacked.
const MOST: u64 = 512 << 20;

fn read_list(name: &str, remote: &Remote) -> Result<Vec<StoredUnit>> {
    let Some(packed) = remote.get(name)? else {
        return Ok(Vec::new());
    };
    // A list that is not understood is begun anew.
    let read = remote::decompress(&packed, MOST).ok();
    let read = read.and_then(|json| Descriptions::read(&json).ok());
    Ok(read.map_or_else(Vec::new, |read| read.units))
}
