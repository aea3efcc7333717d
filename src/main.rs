//! The `cargo sharedtarget` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_sharedtarget::cli::main()
}
