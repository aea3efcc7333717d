//! The door to programs that are the user's own: providers, wrappers, scripts. [`lookup`] finds a program on the `PATH`, never by
//! a relative name; a program that hangs or talks without end is given up.

mod found;
pub(crate) mod lookup;
mod started;
mod system;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
#[cfg(unix)]
use rustix::process::Pid;

pub(crate) use crate::process::found::{absolute_path, git, program, program_of, tool};
pub(crate) use crate::process::started::{Started, output};
pub(crate) use crate::process::system::{folders_of, tell_system, user};

/// Runs a program in place of this one: with its arguments, streams, working directory and signals. Returns only
/// where the system cannot replace a program by another, and then with its exit code. `name` is the program's own
/// name among its arguments, where that is not its path.
///
/// # Errors
///
/// It cannot be run.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn become_program(
    program: &Path,
    name: Option<&OsStr>,
    arguments: &[OsString],
    variables: &[(&str, Option<OsString>)],
) -> Result<i32> {
    let mut command = Command::new(program);
    #[cfg(unix)]
    if let Some(name) = name {
        std::os::unix::process::CommandExt::arg0(&mut command, name);
    }
    #[cfg(not(unix))]
    let _ = name;
    command.args(arguments);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let failed = || format!("failed to run `{}`", program.display());
    let started = Started::private(&command);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        started.ended(Err(&error));
        Err(error).with_context(failed)
    }
    #[cfg(not(unix))]
    {
        let status = command.status();
        started.ended(status.as_ref().copied());
        Ok(status.with_context(failed)?.code().unwrap_or(101))
    }
}

/// The answer of a provider. The provider runs until this is dropped, and its files exist as long.
#[derive(Debug)]
pub(crate) struct Answer {
    /// One line, without its end.
    pub(crate) said: Vec<u8>,
    child: Child,
    input: Option<ChildStdin>,
    started: Started,
}

/// How much a provider may answer.
const MOST: u64 = 64 << 20;

/// How much of what it says besides is read.
const ASIDE: u64 = 1 << 16;

/// The time that a provider has to end once its input is closed.
const TO_END: Duration = Duration::from_secs(5);

/// Asks a provider: one line goes to its standard input, one line comes from its standard output.
///
/// # Errors
///
/// It cannot be run, does not answer in time, answers without end, or fails; for a person, in one line.
pub(crate) fn ask(
    program: &[String],
    request: &[u8],
    dir: &Path,
    in_time: Duration,
) -> Result<Answer> {
    exchange(program, request, dir, in_time, Input::StaysOpen)
}

/// Tells a provider: one line goes to its standard input, which then ends, and the provider has finished when it
/// ends. Returns its output until then.
///
/// # Errors
///
/// It cannot be run, does not end in time, answers without end, or fails; for a person, in one line.
pub(crate) fn tell(
    program: &[String],
    told: &[u8],
    dir: &Path,
    in_time: Duration,
) -> Result<Vec<u8>> {
    let mut answer = exchange(program, told, dir, in_time, Input::Ends)?;
    Ok(std::mem::take(&mut answer.said))
}

/// The fate of a provider's standard input once all is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    StaysOpen,
    Ends,
}

#[expect(clippy::disallowed_methods, reason = "this module is the door")]
fn exchange(
    program: &[String],
    request: &[u8],
    dir: &Path,
    in_time: Duration,
    then: Input,
) -> Result<Answer> {
    let begun = Instant::now();
    let (name, arguments) = program
        .split_first()
        .context("there is no program to ask")?;
    let found = self::program(name, &[dir])?;
    let mut command = Command::new(found);
    command
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = Started::private(&command);
    let mut child = command
        .spawn()
        .inspect_err(|error| started.ended(Err(error)))
        .with_context(|| format!("failed to run `{name}`"))?;
    let (input, output, aside) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut answer = Answer {
        said: Vec::new(),
        child,
        input: None,
        started,
    };
    let request = [request, b"\n"].concat();
    let (sender, written) = mpsc::channel();
    std::thread::spawn(move || {
        // A provider that stops reading may answer all the same.
        let mut input = input;
        if let Some(input) = &mut input {
            let _ = input.write_all(&request).and_then(|()| input.flush());
        }
        let _ = sender.send(input.filter(|_| then == Input::StaysOpen));
    });
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let mut output = output.map(|output| BufReader::new(output.take(MOST)));
        if let Some(output) = &mut output {
            let _ = match then {
                Input::StaysOpen => output.read_until(b'\n', &mut line),
                Input::Ends => output.read_to_end(&mut line),
            };
        }
        let _ = sender.send((line, output));
    });
    let (sender, complaint) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut aside) = aside {
            let _ = aside.by_ref().take(ASIDE).read_to_end(&mut text);
            let _ = sender.send(text);
            // Else it would wait for us to read on.
            let _ = std::io::copy(&mut aside, &mut std::io::sink());
        }
    });
    // Open until it is asked whether the program has failed: one that goes on writing would fail for that alone.
    let (said, _output) = said
        .recv_timeout(in_time)
        .map_err(|_| anyhow!("it did not answer within {} seconds", in_time.as_secs()))?;
    let whole = said.last() == Some(&b'\n');
    if said.len() as u64 >= MOST {
        bail!("its answer does not end");
    }
    // A program that has printed all closes its output before it ends.
    let ended = match then {
        Input::Ends => {
            let ended = answer.wait(in_time.saturating_sub(begun.elapsed()))?;
            let late = || format!("it did not end within {} seconds", in_time.as_secs());
            Some(ended.with_context(late)?)
        }
        Input::StaysOpen if whole => answer.child.try_wait()?,
        Input::StaysOpen => answer.wait(TO_END)?,
    };
    if let Some(status) = ended.filter(|status| !status.success()) {
        let complaint = complaint.recv_timeout(Duration::from_millis(200));
        let complaint = complaint.unwrap_or_default();
        let line = first_line(&complaint);
        bail!(
            "it failed ({status}){}{line}",
            if line.is_empty() { "" } else { ": " }
        );
    }
    answer.input = written.recv_timeout(TO_END).ok().flatten();
    answer.said = said;
    Ok(answer)
}

pub(crate) fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.unwrap_or_default().chars();
    line.filter(|c| !c.is_control()).take(200).collect()
}

impl Answer {
    /// Waits for the end of the program, and no longer than a while.
    fn wait(&mut self, most: Duration) -> Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait()? {
                None if begun.elapsed() < most => std::thread::sleep(Duration::from_millis(2)),
                ended => return Ok(ended),
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // By this the provider knows that its files are not needed any more.
        self.input = None;
        let most = if self.said.is_empty() {
            Duration::ZERO
        } else {
            TO_END
        };
        if !matches!(self.wait(most), Ok(Some(_))) {
            // The processes that it has started end with it.
            #[cfg(unix)]
            if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.child.kill();
        }
        self.started.ended(self.child.wait().as_ref().copied());
    }
}

/// The output of a program of the system; `None` if there is no such program.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(tool(program).ok()?);
    command.args(arguments).stdin(Stdio::null());
    let output = output(command.stderr(Stdio::null()))
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Starts this program in the background, without the terminal: the caller of the present run does not wait for it.
///
/// # Errors
///
/// It cannot be started.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn start_aside(program: &Path, arguments: &[OsString], dir: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = Started::new(&command);
    command
        .spawn()
        .inspect_err(|error| started.ended(Err(error)))
        .map(drop)
        .with_context(|| format!("failed to run `{}`", program.display()))
}

/// How many threads may run programs and walk folders at once, by the number of files that this process may have open.
pub(crate) fn threads_with_files() -> usize {
    /// Files that are open besides, such as locks and the log.
    const BESIDES: u64 = 64;
    /// Pipes of a program that is started, and the folders on the way to one that is deleted.
    const EACH: u64 = 16;
    #[cfg(unix)]
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let most = None::<u64>;
    most.map_or(usize::MAX, |most| {
        let threads = most.saturating_sub(BESIDES) / EACH;
        usize::try_from(threads.max(1)).unwrap_or(usize::MAX)
    })
}

/// How many bytes of memory this process may still reserve, by the limits of its address space and of its data; `None`
/// where there is no limit.
pub(crate) fn memory_left() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = |resource| getrlimit(resource).current;
        let all = [limit(Resource::As), limit(Resource::Data)];
        let least = all.into_iter().flatten().min()?;
        Some(least.saturating_sub(reserved().unwrap_or_default()))
    }
    #[cfg(not(unix))]
    None
}

/// How many bytes of memory this process has reserved; `None` where the system does not say.
#[cfg(unix)]
fn reserved() -> Option<u64> {
    // proc_pid_status(5): its unit does not depend on the machine, as that of `statm` does.
    let status = crate::fs::read(Path::new("/proc/self/status")).ok()??;
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kib = line?
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?;
    Some(kib << 10)
}

/// Lets every other program go first.
pub(crate) fn give_way() {
    #[cfg(unix)]
    let _ = rustix::process::nice(19);
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, in_time: Duration) -> Result<Answer> {
        let program = ["sh", "-c", script].map(str::to_owned);
        ask(&program, b"{\"a\":1}", Path::new("/"), in_time)
    }

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn a_line_for_a_line() {
        let answer = sh("read -r line; echo \"<$line>\"; cat >/dev/null", SOON).expect("an answer");
        assert_eq!(answer.said, b"<{\"a\":1}>\n");
        assert_eq!(sh("printf x", SOON).expect("an answer").said, b"x");
        assert!(sh(":", SOON).expect("nothing").said.is_empty());
    }

    #[test]
    fn whoever_is_told_may_take_its_time() {
        let tell = |script: &str, in_time| {
            let program = ["sh", "-c", script].map(str::to_owned);
            super::tell(&program, b"{}", Path::new("/"), in_time)
        };
        let all = tell("cat", SOON).expect("its input ends");
        assert_eq!(all, b"{}\n");
        let said = tell("exec >&-; cat >/dev/null; sleep 0.3", SOON).expect("its end");
        assert!(said.is_empty());
        let failed = tell("echo; exec >&-; sleep 0.3; echo no luck >&2; exit 3", SOON);
        let failed = format!("{:#}", failed.expect_err("it failed later"));
        assert!(failed.contains("no luck"), "{failed}");
        for script in ["sleep 600", "exec >&-; sleep 600"] {
            let late = tell(script, Duration::from_millis(300)).expect_err(script);
            assert!(format!("{late:#}").contains("it did not"), "{late:#}");
        }
    }

    #[test]
    fn its_files_stay_until_we_are_done() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        let path = path.display();
        let script = format!("read -r x; touch {path}; echo; cat >/dev/null; rm {path}");
        let answer = sh(&script, SOON).expect("an answer");
        assert!(crate::fs::exists(&dir.path().join("file")));
        drop(answer);
        assert!(!crate::fs::exists(&dir.path().join("file")));
    }

    #[test]
    fn whoever_misbehaves_is_given_up() {
        let error = |script: &str, in_time| format!("{:#}", sh(script, in_time).expect_err(script));
        let moment = Duration::from_millis(300);
        assert!(error("sleep 600 & sleep 600", moment).contains("did not answer"));
        assert!(error("yes | tr -d '\\n'", SOON).contains("does not end"));
        let failed = error("echo no luck >&2; exit 3", SOON);
        assert!(
            failed.contains("no luck") && failed.contains('3'),
            "{failed}"
        );
        let missing = ask(&["/no/such".into()], b"", Path::new("/"), SOON);
        assert!(missing.is_err());
    }
}
