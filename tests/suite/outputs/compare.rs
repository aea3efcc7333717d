//! Compares a quoted text with an output, both redacted.

/// The first difference of a quoted text from an output, for people.
///
/// A line of the quoted text with only `…` stands for any number of lines, a `…` inside a line for any text there.
pub(super) fn difference(quoted: &str, output: &str) -> Option<String> {
    let (quoted, found): (Vec<&str>, Vec<&str>) =
        (quoted.lines().collect(), output.lines().collect());
    let mut furthest = (0, 0);
    if lines(&quoted, &found, (0, 0), &mut furthest) {
        return None;
    }
    let (at, to) = furthest;
    let shown = |lines: &[&str], at: usize| lines.get(at).copied().unwrap_or("the end").to_owned();
    let (expected, got) = (shown(&quoted, at), shown(&found, to));
    Some(format!(
        "quoted: {expected}\noutput: {got}\n\nthe output, redacted:\n{output}\n"
    ))
}

/// Whether the lines from these places on are alike; notes the place that the comparison has reached.
fn lines(
    quoted: &[&str],
    found: &[&str],
    (at, to): (usize, usize),
    furthest: &mut (usize, usize),
) -> bool {
    let Some(line) = quoted.get(at) else {
        return to == found.len();
    };
    if line.trim() == "…" {
        return (to..=found.len()).any(|to| lines(quoted, found, (at + 1, to), furthest));
    }
    if at >= furthest.0 {
        *furthest = (at, to);
    }
    let is_alike = found.get(to).is_some_and(|found| text(line, found));
    is_alike && lines(quoted, found, (at + 1, to + 1), furthest)
}

/// Whether a line is alike, with `…` for any text.
fn text(quoted: &str, found: &str) -> bool {
    let mut parts = quoted.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn what_is_left_out_is_any_text_and_nothing_else_is() {
    let same = |quoted: &str, output: &str| difference(quoted, output).is_none();
    assert!(same("one\ntwo", "one\ntwo\n"));
    assert!(!same("one", "one\ntwo"));
    assert!(!same("one\ntwo", "one"));
    assert!(same("one\n…\nfour", "one\ntwo\nthree\nfour"));
    assert!(same("…\nfour\n  …", "four"));
    assert!(!same("…\ntwo\n…\none\n…", "one\ntwo"));
    assert!(same("a … b", "a thing b") && same("a…b…", "a b b c"));
    assert!(!same("a … b", "a b") && !same("a…b", "a b c"));
    let shown = difference("one\nthree", "one\ntwo").expect("a difference");
    assert!(shown.starts_with("quoted: three\noutput: two\n"), "{shown}");
}
