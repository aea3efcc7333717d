//! The first build on a machine that has nothing, from a remote store that another machine has filled.
//!
//! The other machine is a folder: its local store is removed, and every clone lies elsewhere. Redis is a real server, in
//! memory on this machine, so that the line costs nothing; bytes are those that it says it has sent.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::build::Build;
use super::checks::Checks;
use super::cost::Cost;
use super::figures::{Series, mebibytes};
use super::stage::{Stage, run};
use super::warm::{self, Donor};
use super::{place, tools};

/// Fills a store from the first worktree; then in each round builds a clone that has nothing, cold, from the store, and
/// with sccache from the same server.
pub(crate) fn measure(
    stage: &Stage,
    donor: &Donor,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nstore, the first build of a clone on a machine that has nothing, {rounds} rounds:");
    place::load();
    let Some(redis) = Redis::start(&stage.folder)? else {
        println!("skipped: redis-server is not installed");
        return Ok(());
    };
    let machine = Machine::new(stage, &redis)?;
    machine.ours(&stage.main, &["store", "harvest", "--yes"])?;
    let (push, _) = Cost::of(|| machine.ours(&stage.main, &["store", "push", "--yes"]))?;
    let sccache = tools::find("sccache");
    if sccache.is_none() {
        println!("skipped: sccache is not installed");
    }
    if let Some(program) = &sccache {
        let clone = machine.clone("filling")?;
        machine.with_sccache(program, &clone)?;
        fs::remove_dir_all(clone)?;
    }
    let mut series = [
        "`store pull` / cold build",
        "`warm` / cold build",
        "build after both / cold build",
        "all of it / cold build",
    ]
    .map(Series::new);
    let mut by_sccache = Series::new("sccache, same server / cold build");
    let (mut moved, mut moved_by_sccache) = (0, 0);
    for round in 0..rounds {
        let clone = machine.clone(&format!("cold-{round}"))?;
        let cold = stage.build(&clone)?.cost;
        fs::remove_dir_all(clone)?;
        machine.forget()?;
        let clone = machine.clone(&format!("pulled-{round}"))?;
        let before = redis.sent()?;
        let (pull, _) = Cost::of(|| machine.ours(&clone, &["store", "pull", "--yes"]))?;
        moved = redis.sent()? - before;
        let (warm, _) = Cost::of(|| machine.ours(&clone, &["warm", "--yes"]))?;
        let build = stage.build(&clone)?;
        warm::check_warm(stage, &build, checks);
        donor.products.check(stage, &clone, checks)?;
        for (series, cost) in
            series
                .iter_mut()
                .zip([pull, warm, build.cost, pull + warm + build.cost])
        {
            series.note(cost, cold);
        }
        fs::remove_dir_all(clone)?;
        if let Some(program) = &sccache {
            let clone = machine.clone(&format!("cached-{round}"))?;
            let before = redis.sent()?;
            let build = machine.with_sccache(program, &clone)?;
            moved_by_sccache = redis.sent()? - before;
            by_sccache.note(build.cost, cold);
            fs::remove_dir_all(clone)?;
        }
    }
    series.iter().for_each(Series::print);
    println!(
        "`store push` once: {:.2} s; a pull moves {}",
        push.seconds,
        mebibytes(moved / 1024)
    );
    if sccache.is_some() {
        by_sccache.print();
        println!("sccache moves {}", mebibytes(moved_by_sccache / 1024));
    }
    match tools::find("kache") {
        Some(_) => println!("skipped: kache is installed, but its remote store is not known here"),
        None => println!("skipped: kache is not installed"),
    }
    Ok(())
}

/// A machine, but for where its clones lie.
struct Machine<'a> {
    stage: &'a Stage,
    home: PathBuf,
    port: u16,
}

impl<'a> Machine<'a> {
    fn new(stage: &'a Stage, redis: &Redis) -> Result<Self> {
        let home = stage.folder.join("machine");
        let settings = home.join("config/cargo-sharedtarget");
        fs::create_dir_all(&settings)?;
        let text = format!(
            "[store.remote]\ntype = \"redis\"\nendpoint = \"redis://127.0.0.1:{}\"\n",
            redis.port
        );
        fs::write(settings.join("sharedtarget.toml"), text)?;
        Ok(Self {
            stage,
            home,
            port: redis.port,
        })
    }

    /// Forgets all that it has pulled.
    fn forget(&self) -> Result<()> {
        let store = self.home.join("store");
        if store.exists() {
            fs::remove_dir_all(store)?;
        }
        Ok(())
    }

    fn clone(&self, name: &str) -> Result<PathBuf> {
        let clone = self.stage.folder.join(name);
        let mut git = self.stage.program("git", &self.stage.folder);
        run(git.args(["clone", "-q"]).arg(&self.stage.main).arg(&clone))?;
        Ok(clone)
    }

    fn ours(&self, worktree: &Path, args: &[&str]) -> Result<()> {
        let mut ours = self
            .stage
            .program(env!("CARGO_BIN_EXE_cargo-sharedtarget"), worktree);
        ours.args(args)
            .env("XDG_CONFIG_HOME", self.home.join("config"))
            .env("CARGO_SHAREDTARGET_STORE_DIR", self.home.join("store"));
        let output = ours.output().context("failed to run cargo-sharedtarget")?;
        ensure!(
            output.status.success(),
            "{args:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Builds with sccache, which has nothing but what is on the server.
    fn with_sccache(&self, program: &Path, clone: &Path) -> Result<Build> {
        let set = |command: &mut Command| {
            command
                .env("SCCACHE_CONF", self.home.join("no-config"))
                .env("SCCACHE_DIR", self.home.join("sccache"))
                .env(
                    "SCCACHE_REDIS_ENDPOINT",
                    format!("redis://127.0.0.1:{}", self.port),
                )
                .env("SCCACHE_SERVER_PORT", "14227");
        };
        let mut cargo = self.stage.cargo_build(clone);
        set(&mut cargo);
        cargo
            .env("RUSTC_WRAPPER", program)
            .env("CARGO_INCREMENTAL", "0");
        let built = Build::run(cargo, clone);
        let mut stop = self.stage.program(program, clone);
        set(stop.arg("--stop-server"));
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        built
    }
}

/// A Redis server; gone when dropped.
struct Redis {
    server: Child,
    port: u16,
}

impl Redis {
    fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(program) = tools::find("redis-server") else {
            return Ok(None);
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Command::new(program)
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let redis = Self { server, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                begun.elapsed() < Duration::from_secs(20),
                "redis-server does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(redis))
    }

    /// How many bytes it has sent.
    fn sent(&self) -> Result<u64> {
        use std::io::{BufRead as _, BufReader, Write as _};
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"INFO stats\r\n")?;
        let lines = BufReader::new(stream).lines();
        for line in lines {
            if let Some(bytes) = line?.strip_prefix("total_net_output_bytes:") {
                return Ok(bytes.trim().parse()?);
            }
        }
        anyhow::bail!("redis-server does not say what it has sent")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
