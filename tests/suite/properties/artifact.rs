//! Any artifact is read without a panic, and a part of a real one is never whole.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make real files and run real programs"
)]

use std::io::Cursor;
use std::process::Command;
use std::sync::OnceLock;

use cargo_sharedtarget::target::artifact::compiler_name::compiler_name;
use cargo_sharedtarget::target::artifact::debug_info::sections;
use cargo_sharedtarget::target::artifact::paths::{foreign_path, names_root};
use cargo_sharedtarget::target::artifact::whole;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Names and bytes of artifacts that a real compiler made, with a path in each.
fn artifacts() -> &'static [(String, Vec<u8>)] {
    static ARTIFACTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    ARTIFACTS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let source = "pub fn any<T: Default>() -> (T, &'static str) { (T::default(), \"/donor/worktree/target/x\") }\n\
                      pub fn it() -> String { any::<u8>().1.to_owned() }\nfn main() { println!(\"{}\", it()); }\n";
        std::fs::write(folder.path().join("it.rs"), source).expect("a file");
        let made = [
            ("rlib", "libit.rlib", &["--crate-type=rlib", "-g"][..]),
            ("rmeta", "libit.rmeta", &["--crate-type=rlib", "--emit=metadata"]),
            ("o3", "libit.rlib", &["--crate-type=rlib", "-Copt-level=3", "-Clinker-plugin-lto"]),
            ("dynamic", "libit.so", &["--crate-type=dylib", "-Cprefer-dynamic"]),
            ("program", "it", &["--crate-type=bin", "-Cprefer-dynamic", "-Copt-level=3"]),
        ];
        // Linked files for Windows may be padded, and without the padding they are as good.
        let made = &made[..if cfg!(windows) { 3 } else { made.len() }];
        let made = made.iter().map(|(kind, name, flags)| {
            let output = folder.path().join(format!("{kind}.out"));
            let done = Command::new("rustc")
                .args(["--edition=2021", "--crate-name=it", "it.rs", "-o"])
                .arg(&output)
                .args(*flags)
                .current_dir(folder.path())
                .output()
                .expect("rustc");
            assert!(done.status.success(), "{done:?}");
            ((*name).to_owned(), std::fs::read(output).expect("an artifact"))
        });
        made.collect()
    })
}

fn is_whole(name: &str, bytes: &[u8]) -> bool {
    whole(name, Cursor::new(bytes)).is_ok()
}

#[test]
fn an_artifact_is_whole_and_no_beginning_of_it() {
    for (name, bytes) in artifacts() {
        assert_eq!(whole(name, Cursor::new(bytes)), Ok(()));
        let step = 1 + bytes.len() / 5000;
        for length in (0..bytes.len()).step_by(step) {
            assert!(!is_whole(name, &bytes[..length]), "{name} {length}");
        }
        // Where a member of an archive begins, 60 bytes before its data.
        for end in memchr::memmem::find_iter(bytes, b"`\n") {
            let begin = end.saturating_sub(58);
            assert!(!is_whole(name, &bytes[..begin]), "{name} {begin}");
        }
        assert!(!is_whole(name, &vec![0; bytes.len()]), "{name}");
        assert!(!is_whole("x.unknown", bytes));
        let roots = ["/donor/worktree/target"];
        if name != "libit.rmeta" {
            let found = foreign_path(bytes, &roots, &[], &|_| true);
            assert!(
                found.is_some_and(|found| found.starts_with("/donor/worktree/target/x")),
                "{name}"
            );
        }
        assert_eq!(
            foreign_path(bytes, &["/elsewhere"], &[], &|_| true),
            None,
            "{name}"
        );
    }
}

const NAMES: &[&str] = &[
    "a.rlib", "a.rmeta", "a.so", "a.dylib", "a.dll", "a", "a.wasm", "a.a", "a.o", "a.d",
];

const MAGICS: &[&[u8]] = &[
    b"",
    b"rust\0\0\0\n",
    b"!<arch>\n",
    b"!<thin>\n",
    b"!<arch>\nlib.rmeta/      0           0     0     644     70        `\n",
    b"\0asm\x01\0\0\0",
    b"BC\xc0\xde",
    b"\x7fELF\x02\x01\x01\0",
    b"\x7fELF\x01\x02\x01\0",
    b"\xcf\xfa\xed\xfe",
    b"\xfe\xed\xfa\xce",
    b"\x64\x86\x02\0",
    b"\0\0\xff\xff\0\0\x64\x86",
    b"MZ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage(
        name in select(NAMES),
        magic in select(MAGICS),
        rest in prop::collection::vec(any::<u8>(), 0..400),
        root in "/?[a-z:\\\\/é]{0,6}",
        at in any::<Index>(),
    ) {
        let mut bytes = [magic, &rest].concat();
        let _ = whole(name, Cursor::new(&bytes));
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..at, root.bytes());
        let sources = [root.clone() + "/a.rs", root.clone()];
        let _ = foreign_path(&bytes, &[&root, "/w"], &sources, &|_| true);
        let _ = names_root(&bytes, &[&root]);
        let _ = compiler_name(Cursor::new(&bytes));
        let _ = sections(name, Cursor::new(&bytes)).total();
    }

    #[test]
    fn a_part_is_never_whole(which in any::<Index>(), length in any::<Index>()) {
        let (name, bytes) = which.get(artifacts());
        let part = &bytes[..length.index(bytes.len())];
        prop_assert!(!is_whole(name, part));
        let (some, all) = [part, bytes].map(|bytes| sections(name, Cursor::new(bytes)).total()).into();
        prop_assert!(some <= all, "{some:?} {all:?}");
    }

    #[test]
    fn damage_is_read_without_panic(
        which in any::<Index>(),
        damages in prop::collection::vec((any::<Index>(), any::<u8>()), 1..20),
        early in any::<bool>(),
    ) {
        let (name, bytes) = which.get(artifacts());
        let mut bytes = bytes.clone();
        for (at, byte) in damages {
            let many = if early { bytes.len().min(600) } else { bytes.len() };
            bytes[at.index(many)] = byte;
        }
        let _ = whole(name, Cursor::new(&bytes));
        let _ = foreign_path(&bytes, &["/donor/worktree/target"], &["/donor/worktree/target/x.rs".to_owned()], &|_| true);
        let _ = compiler_name(Cursor::new(&bytes));
        let _ = sections(name, Cursor::new(&bytes)).total();
    }
}
