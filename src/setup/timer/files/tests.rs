use super::*;

fn job(words: &[&str]) -> Job {
    Job {
        words: words.iter().map(|&word| word.to_owned()).collect(),
        variables: vec![("PATH".into(), "/usr/bin:/a b%/$x".into())],
    }
}

fn text(system: TimerSystem, ending: &str, words: &[&str], schedule: Schedule) -> String {
    text_of(&file(
        system,
        ending,
        &job(words),
        schedule,
        "cargo-sharedtarget-pika-01",
    ))
}

/// The line of a unit that begins with a key.
fn line(text: &str, key: &str) -> String {
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with(key))
        .expect(key)
        .to_owned()
}

const ALL: [(TimerSystem, &str); 4] = [
    (TimerSystem::Systemd, "service"),
    (TimerSystem::Systemd, "timer"),
    (TimerSystem::Launchd, "plist"),
    (TimerSystem::TaskScheduler, "xml"),
];

const ODD: [&str; 6] = [
    "/opt/my tools/cargo-sharedtarget",
    "say \"hi\" & <go>",
    "100%",
    "it's --yes -- -->",
    "back\\slash\\",
    "tab\tnew\nline é",
];

#[test]
fn words_of_units() {
    for (word, written) in [
        ("/usr/bin/cargo-sharedtarget", "/usr/bin/cargo-sharedtarget"),
        ("--by-settings", "--by-settings"),
        ("", "\"\""),
        ("a b", "\"a b\""),
        ("it's", "\"it's\""),
        ("say \"x\"", "\"say \\\"x\\\"\""),
        ("back\\slash", "\"back\\\\slash\""),
        ("100%", "\"100%%\""),
        ("a;b", "\"a;b\""),
        (";", "\";\""),
        ("new\nline", "\"new\\nline\""),
        ("bell\u{7}", "\"bell\\x07\""),
        ("é", "\"é\""),
    ] {
        assert_eq!(unit_word(word), written);
    }
}

#[test]
fn a_dollar_sign_is_one() {
    let plain = text(
        TimerSystem::Systemd,
        "service",
        &["/bin/x", "/a"],
        Schedule::Daily,
    );
    assert_eq!(line(&plain, "ExecStart="), "ExecStart=/bin/x /a");
    let dollar = text(
        TimerSystem::Systemd,
        "service",
        &["/a $x/y", "${HOME}"],
        Schedule::Daily,
    );
    assert_eq!(
        line(&dollar, "ExecStart="),
        "ExecStart=:\"/a $x/y\" \"${HOME}\""
    );
    assert_eq!(
        line(&dollar, "Environment="),
        "Environment=\"PATH=/usr/bin:/a b%%/$x\""
    );
}

#[test]
fn a_program_that_systemd_refuses_runs_through_a_shell() {
    for program in ["/it's/x", "/a \"b\"/x", "/a\\b/x"] {
        let words = [program, "/a b"];
        let unit = text(TimerSystem::Systemd, "service", &words, Schedule::Daily);
        let start = "ExecStart=:/bin/sh -c \"exec \\\"$0\\\" \\\"$@\\\"\" ";
        let expected = format!("{start}{} \"/a b\"", quoted(program));
        assert_eq!(line(&unit, "ExecStart="), expected);
        assert_eq!(runs(unit.as_bytes()).expect("its words"), words);
    }
}

#[test]
fn units_run_late_and_last() {
    let service = text(
        TimerSystem::Systemd,
        "service",
        &["/bin/x"],
        Schedule::Weekly,
    );
    for key in ["Type=oneshot", "Nice=19", "IOSchedulingClass=idle"] {
        assert_eq!(line(&service, key), key);
    }
    for (schedule, calendar) in [
        (Schedule::Daily, "OnCalendar=daily"),
        (Schedule::Weekly, "OnCalendar=weekly"),
    ] {
        let timer = text(TimerSystem::Systemd, "timer", &["/bin/x"], schedule);
        for key in [calendar, "Persistent=true", "WantedBy=timers.target"] {
            assert_eq!(line(&timer, key), key);
        }
    }
}

#[test]
fn property_lists_and_tasks_are_xml() {
    for (system, ending) in [
        (TimerSystem::Launchd, "plist"),
        (TimerSystem::TaskScheduler, "xml"),
    ] {
        let text = text(system, ending, &ODD, Schedule::Weekly);
        assert!(text.starts_with("<?xml "), "{text}");
        let comments: Vec<&str> = text.split("<!--").skip(1).collect();
        for comment in comments {
            let (inside, _) = comment.split_once("-->").expect("an end");
            assert!(!inside.contains("--"), "{inside}");
        }
        let text = text.rsplit_once("-->").expect("comments").1;
        assert!(
            !text.contains("<go>") && text.contains("&lt;go&gt;"),
            "{text}"
        );
    }
    let agent = text(TimerSystem::Launchd, "plist", &ODD, Schedule::Daily);
    assert!(
        agent.contains("<string>say &quot;hi&quot; &amp; &lt;go&gt;</string>"),
        "{agent}"
    );
    assert!(
        agent.contains("<string>tab&#9;new&#10;line é</string>"),
        "{agent}"
    );
    assert!(!agent.contains("Weekday"), "{agent}");
    assert!(text(TimerSystem::Launchd, "plist", &ODD, Schedule::Weekly).contains("Weekday"));
    let task = file(
        TimerSystem::TaskScheduler,
        "xml",
        &job(&ODD),
        Schedule::Daily,
        "x",
    );
    assert_eq!(
        task[..4],
        [0xff, 0xfe, b'<', 0],
        "as the Task Scheduler reads it"
    );
}

#[test]
fn words_for_windows() {
    for (word, written) in [
        ("plain", "plain"),
        ("C:\\x\\", "C:\\x\\"),
        ("", "\"\""),
        ("a b", "\"a b\""),
        ("a b\\", "\"a b\\\\\""),
        ("a\\b c", "\"a\\b c\""),
        ("say \"x\"", "\"say \\\"x\\\"\""),
        ("end\\\"", "\"end\\\\\\\"\""),
    ] {
        assert_eq!(windows_word(word), written);
    }
}

#[test]
fn a_change_by_hand_is_noticed() {
    for (system, ending) in ALL {
        let bytes = file(system, ending, &job(&ODD), Schedule::Daily, "x");
        assert!(is_unchanged(&bytes), "{ending}");
        let text = text_of(&bytes);
        for changed in [
            text.replace("gc", "clean") + " ",
            text.replacen('\n', "\n\n", 2),
            format!("\n{text}"),
            text.replace("version 1", "version"),
        ] {
            assert!(!is_unchanged(changed.as_bytes()), "{changed}");
        }
    }
    for foreign in [
        &b""[..],
        b"[Unit]\n",
        b"# cargo-sharedtarget timer",
        &[0xff, 0xfe, 1],
    ] {
        assert!(!is_unchanged(foreign));
        assert_eq!(runs(foreign), None);
    }
}

#[test]
fn the_program_is_read_again() {
    for (system, ending) in ALL {
        let bytes = file(system, ending, &job(&ODD), Schedule::Daily, "x");
        let expected = (ending != "timer").then(|| job(&ODD).words);
        assert_eq!(runs(&bytes), expected, "{ending}");
    }
}

#[test]
fn commands() {
    let say = |system, on| {
        let (program, words) = command(system, on, "n", "/f", 501);
        format!("{program} {}", words.join(" "))
    };
    use TimerSystem::{Launchd, Systemd, TaskScheduler};
    assert_eq!(say(Systemd, true), "systemctl --user enable --now n.timer");
    assert_eq!(
        say(Systemd, false),
        "systemctl --user disable --now n.timer"
    );
    assert_eq!(say(Launchd, true), "launchctl bootstrap gui/501 /f");
    assert_eq!(say(Launchd, false), "launchctl bootout gui/501/n");
    assert_eq!(
        say(TaskScheduler, true),
        "schtasks /Create /F /TN n /XML /f"
    );
    assert_eq!(say(TaskScheduler, false), "schtasks /Delete /F /TN n");
}
