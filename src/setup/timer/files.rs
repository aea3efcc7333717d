//! The texts of timers: units of systemd, property lists of launchd, tasks of Windows.
//!
//! Each file carries a checksum, by which a change by hand is noticed, and the program with its arguments as JSON, so that
//! `doctor` reads one form for all systems.

use std::path::Path;

use crate::setup::timer::model::{Job, Schedule};
use crate::survey::timer_files::TimerSystem;
use crate::text::shell;
use crate::text::shell::checksum;

/// The version of the files. It grows with every change of their texts.
const VERSION: u32 = 1;

const MARK: &str = "cargo-sharedtarget timer, version ";
const CHECKSUM: &str = ", checksum ";
const RUNS: &str = "runs: ";
const HINT: &str = "cargo sharedtarget setup --schedule off takes it out";

/// The text of a file of a timer, by its ending, as it lies on the disk.
#[must_use]
pub(crate) fn file(
    system: TimerSystem,
    ending: &str,
    job: &Job,
    schedule: Schedule,
    name: &str,
) -> Vec<u8> {
    let runs = serde_json::to_string(&job.words).unwrap_or_default();
    match (system, ending) {
        (TimerSystem::Systemd, "timer") => {
            let body = format!("# {HINT}.\n{}", systemd_timer(schedule));
            sealed(("", "# ", "\n"), &body).into_bytes()
        }
        (TimerSystem::Systemd, _) => {
            let body = format!("# {HINT}.\n# {RUNS}{runs}\n{}", service(job));
            sealed(("", "# ", "\n"), &body).into_bytes()
        }
        (TimerSystem::Launchd | TimerSystem::TaskScheduler, _) => {
            let (head, body) = match system {
                TimerSystem::TaskScheduler => (XML_UTF_16, task(job, schedule)),
                _ => (XML, agent(job, schedule, name)),
            };
            // A comment must not hold two hyphens.
            let (runs, hint) = (
                runs.replace('-', "\\u002d"),
                HINT.replace("--", "\u{2011}\u{2011}"),
            );
            let body = format!("<!-- {hint} -->\n<!-- {RUNS}{runs} -->\n{body}");
            let text = sealed((head, "<!-- ", " -->\n"), &body);
            match system {
                TimerSystem::TaskScheduler => utf_16(&text),
                _ => text.into_bytes(),
            }
        }
    }
}

/// A text with the checksum of its body above it, in a comment.
fn sealed((head, open, close): (&str, &str, &str), body: &str) -> String {
    let sum = checksum(body.as_bytes());
    format!("{head}{open}{MARK}{VERSION}{CHECKSUM}{sum}{close}{body}")
}

/// Whether a file is as some version of this program wrote it.
#[must_use]
pub(crate) fn is_unchanged(bytes: &[u8]) -> bool {
    let text = text_of(bytes);
    let Some((_, rest)) = text.split_once(MARK) else {
        return false;
    };
    let Some((line, body)) = rest.split_once('\n') else {
        return false;
    };
    let sum = line
        .split_once(CHECKSUM)
        .map(|(_, sum)| sum.trim_end_matches(" -->"));
    // The lines above are the same in each.
    let head = text.split_once(MARK).map_or("", |(head, _)| head);
    [
        "# ".to_owned(),
        format!("{XML}<!-- "),
        format!("{XML_UTF_16}<!-- "),
    ]
    .contains(&head.to_owned())
        && sum == Some(&*checksum(body.as_bytes()))
}

/// The program that a file of a timer runs, and its arguments; `None` if it names none.
#[must_use]
pub(crate) fn runs(bytes: &[u8]) -> Option<Vec<String>> {
    let text = text_of(bytes);
    let mut lines = text.lines();
    let line = lines.find_map(|line| Some(line.split_once(RUNS)?.1))?;
    serde_json::from_str(line.trim_end_matches(" -->")).ok()
}

fn text_of(bytes: &[u8]) -> String {
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(units) => {
            let units = units
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A text as the Task Scheduler writes it itself: UTF-16 with a mark of the byte order.
fn utf_16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The unit that runs the program once (systemd.service(5), systemd.exec(5)).
fn service(job: &Job) -> String {
    // systemd runs no program whose path has one of these, however it is written.
    let is_refused = |c: char| matches!(c, '"' | '\'' | '\\') || c.is_ascii_control();
    let through_shell = ["/bin/sh", "-c", "exec \"$0\" \"$@\""];
    let shell = match job.words.first() {
        Some(program) if program.contains(is_refused) => &through_shell[..],
        _ => &[],
    };
    let words = shell.iter().copied();
    let words: Vec<&str> = words.chain(job.words.iter().map(String::as_str)).collect();
    // With a colon before the program, a dollar sign is one; to double it would change the path of the program.
    let plain = match words.iter().any(|word| word.contains('$')) {
        true => ":",
        false => "",
    };
    let words: Vec<String> = words.into_iter().map(unit_word).collect();
    let variables = job.variables.iter();
    let variables = variables
        .map(|(name, value)| format!("Environment={}\n", quoted(&format!("{name}={value}"))));
    format!(
        "[Unit]\nDescription=Keep the target folders of a shared root small (cargo-sharedtarget)\n\n\
         [Service]\nType=oneshot\nExecStart={plain}{}\n{}Nice=19\nIOSchedulingClass=idle\n",
        words.join(" "),
        variables.collect::<String>()
    )
}

/// The unit that starts the other one (systemd.timer(5)). A run that was missed, since the machine was off, is made up for.
fn systemd_timer(schedule: Schedule) -> String {
    format!(
        "[Unit]\nDescription=Keep the target folders of a shared root small (cargo-sharedtarget), {0}\n\n\
         [Timer]\nOnCalendar={0}\nRandomizedDelaySec=1h\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
        schedule.name()
    )
}

/// A word of a command line in a unit (systemd.syntax(7), systemd.service(5)).
fn unit_word(word: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | ',' | '+' | '=');
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => quoted(word),
    }
}

/// A text in quotes in a unit: `%` begins a specifier there, and `\` an escape.
fn quoted(text: &str) -> String {
    let mut all = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => all.push_str("\\\""),
            '\\' => all.push_str("\\\\"),
            '%' => all.push_str("%%"),
            '\n' => all.push_str("\\n"),
            '\t' => all.push_str("\\t"),
            c if c.is_ascii_control() => all.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => all.push(c),
        }
    }
    all + "\""
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const XML_UTF_16: &str = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n";

/// A text in XML. Of what XML cannot hold at all, such as a bell, nothing is left.
fn xml(text: &str) -> String {
    let mut all = String::new();
    for c in text.chars() {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\n' | '\r' | '\t' => all.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_ascii_control() => {}
            c => all.push(c),
        }
    }
    all
}

/// A LaunchAgent (launchd.plist(5)). A run that was missed, since the machine slept, is made up for when it wakes.
fn agent(job: &Job, schedule: Schedule, name: &str) -> String {
    let string = |text: &String| format!("    <string>{}</string>\n", xml(text));
    let words: String = job.words.iter().map(string).collect();
    let variable = |(name, value): &(String, String)| {
        format!(
            "    <key>{}</key>\n    <string>{}</string>\n",
            xml(name),
            xml(value)
        )
    };
    let variables: String = job.variables.iter().map(variable).collect();
    let weekday = match schedule {
        Schedule::Weekly => "    <key>Weekday</key>\n    <integer>1</integer>\n",
        _ => "",
    };
    format!(
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  <string>{}</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n\
         \x20 <key>EnvironmentVariables</key>\n  <dict>\n{variables}  </dict>\n\
         \x20 <key>StartCalendarInterval</key>\n  <dict>\n{weekday}    <key>Hour</key>\n    <integer>12</integer>\n\
         \x20   <key>Minute</key>\n    <integer>30</integer>\n  </dict>\n\
         \x20 <key>Nice</key>\n  <integer>19</integer>\n  <key>LowPriorityIO</key>\n  <true/>\n\
         \x20 <key>ProcessType</key>\n  <string>Background</string>\n</dict>\n</plist>\n",
        xml(name)
    )
}

/// A task (the schema of Task Scheduler 1.2). A run that was missed is made up for; it has no terminal, and a low priority.
fn task(job: &Job, schedule: Schedule) -> String {
    let (program, arguments) = job
        .words
        .split_first()
        .map_or(("", &[][..]), |(one, rest)| (one, rest));
    let arguments: Vec<String> = arguments.iter().map(|word| windows_word(word)).collect();
    let when = match schedule {
        Schedule::Weekly => {
            "<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday /></DaysOfWeek></ScheduleByWeek>"
        }
        _ => "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>",
    };
    format!(
        "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n\
         \x20 <Triggers>\n    <CalendarTrigger>\n      <StartBoundary>2020-01-06T12:30:00</StartBoundary>\n\
         \x20     <Enabled>true</Enabled>\n      {when}\n    </CalendarTrigger>\n  </Triggers>\n\
         \x20 <Settings>\n    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n\
         \x20   <StartWhenAvailable>true</StartWhenAvailable>\n    <Hidden>true</Hidden>\n    <Priority>8</Priority>\n  </Settings>\n\
         \x20 <Actions>\n    <Exec>\n      <Command>{}</Command>\n      <Arguments>{}</Arguments>\n    </Exec>\n  </Actions>\n</Task>\n",
        xml(program),
        xml(&arguments.join(" "))
    )
}

/// A word of a command line as programs of Windows take it apart (`CommandLineToArgvW`): backslashes count only before a quote.
fn windows_word(word: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && c != '"';
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let mut all = String::from("\"");
    let mut backslashes = 0;
    for c in word.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => all.push_str(&"\\".repeat(backslashes + 1)),
            _ => {}
        }
        if c != '\\' {
            backslashes = 0;
        }
        all.push(c);
    }
    all + &"\\".repeat(backslashes) + "\""
}

/// The arguments of `systemctl`, `launchctl` or `schtasks` that set a timer, and those that take it out.
#[must_use]
pub(crate) fn command(
    system: TimerSystem,
    on: bool,
    name: &str,
    file: &str,
    user: u32,
) -> (&'static str, Vec<String>) {
    let (program, words) = match (system, on) {
        (TimerSystem::Systemd, true) => ("systemctl", vec!["--user", "enable", "--now"]),
        (TimerSystem::Systemd, false) => ("systemctl", vec!["--user", "disable", "--now"]),
        (TimerSystem::Launchd, true) => ("launchctl", vec!["bootstrap"]),
        (TimerSystem::Launchd, false) => ("launchctl", vec!["bootout"]),
        (TimerSystem::TaskScheduler, true) => ("schtasks", vec!["/Create", "/F", "/TN"]),
        (TimerSystem::TaskScheduler, false) => ("schtasks", vec!["/Delete", "/F", "/TN"]),
    };
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    match (system, on) {
        (TimerSystem::Systemd, _) => words.push(format!("{name}.timer")),
        (TimerSystem::Launchd, true) => words.extend([format!("gui/{user}"), file.to_owned()]),
        (TimerSystem::Launchd, false) => words.push(format!("gui/{user}/{name}")),
        (TimerSystem::TaskScheduler, true) => {
            words.extend([name.to_owned(), "/XML".into(), file.to_owned()]);
        }
        (TimerSystem::TaskScheduler, false) => words.push(name.to_owned()),
    }
    (program, words)
}

/// A command line as a user types it. Options are words as they are, and no files of that name.
#[must_use]
pub(crate) fn line(program: &str, words: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '=');
    let word = |word: &String| match word.starts_with('-') && word.chars().all(is_plain) {
        true => word.clone(),
        false => shell::word(Path::new(word)),
    };
    let words: Vec<String> = words.iter().map(word).collect();
    format!("{program} {}", words.join(" "))
}

#[cfg(test)]
mod tests;
