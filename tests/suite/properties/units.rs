//! Target folders whose content is hostile.

use cargo_sharedtarget::target::dep_info::{DepInfo, RustcDepInfo};
use cargo_sharedtarget::target::fingerprint;
use cargo_sharedtarget::target::layout::{self, Owner};
use proptest::prelude::*;

/// Bytes that begin like a dep-info, with lengths that are often small enough to be met.
fn like_dep_info() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => 0..3_u8, 1 => any::<u8>()];
    prop::collection::vec(byte, 0..200)
        .prop_map(|rest| [&[1, 0, 0, 0, 0xff, 1][..], &rest].concat())
}

/// A dep-info as Cargo writes it, and what is in it.
fn dep_info() -> impl Strategy<Value = (Vec<u8>, Vec<String>)> {
    prop::collection::vec((0..2_u8, "[a-z /żó]{0,12}", any::<bool>()), 0..5).prop_map(|files| {
        let mut bytes = vec![1, 0, 0, 0, 0xff, 1];
        let number = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
        bytes.extend(number(files.len()));
        for (base, path, sum) in &files {
            bytes.push(*base);
            bytes.extend(number(path.len()));
            bytes.extend(path.bytes());
            bytes.push(u8::from(*sum));
            if *sum {
                bytes.extend([7; 8]);
                bytes.extend(number(3));
                bytes.extend(b"sum");
            }
        }
        bytes.extend(number(0));
        (bytes, files.into_iter().map(|(_, path, _)| path).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = fingerprint::parse(&bytes);
        let _ = fingerprint::parse_hash(&bytes);
        let _ = DepInfo::parse(&bytes);
        let _ = RustcDepInfo::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn lengths_in_a_dep_info_are_not_believed(bytes in like_dep_info()) {
        if let Some(info) = DepInfo::parse(&bytes) {
            let read: usize = info.files.iter().map(|file| file.path.chars().count() + 6).sum();
            prop_assert!(read <= bytes.len());
        }
    }

    #[test]
    fn a_dep_info_is_read_whole_or_not_at_all((bytes, paths) in dep_info(), cut in any::<prop::sample::Index>()) {
        let info = DepInfo::parse(&bytes).expect("valid");
        let read: Vec<String> = info.files.into_iter().map(|file| file.path).collect();
        prop_assert_eq!(read, paths);
        prop_assert_eq!(DepInfo::parse(&bytes[..cut.index(bytes.len())]), None);
    }

    #[test]
    fn sources_come_back_as_they_were(paths in prop::collection::vec("[a-z/.:]{1,6}( [a-z/.]{1,3}){0,2}", 1..4)) {
        let escaped: Vec<String> = paths.iter().map(|path| path.replace(' ', "\\ ")).collect();
        let info = RustcDepInfo::parse(&format!("/t/a.d: {}\n", escaped.join(" ")));
        prop_assert_eq!(info.sources, paths);
    }

    #[test]
    fn a_rule_of_any_text_is_read(text in "(# env-dep:)?[a-z\\\\ :=#\n]{0,60}") {
        let _ = RustcDepInfo::parse(&text);
    }

    #[test]
    fn any_path_has_an_owner(parts in prop::collection::vec("deps|build|examples|incremental|\\.fingerprint|out|run|a-0123456789abcdef|0123456789abcdef|[-a-f0-9.]{0,20}", 1..6), folder in any::<bool>()) {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let Owner::Unit { hash, .. } = layout::owner(&parts, folder) {
            prop_assert_eq!(hash.len(), 16);
            prop_assert!(parts.iter().any(|part| part.contains(&hash)));
        }
        let _ = layout::outside(&parts, folder);
        let _ = fingerprint::target(parts[0]);
    }
}
