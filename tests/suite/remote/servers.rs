//! Real servers, each at a port of its own and gone when dropped. Where one is not installed, there is none.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to be there: one in Python looks at much of the disk first.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs, with a folder for its files.
struct Server {
    port: u16,
    child: Child,
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "no test there has one start again")
    )]
    command: Command,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Starts a program, and waits until it listens. `None` if it is not installed.
    fn start(program: &str, arguments: impl Fn(u16, &str) -> Vec<String>) -> Option<Self> {
        // Between the choice of a port and its use, others may take it.
        for _ in 0..5 {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().to_str().expect("Unicode");
            let port = free_port();
            let mut command = Command::new(program);
            command
                .args(arguments(port, path))
                .current_dir(dir.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let Ok(child) = command.spawn() else {
                println!("skipped: there is no `{program}`");
                return None;
            };
            let mut server = Self {
                port,
                child,
                command,
                _dir: dir,
            };
            if server.listens() {
                return Some(server);
            }
        }
        println!("skipped: `{program}` does not start");
        None
    }

    fn listens(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it once more, at the same port and with the same files.
    #[cfg(unix)]
    fn start_again(&mut self) {
        self.stop();
        self.child = self.command.spawn().expect("a program");
        assert!(self.listens(), "it does not start again");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port without a listener.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A Redis server with a password, which by default keeps nothing on disk.
pub(crate) struct Redis {
    server: Server,
}

impl Redis {
    /// The password.
    pub(crate) const PASSWORD: &str = "tulip-4711";

    /// Starts one. `None` if there is none to start.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("no")
    }

    /// Starts a server that has on disk everything that it has acknowledged.
    #[cfg(unix)]
    pub(crate) fn start_lasting() -> Option<Self> {
        Self::start_with("yes")
    }

    fn start_with(lasting: &str) -> Option<Self> {
        let server = Server::start("redis-server", |port, dir| {
            let port = port.to_string();
            let arguments = [
                ["--port", &port],
                ["--bind", "127.0.0.1"],
                ["--save", ""],
                ["--appendonly", lasting],
                ["--appendfsync", "always"],
                ["--dir", dir],
                ["--requirepass", Self::PASSWORD],
            ];
            arguments.concat().into_iter().map(str::to_owned).collect()
        });
        Some(Self { server: server? })
    }

    /// Starts it again where it was. Only one that lasts has anything left.
    #[cfg(unix)]
    pub(crate) fn start_again(&mut self) {
        self.server.start_again();
    }

    /// Its settings in `sharedtarget.toml`.
    pub(crate) fn settings(&self) -> String {
        format!(
            "[store.remote]\ntype = \"redis\"\nendpoint = \"redis://127.0.0.1:{}\"\n",
            self.server.port
        )
    }

    /// Where it listens.
    #[cfg(unix)]
    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    /// Its secrets in the environment.
    pub(crate) fn env() -> Vec<(&'static str, String)> {
        vec![("REDISCLI_AUTH", Self::PASSWORD.to_owned())]
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }
}

/// An S3 server with one bucket.
pub(crate) struct S3 {
    server: Server,
    /// It looks at who asks.
    pub(crate) verifies: bool,
}

impl S3 {
    /// The name of the key.
    pub(crate) const KEY: &str = "AKIDSHAREDTARGET";
    /// The key.
    pub(crate) const SECRET: &str = "hyacinth-4711-hyacinth-4711";
    const BUCKET: &str = "units";

    /// Starts one: `s3s-fs`, which `S3S_FS` may name, or else `moto_server`. `None` if there is none to start.
    pub(crate) fn start() -> Option<Self> {
        let program = std::env::var_os("S3S_FS").map(PathBuf::from);
        let program = program.map_or("s3s-fs".into(), |path| path.display().to_string());
        let server = Server::start(&program, |port, dir| {
            fs::create_dir(format!("{dir}/{}", Self::BUCKET)).expect("a bucket");
            let port = port.to_string();
            let arguments = ["--host", "127.0.0.1", "--port", &port];
            let keys = ["--access-key", Self::KEY, "--secret-key", Self::SECRET, dir];
            let arguments = arguments.into_iter().chain(keys);
            arguments.map(str::to_owned).collect()
        });
        if let Some(server) = server {
            return Some(Self {
                server,
                verifies: true,
            });
        }
        let server = Server::start("moto_server", |port, _| {
            let port = port.to_string();
            let arguments = ["-H", "127.0.0.1", "-p", &port];
            arguments.map(str::to_owned).to_vec()
        })?;
        let made = Self {
            server,
            verifies: false,
        };
        let request = format!(
            "PUT /{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/s3/aws4_request\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n",
            Self::BUCKET,
            Self::KEY
        );
        let mut stream = TcpStream::connect(("127.0.0.1", made.server.port)).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.contains(" 200 "), "{answer}");
        Some(made)
    }

    /// Its settings in `sharedtarget.toml`.
    pub(crate) fn settings(&self) -> String {
        format!(
            "[store.remote]\ntype = \"s3\"\nbucket = \"{}\"\nendpoint = \"http://127.0.0.1:{}\"\nregion = \"us-east-1\"\n",
            Self::BUCKET,
            self.server.port
        )
    }

    /// Its secrets in the environment.
    pub(crate) fn env() -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", Self::KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET.to_owned()),
        ]
    }

    /// Starts it again where it was. One that does not verify has forgotten everything.
    #[cfg(unix)]
    pub(crate) fn start_again(&mut self) {
        self.server.start_again();
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }
}
