//! The compiler's version, as Cargo keeps it in `.rustc_info.json` of a target folder: without it, a first build starts rustc
//! once more to ask.
//!
//! Cargo takes an answer only while the compiler, its wrappers and the toolchain's name are those that gave it, each by
//! its path and times. The version depends on nothing else. So it is given where both workspaces have the same toolchain:
//! a program may choose the compiler by the folder. The other answers, such as the `cfg` values of a target, stay behind:
//! they depend on variables of the donor's shell (`RUSTC_BOOTSTRAP`), which the file does not record.
//!
//! Source: `rustc_fingerprint` and `process_fingerprint` in `src/util/rustc.rs` of Cargo. A test of the suite counts the
//! compilers that a first build starts.

use serde_json::Value;

use crate::fs::Theirs;
use crate::warm::model::WarmFolder;
use crate::{fs, markers};

/// The most that is read of the file. Cargo's own has 2 KiB for each set of flags.
const MOST: u64 = 1 << 20;

/// Gives a folder the version, unless it has a file of its own. Where that cannot be done, the first build asks the
/// compiler.
pub(super) fn give(warm: &WarmFolder) {
    let file = warm.from.join(markers::RUSTC_INFO);
    // As with each file of a unit: Cargo believes the version that stands there.
    let is_of_others = matches!(fs::theirs(&file), Some(Theirs::Owner | Theirs::Everybody));
    let is_file = fs::info(&file).is_ok_and(|info| info.is_some_and(|info| info.is_file));
    if !warm.same_toolchain || is_of_others || !is_file {
        return;
    }
    let bytes = fs::read_start(&file, MOST).ok().flatten();
    if let Some(version) = bytes.and_then(|bytes| version_alone(&bytes)) {
        let _ = fs::write_if_absent(&warm.into.join(markers::RUSTC_INFO), &version);
    }
}

/// The file with no other answer than the version; `None` if it has none, or is not understood.
fn version_alone(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut info: Value = serde_json::from_slice(bytes).ok()?;
    let outputs = info.get_mut("outputs")?.as_object_mut()?;
    outputs.retain(|_, output| {
        let stdout = output.get("stdout").and_then(Value::as_str);
        let is_version = stdout.is_some_and(|text| {
            text.starts_with("rustc ") && text.lines().any(|line| line.starts_with("commit-hash: "))
        });
        is_version && output.get("success") == Some(&Value::Bool(true))
    });
    match outputs.len() {
        1 => serde_json::to_vec(&info).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn output(stdout: &str, success: bool) -> Value {
        json!({"success": success, "status": "", "code": 0, "stdout": stdout, "stderr": ""})
    }

    fn file(outputs: &Value) -> Value {
        json!({"rustc_fingerprint": 8668999387863862814u64, "outputs": outputs, "successes": {}})
    }

    #[test]
    fn the_version_goes_and_the_rest_stays() {
        const VERSION: &str = "rustc 1.95.0 (1234 2026-04-14)\ncommit-hash: 1234\nhost: x\n";
        const TARGET: &str = "___\nlib___.rlib\n/toolchains/stable\noff\n___\nunix\n";
        let given = |outputs: Value| {
            let bytes = version_alone(file(&outputs).to_string().as_bytes())?;
            serde_json::from_slice::<Value>(&bytes).ok()
        };
        let version = output(VERSION, true);
        let both = json!({"1": version, "2": output(TARGET, true)});
        assert_eq!(given(both), Some(file(&json!({"1": version}))));
        assert_eq!(given(json!({"2": output(TARGET, true)})), None);
        assert_eq!(given(json!({"1": output(VERSION, false)})), None);
        // Two compilers in one folder are not known.
        assert_eq!(given(json!({"1": version, "3": version})), None);
        assert_eq!(version_alone(b"{}"), None);
        assert_eq!(version_alone(b"mine"), None);
    }
}
