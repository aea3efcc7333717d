//! Tables and sentences on terminals of two widths, and in colour.

use super::Book;

#[test]
fn terminals() {
    let Some((book, _)) = Book::new("widths") else {
        return;
    };
    let sandbox = &book.sandbox;
    let long = "a-repository-with-a-name-that-is-longer-than-it-would-have-to-be";
    sandbox.repository(
        long,
        &[
            "beside/a-worktree-whose-name-is-not-short-either",
            "beside/short",
        ],
    );
    sandbox.package(
        &format!("{long}/tools/with/a/package/far/below"),
        "below",
        "below",
    );
    sandbox.write(
        &format!("{long}/.cargo/config.toml"),
        "[build]\ntarget-dir = \"elsewhere\"\n",
    );

    let ours = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    for width in ["80", "120"] {
        for (name, args) in [
            ("list", "list --no-size"),
            ("setup", "setup -n"),
            ("flat", "setup -n --layout flat"),
        ] {
            let line =
                format!("stty rows 40 cols {width} -opost; exec '{ours}' {args} --color never");
            let mut script =
                sandbox.prepared("script", "", &["-q", "-e", "-c", &line, "/dev/null"]);
            script
                .env("CARGO_TERM_HYPERLINKS", "false")
                .env("CARGO_TERM_PROGRESS_WHEN", "never");
            let output = match script.output() {
                Ok(output) => output,
                Err(error) => {
                    eprintln!("skipped: no program `script`, which makes terminals: {error}");
                    return;
                }
            };
            let run = crate::sandbox::Run::from(output);
            let line = format!("$ COLUMNS={width} cargo sharedtarget {args}");
            book.heard(&format!("{name}-{width}"), &line, &run);
        }
    }
    book.says("colour", "", &["list", "--no-size", "--color", "always"]);
    book.says("colour-setup", "", &["setup", "-n", "--color", "always"]);
    book.says(
        "colour-error",
        "",
        &["list", "nowhere/at/all", "--color", "always"],
    );
    let mut program = sandbox.program("", &["list", "--no-size", "--color", "always"]);
    let output = program.env("CARGO_TERM_HYPERLINKS", "true").output();
    let run = crate::sandbox::Run::from(output.expect("our program"));
    book.heard(
        "links",
        "$ CARGO_TERM_HYPERLINKS=true cargo sharedtarget list --color always",
        &run,
    );
    book.close();
}
