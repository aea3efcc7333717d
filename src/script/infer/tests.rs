use super::*;

fn names(text: &str) -> Vec<String> {
    crates(text).into_iter().map(|named| named.name).collect()
}

fn features(text: &str) -> Vec<(String, Vec<String>)> {
    let all = crates(text).into_iter();
    all.map(|named| (named.name, named.features.into_iter().collect()))
        .collect()
}

#[test]
fn names_of_crates() {
    let cases: [(&str, &[&str]); 61] = [
        ("", &[]),
        ("use foo::a;", &["foo"]),
        ("use foo;", &["foo"]),
        ("use ::foo::a;", &["foo"]),
        ("pub(crate) use foo::{self, a::{b, c as d}, *};", &["foo"]),
        ("use {foo::a, bar::b as c, ::baz};", &["bar", "baz", "foo"]),
        ("use rand::{self, Rng}; rand::random();", &["rand"]),
        ("use rand; rand::random();", &["rand"]),
        ("use anyhow::anyhow; anyhow::bail!(\"x\");", &["anyhow"]),
        ("use serde_json as json; json::json!();", &["serde_json"]),
        (
            "use std::{fs, io::{self, Read as _}}; fs::read(); io::stdin();",
            &[],
        ),
        ("use std::io as foo; foo::stdin();", &[]),
        ("use foo::bar; bar::baz();", &["foo"]),
        (
            "use self::a::b; use crate::script::infer::c; use crate::d; Self::e(); b::f(); d::g();",
            &[],
        ),
        (
            "extern crate foo; extern crate bar as b; b::c();",
            &["bar", "foo"],
        ),
        ("#[macro_use] extern crate foo;", &["foo"]),
        ("extern crate self as me; me::x();", &[]),
        ("extern crate core; extern crate alloc;", &[]),
        ("foo::bar(1)", &["foo"]),
        ("let x = foo::mac!(bar::baz);", &["bar", "foo"]),
        ("#[foo::attr] fn x() {}", &["foo"]),
        ("#![foo::attr]", &["foo"]),
        (
            "#[derive(Debug, foo::X)] struct S(bar::T);",
            &["bar", "foo"],
        ),
        ("#[cfg_attr(unix, derive(foo::X))] struct S;", &["foo"]),
        ("#[rustfmt::skip] #[allow(clippy::all)] fn f() {}", &[]),
        (
            "fn f(x: foo::T) -> ::bar::T where T: baz::U {}",
            &["bar", "baz", "foo"],
        ),
        (
            "fn f<'a, T: 'a + foo::U>() -> impl ::bar::T + use<'a, T> {}",
            &["bar", "foo"],
        ),
        ("println!(\"{}\", rand::random::<u8>())", &["rand"]),
        ("vec![(foo::a, [bar::b])];", &["bar", "foo"]),
        (
            "u8::MAX; f64::consts::PI; str::from_utf8(); char::from(1); bool::then;",
            &[],
        ),
        (
            "std::fs::read(); core::mem::swap(); alloc::vec::x(); test::x(); proc_macro::x();",
            &[],
        ),
        ("Vec::new(); Foo::bar::baz(); T::x();", &[]),
        ("mod foo { pub mod bar {} } foo::bar::x(); bar::y();", &[]),
        ("mod foo; foo::x();", &[]),
        ("mod foo {} ::foo::x();", &["foo"]),
        (
            "enum lower { A } lower::A; struct s; s::x(); type t = u8; t::y(); trait r {} r::z();",
            &[],
        ),
        ("fn f<t: Default>() { t::default(); }", &[]),
        ("let x = 1; fn f<t: Default>() { t::default(); }", &[]),
        ("fn regex() -> regex::Regex { x }", &["regex"]),
        ("macro_rules! mine { () => {} } pub(crate) use mine;", &[]),
        ("fn mine() {} pub use mine as yours;", &[]),
        (
            "macro_rules! m { ($a:ident :: $b:path) => { $crate::x::y(); $a::z(); foo::x() } }",
            &["foo"],
        ),
        ("other! { #name::new(); #(#all::x),* }", &[]),
        ("x.collect::<Vec<_>>(); x.y::z; parse::<u8>(x);", &[]),
        ("0..foo::MAX", &["foo"]),
        (
            "<foo::T as bar::U>::name::x; Vec::<u8>::new::y(); x => ::baz::z",
            &["bar", "baz", "foo"],
        ),
        (
            "\"foo::bar\"; // foo::bar\n/* foo::bar */ r#\"use foo;\"#; 'f'",
            &[],
        ),
        ("/// foo::bar\nfn x() {}\n//! foo::bar", &[]),
        ("#!/usr/bin/env foo::bar\nbaz::x()", &["baz"]),
        ("\u{feff}#![allow(x)]\nr#foo::x()", &["foo"]),
        ("use std::*; fs::read(); foo::x();", &["foo"]),
        ("env::args(); use io::Read; foo::x();", &["foo"]),
        ("::env::args(); extern crate io;", &["env", "io"]),
        (
            "use num::BigInt; use ascii::AsciiChar; time::now(); backtrace::trace();",
            &["ascii", "backtrace", "num", "time"],
        ),
        ("use std::time; time::Instant::now();", &[]),
        (
            "quote! { foo::new() }; syn::parse_quote!(bar::A);",
            &["syn"],
        ),
        ("stringify!(foo::x); println!(bar::x())", &["bar"]),
        (
            "return ::foo::x(); S { a: ::bar::b, c: baz::d }",
            &["bar", "baz", "foo"],
        ),
        ("let x = ; foo::bar()", &["foo"]),
        ("foo::bar(\"", &[]),
        (
            "match x { foo::A | bar::B if baz::c() => {} }",
            &["bar", "baz", "foo"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(names(text), expected, "in {text:?}");
    }
}

#[test]
fn modules_that_are_crates_for_thag() {
    let text = "env::args(); fs::read(); io::stdin(); fmt::x(); foo::x();";
    let named = |all: Vec<Named>| all.into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(named(crates(text)), ["foo"]);
    assert_eq!(named(crates_for_thag(text)), ["env", "foo"]);
}

#[test]
fn the_first_place_counts() {
    let text = "\u{feff}/* ü */ b::x();\r\n\tuse a::y; b::z();\nuse ::c;\n";
    let places: Vec<_> = crates(text)
        .into_iter()
        .map(|named| (named.name, named.line, named.column))
        .collect();
    let expected = [("a", 2, 6), ("b", 1, 9), ("c", 3, 7)];
    assert_eq!(
        places,
        expected.map(|(name, line, column)| (name.to_owned(), line, column))
    );
}

#[test]
fn features_of_derives() {
    let cases: [(&str, &str, &[&str]); 17] = [
        (
            "use serde::Serialize; #[derive(Debug, Serialize)] struct S;",
            "serde",
            &["derive"],
        ),
        (
            "use serde::{Serialize as S}; #[derive(S)] struct T;",
            "serde",
            &["derive"],
        ),
        (
            "use serde::Serialize; fn f<T: Serialize>() {}",
            "serde",
            &[],
        ),
        (
            "use serde::Serialize; #[derive(Debug)] struct S;",
            "serde",
            &[],
        ),
        ("#[derive(clap::Parser)] struct S;", "clap", &["derive"]),
        (
            "#[derive(::clap::Parser, Debug)] struct S;",
            "clap",
            &["derive"],
        ),
        (
            "use clap as c; #[derive(c::Parser)] struct S;",
            "clap",
            &["derive"],
        ),
        (
            "use clap::*; #[derive(Parser)] struct S;",
            "clap",
            &["derive"],
        ),
        ("use clap::*; #[derive(Debug)] struct S;", "clap", &[]),
        ("use clap::Command;", "clap", &[]),
        (
            "#[macro_use] extern crate serde; #[derive(Serialize)] struct S;",
            "serde",
            &["derive"],
        ),
        (
            "#[cfg_attr(x, derive(serde::Serialize))] struct S;",
            "serde",
            &["derive"],
        ),
        (
            "use thiserror::Error; #[derive(Error)] enum E {}",
            "thiserror",
            &[],
        ),
        (
            "use strum::EnumIter; #[derive(EnumIter)] enum E {}",
            "strum",
            &["derive"],
        ),
        ("#[tokio::main] async fn main() {}", "tokio", &["full"]),
        ("tokio::spawn(x);", "tokio", &["full"]),
        ("derive(serde::Serialize)", "serde", &[]),
    ];
    for (text, name, expected) in cases {
        let expected = expected.iter().map(|&feature| feature.to_owned());
        assert_eq!(
            features(text),
            [(name.to_owned(), expected.collect())],
            "in {text:?}"
        );
    }
}

#[test]
fn derives_of_another_crate_say_nothing() {
    let text = "use serde::de; use other::Serialize; #[derive(Serialize)] struct S;";
    let none = Vec::new();
    assert_eq!(
        features(text),
        [
            ("other".to_owned(), none.clone()),
            ("serde".to_owned(), none)
        ]
    );
}
