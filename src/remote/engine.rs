//! Remote stores by the engines of `opendal`.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use opendal::layers::TimeoutLayer;
use opendal::options::ListOptions;
use opendal::{Buffer, ErrorKind, Metadata, Operator};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::fs;
use crate::remote::breaker::Breaker;
use crate::remote::error::{in_words, one_line};
use crate::remote::options::Options;
use crate::remote::redis::Door;
use crate::remote::secrets::Secrets;
use crate::remote::{Listed, options};
use crate::text::failure;
use crate::text::failure::Hint as _;

/// Where a folder keeps what is not written to its end.
pub(crate) const ASIDE: &str = ".tmp";

/// How long a server may keep us waiting.
#[derive(Clone, Copy, Debug)]
struct Waits {
    /// For its very first answer.
    first: Duration,
    /// For any other, and for the next part of one.
    other: Duration,
}

const WAITS: Waits = Waits {
    first: Duration::from_secs(5),
    other: Duration::from_secs(20),
};

/// It lies in the same network, and its client gives up an answer that has not come after half a second.
const WAITS_FOR_REDIS: Waits = Waits {
    first: Duration::from_secs(5),
    other: Duration::from_secs(5),
};

/// The slowest line that an object may be sent over, in bytes per second.
const SLOWEST: u64 = 100_000;

/// How long to wait before another attempt, and how many there are. Servers say that they are busy, and drop connections.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// The object of the first question: any answer shows that the server answers.
const NOTHING: &str = "v1/nothing";

/// All connections belong to it, those of one store after another too, and so it lasts as long as the program.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all();
    builder.thread_name("remote").build()
});

/// A remote store.
///
/// Its objects never change: who writes one that is there writes the same. A server that does not answer is not asked
/// again in this run.
#[derive(Debug)]
pub struct Remote {
    name: String,
    /// The way to wait for the whole of an answer.
    whole: Operator,
    /// The way to wait for each next part of an answer.
    parts: Operator,
    /// The way to a Redis server.
    redis: Option<Door>,
    /// The client tries again by itself. Redis's client does, and takes every error for one that passes.
    tries: bool,
    secrets: Vec<String>,
    waits: Waits,
    reached: OnceLock<()>,
    breaker: Breaker,
}

/// Opens a remote store, without a question to its server.
///
/// # Errors
///
/// The settings are not valid, or this machine has no certificates to know a server by; for a person, in one line.
pub fn open(settings: &BTreeMap<String, String>, secrets: &Secrets) -> Result<Remote> {
    let options = options::check(settings, secrets)?;
    if let ("fs", Some(root)) = (options.kind, options.told.get("root")) {
        // It would be made: what is not mounted would become a folder of this machine's.
        let there = fs::canonical(Path::new(root)).is_ok_and(|real| fs::is_folder(&real));
        if !there {
            return Err(anyhow!("expected a folder for the remote store: `{root}`"))
                .hint("create it, or mount its filesystem");
        }
    }
    let runtime = RUNTIME.as_ref();
    let runtime = runtime.context("failed to start a thread")?;
    // An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[cfg(all(unix, not(target_vendor = "apple")))]
    ensure!(
        !rustls_native_certs::load_native_certs().certs.is_empty(),
        "this machine has no root certificates: install `ca-certificates`, or set SSL_CERT_FILE"
    );
    opendal::init_default_registry();
    let _inside = runtime.enter();
    // The client of HTTP is made here, for those too that need none, and does not return where it finds fault with
    // the machine.
    let made = std::panic::catch_unwind(AssertUnwindSafe(|| {
        Operator::via_iter(options.kind, options.told.clone())
    }));
    let made = made.map_err(|_| anyhow!("failed to create an HTTP client"))?;
    let whole = made
        .map_err(|error| anyhow!("{}", why_not(&error, &options)))
        .with_context(|| format!("failed to open {}", options.name))?;
    let tries = options.kind == "redis";
    let waits = if tries { WAITS_FOR_REDIS } else { WAITS };
    let redis = tries.then(|| Door::of(&options.told)).flatten();
    Ok(Remote {
        name: options.name,
        parts: in_parts(&whole, waits.other),
        whole,
        redis,
        tries,
        secrets: options.secrets,
        waits,
        reached: OnceLock::new(),
        breaker: Breaker::default(),
    })
}

fn in_parts(whole: &Operator, most: Duration) -> Operator {
    let layer = TimeoutLayer::new().with_timeout(most);
    whole.clone().layer(layer.with_io_timeout(most))
}

fn why_not(error: &opendal::Error, options: &Options) -> String {
    let why = in_words(error, &options.secrets);
    match why.contains("region is missing") {
        true => "expected a `region`, or AWS_REGION in the environment".into(),
        false => why,
    }
}

impl Remote {
    /// The name that people read, without secrets.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    /// Why it is not asked any more, if it is not.
    #[must_use]
    pub fn off(&self) -> Option<String> {
        self.breaker.off().map(str::to_owned)
    }

    /// Reads an object; nothing if there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read, or the store is not asked any more; for a person, in one line.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let read = || async { unless_missing(self.parts.read(key).await) };
        // Its layers know nothing of how long its client tries to connect.
        let most = self.tries.then_some(self.waits.other);
        let content = self.ask("read", key, most, read)?;
        Ok(content.map(|content| content.to_vec()))
    }

    /// Writes an object. If it is there already, it is the same.
    ///
    /// # Errors
    ///
    /// It cannot be written, or the store is not asked any more; for a person, in one line.
    pub fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let most = self.waits.other + Duration::from_secs(bytes.len() as u64 / SLOWEST);
        let content = Buffer::from(bytes);
        let write = || async { self.whole.write(key, content.clone()).await.map(drop) };
        self.ask("write", key, Some(most), write)
    }

    /// Whether an object is there.
    ///
    /// # Errors
    ///
    /// The server does not tell, or the store is not asked any more; for a person, in one line.
    pub fn has(&self, key: &str) -> Result<bool> {
        let look = || async { unless_missing(self.whole.stat(key).await) };
        let found = self.ask("look for", key, Some(self.waits.other), look)?;
        Ok(found.is_some())
    }

    /// Whether it can say what it has.
    #[must_use]
    pub fn lists(&self) -> bool {
        self.whole.info().full_capability().list
    }

    /// The objects whose keys begin with a prefix, sorted. Objects that are put or deleted meanwhile may be missing.
    ///
    /// # Errors
    ///
    /// It cannot list, or the store is not asked any more; for a person, in one line.
    pub fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        let list = || async {
            let recursive = ListOptions {
                recursive: true,
                ..ListOptions::default()
            };
            let entries = unless_missing(self.parts.list_options(prefix, recursive).await)?;
            let mut all = Vec::new();
            for entry in entries.unwrap_or_default() {
                let (key, metadata) = entry.into_parts();
                let aside = key.split('/').next() == Some(ASIDE);
                if metadata.is_dir() || aside || !key.starts_with(prefix) {
                    continue;
                }
                // A folder lists names, and no more.
                let metadata = match metadata.last_modified() {
                    Some(_) => Some(metadata),
                    None => unless_missing(self.parts.stat(&key).await)?,
                };
                all.extend(metadata.map(|metadata| listed(key, &metadata)));
            }
            Ok(all)
        };
        ensure!(self.lists(), "{} cannot list its content", self.name);
        let mut all = self.ask("list", prefix, None, list)?;
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    /// Deletes an object, if it is there.
    ///
    /// # Errors
    ///
    /// It cannot be deleted, or the store is not asked any more; for a person, in one line.
    pub fn delete(&self, key: &str) -> Result<()> {
        let delete = || async { unless_missing(self.whole.delete(key).await).map(drop) };
        self.ask("delete", key, Some(self.waits.other), delete)
    }

    /// Asks for something to be done with a key.
    fn ask<T, F>(
        &self,
        to: &str,
        key: &str,
        most: Option<Duration>,
        task: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = opendal::Result<T>>,
    {
        let begun = Instant::now();
        let answer = self.request(most, task);
        let error = answer
            .as_ref()
            .err()
            .map(|error| failure::words(error.as_ref()));
        debug!(store = %self.name, to, key, took = ?begun.elapsed(), error, "request");
        answer.with_context(|| format!("failed to {to} `{key}` in {}", self.name))
    }

    /// Asks, unless an earlier question has shown that it is of no use.
    fn request<T, F>(&self, most: Option<Duration>, task: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = opendal::Result<T>>,
    {
        let runtime = RUNTIME.as_ref();
        let runtime = runtime.context("failed to start a thread")?;
        // All others wait for the first, so that one wait is enough to find out.
        self.reached.get_or_init(|| runtime.block_on(self.reach()));
        if let Some(why) = self.breaker.off() {
            bail!("it is no longer queried: {why}");
        }
        runtime
            .block_on(self.attempts(most, task))
            .map_err(|why| anyhow!(why))
    }

    /// Finds out whether a server answers at all.
    async fn reach(&self) {
        if let Some(door) = &self.redis {
            let failed = match timeout(self.waits.first, door.knock()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(one_line(&failure::words(&error), &self.secrets)),
                Err(_) => Some(no_answer(self.waits.first)),
            };
            if let Some(why) = failed {
                self.breaker.give_up(&why);
                return;
            }
        }
        let look = || async { unless_missing(self.whole.stat(NOTHING).await) };
        let _ = self.attempts(Some(self.waits.first), look).await;
    }

    async fn attempts<T, F>(
        &self,
        most: Option<Duration>,
        task: impl Fn() -> F,
    ) -> Result<T, String>
    where
        F: Future<Output = opendal::Result<T>>,
    {
        let mut again = PAUSES[..if self.tries { 0 } else { PAUSES.len() }].iter();
        loop {
            let attempt = match most {
                Some(most) => timeout(most, task()).await,
                None => Ok(task().await),
            };
            let error = match attempt {
                Ok(Ok(found)) => {
                    self.breaker.succeeded();
                    return Ok(found);
                }
                Ok(Err(error)) if !timed_out(&error) => error,
                _ => {
                    let why = no_answer(most.unwrap_or(self.waits.other));
                    self.breaker.give_up(&why);
                    return Err(why);
                }
            };
            match again.next() {
                Some(pause) if error.is_temporary() && self.breaker.off().is_none() => {
                    sleep(*pause).await;
                }
                _ => {
                    let why = in_words(&error, &self.secrets);
                    match error.is_temporary() && !self.tries {
                        true => self.breaker.give_up(&why),
                        false => self.breaker.failed(&why),
                    }
                    return Err(why);
                }
            }
        }
    }
}

fn no_answer(waited: Duration) -> String {
    format!("it did not answer within {} seconds", waited.as_secs())
}

/// Whether it is the layer's error, which has no kind of its own.
fn timed_out(error: &opendal::Error) -> bool {
    error.kind() == ErrorKind::Unexpected && failure::words(error).contains("timeout reached")
}

fn unless_missing<T>(found: opendal::Result<T>) -> opendal::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

fn listed(key: String, metadata: &Metadata) -> Listed {
    Listed {
        key,
        length: metadata.content_length(),
        modified: metadata.last_modified().map(|time| time.into_inner()),
    }
}
