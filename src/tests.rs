//! Tests of the whole crate.

mod schemas;
