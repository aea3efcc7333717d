//! Dep-info, Cargo's and rustc's: what they would write is read as it was meant, and anything else does no harm.
//!
//! An input is a file of either kind; and what made-up files hold.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use cargo_sharedtarget::target::dep_info::{Base, DepFile, DepInfo, RustcDepInfo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    any(input);
    let _ = RustcDepInfo::parse(&String::from_utf8_lossy(input));
    if let Ok(made) = Made::arbitrary(&mut Unstructured::new(input)) {
        as_cargo(&made);
        as_rustc(&made);
    }
});

/// The base of its path, the path, and the length and the checksum.
type File = (u8, String, Option<(u64, String)>);

/// The content of a dep-info.
#[derive(Arbitrary, Debug)]
struct Made {
    files: Vec<File>,
    env: Vec<(String, Option<String>)>,
    from: String,
    into: String,
}

fn any(bytes: &[u8]) {
    let read = DepInfo::parse(bytes);
    for folder in ["", "/w", "C:\\w"] {
        if let Some(same) = DepInfo::relocated(bytes, folder, folder) {
            assert_eq!(same, bytes);
        }
        if let Some(moved) = DepInfo::relocated(bytes, folder, "/elsewhere") {
            let (read, moved) = (read.as_ref(), DepInfo::parse(&moved));
            is_moved(
                read.expect("was read"),
                &moved.expect("valid"),
                folder,
                "/elsewhere",
            );
        }
    }
}

fn is_moved(before: &DepInfo, after: &DepInfo, from: &str, into: &str) {
    assert_eq!(before.env, after.env);
    assert_eq!(before.files.len(), after.files.len());
    for (before, after) in before.files.iter().zip(&after.files) {
        let inside = before.path.strip_prefix(from);
        let inside = inside.filter(|inside| inside.starts_with(['/', '\\']));
        let path = inside.map_or(before.path.clone(), |inside| format!("{into}{inside}"));
        assert_eq!((before.base, &path), (after.base, &after.path));
    }
}

fn as_cargo(made: &Made) {
    let mut bytes = vec![1, 0, 0, 0, 0xff, 1];
    let number = |many: usize| u32::try_from(many).expect("short").to_le_bytes();
    let block = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend(number(text.len()));
        bytes.extend(text.as_bytes());
    };
    bytes.extend(number(made.files.len()));
    for (base, path, checksum) in &made.files {
        bytes.push(base % 3);
        block(&mut bytes, path);
        bytes.push(u8::from(checksum.is_some()));
        if let Some((length, sum)) = checksum {
            bytes.extend(length.to_le_bytes());
            block(&mut bytes, sum);
        }
    }
    bytes.extend(number(made.env.len()));
    for (name, value) in &made.env {
        block(&mut bytes, name);
        bytes.push(u8::from(value.is_some()));
        if let Some(value) = value {
            block(&mut bytes, value);
        }
    }
    let files = made.files.iter().map(|(base, path, _)| DepFile {
        base: [Base::Package, Base::Build, Base::Workspace][usize::from(base % 3)],
        path: path.clone(),
    });
    let expected = DepInfo {
        files: files.collect(),
        env: made.env.clone(),
    };
    assert_eq!(DepInfo::parse(&bytes).as_ref(), Some(&expected));
    assert_eq!(DepInfo::parse(&bytes[..bytes.len() - 1]), None);
    if let Some(moved) = DepInfo::relocated(&bytes, &made.from, &made.into) {
        let moved = DepInfo::parse(&moved).expect("valid");
        is_moved(&expected, &moved, &made.from, &made.into);
    }
}

/// Source: `write_out_deps` in `compiler/rustc_interface/src/passes.rs` of rustc.
fn as_rustc(made: &Made) {
    // Of these rustc writes what can be read in more than one way.
    let unclear = |path: &str| path.is_empty() || path.contains(['\\', '\n', '\r']);
    let sources = made.files.iter().map(|(_, path, _)| path.clone());
    let sources: Vec<String> = sources.filter(|path| !unclear(path)).collect();
    // A name with `=` is none.
    let env = made.env.iter().filter(|(name, _)| !name.contains('='));
    let env: Vec<_> = env.cloned().collect();

    let escaped = |path: &String| path.replace(' ', "\\ ");
    let names: Vec<String> = sources.iter().map(escaped).collect();
    let mut text = format!("/t/a.d: {}\n\n/t/a: {}\n", names.join(" "), names.join(" "));
    for name in &names {
        text.push_str(&format!("\n{name}:"));
    }
    text.push('\n');
    let escaped = |text: &String| {
        let text = text.replace('\\', "\\\\");
        text.replace('\n', "\\n").replace('\r', "\\r")
    };
    for (name, value) in &env {
        text.push_str(&format!("# env-dep:{}", escaped(name)));
        if let Some(value) = value {
            text.push_str(&format!("={}", escaped(value)));
        }
        text.push('\n');
    }
    assert_eq!(RustcDepInfo::parse(&text), RustcDepInfo { sources, env });
}
