//! Makes files from the arguments themselves: completions for shells, and manual pages.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::fs;
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo-sharedtarget completions bash > ~/.local/share/bash-completion/completions/cargo-sharedtarget
  cargo-sharedtarget completions fish > ~/.config/fish/conf.d/cargo-sharedtarget.fish
  cargo-sharedtarget completions zsh > ~/.zfunc/_cargo-sharedtarget

They complete `cargo-sharedtarget` and `cargo sharedtarget`. For the second, zsh needs Cargo's own script, bash needs this one in
`~/.bashrc`: source <(cargo-sharedtarget completions bash)";

/// The name under which the script for bash is made. Its maker cuts names at each `-`, and its own parts do not find each other
/// then.
const IN_BASH: &str = "cargo_sharedtarget";

/// Completes `cargo sharedtarget …` in bash. All other words of Cargo's are for its own script, which may be loaded only when it
/// is needed, and takes our place then.
const BASH_BY_CARGO: &str = r#"
_cargo_sharedtarget_by_cargo() {
    local at=1
    if [[ ${COMP_WORDS[1]} == +* ]]; then
        at=2
    fi
    if [[ ${COMP_CWORD} -gt ${at} && ${COMP_WORDS[at]} == sharedtarget ]]; then
        COMP_WORDS=(cargo-sharedtarget "${COMP_WORDS[@]:at+1}")
        COMP_CWORD=$((COMP_CWORD - at))
        _cargo_sharedtarget cargo-sharedtarget "$2" "$3"
        return
    fi
    if [[ -z ${_cargo_sharedtarget_before-} ]]; then
        if declare -F _comp_load > /dev/null; then
            _comp_load cargo
        elif declare -F _completion_loader > /dev/null; then
            _completion_loader cargo
        fi
        _cargo_sharedtarget_take_over
    fi
    if [[ -n ${_cargo_sharedtarget_before-} ]]; then
        "${_cargo_sharedtarget_before}" "$@"
    fi
}

_cargo_sharedtarget_take_over() {
    local before
    before=$(complete -p cargo 2> /dev/null)
    case ${before} in
        *" -F "*) before=${before##* -F } before=${before%% *} ;;
        *) before= ;;
    esac
    if [[ -n ${before} && ${before} != _cargo_sharedtarget_by_cargo ]]; then
        _cargo_sharedtarget_before=${before}
    fi
    complete -F _cargo_sharedtarget_by_cargo -o bashdefault -o default cargo
}

_cargo_sharedtarget_take_over
"#;

/// Completes `cargo sharedtarget …` in fish, also with a toolchain before the command (`cargo +beta sharedtarget …`).
const FISH_BY_CARGO: &str = r#"
function __fish_cargo_sharedtarget_words
    set -l words (commandline -opc)[2..-1]
    if string match -q -- '+*' $words[1]
        set -e words[1]
    end
    string join \n -- $words
end
function __fish_cargo_sharedtarget_is_first
    test (count (__fish_cargo_sharedtarget_words)) -eq 0
end
function __fish_cargo_sharedtarget_is_ours
    set -l words (__fish_cargo_sharedtarget_words)
    test "$words[1]" = sharedtarget
end
function __fish_cargo_sharedtarget_by_cargo
    set -l words (__fish_cargo_sharedtarget_words)[2..-1]
    complete -C "cargo-sharedtarget $(string join ' ' -- (string escape -- $words)) $(commandline -ct)"
end
complete -c cargo -n __fish_cargo_sharedtarget_is_ours -f -a "(__fish_cargo_sharedtarget_by_cargo)"
complete -c cargo -n __fish_cargo_sharedtarget_is_first -f -a sharedtarget -d "Set up, warm and clean target folders"
"#;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The folder to write them into
    folder: PathBuf,
}

/// The command as it is called without Cargo.
fn called_directly() -> Command {
    Cli::command().bin_name("cargo-sharedtarget")
}

/// The command for shells, without the folders that may stand in place of a command: zsh takes the first word for one, and
/// looks for the command in the second.
fn in_shells() -> Command {
    let whole = called_directly();
    let options = whole.get_arguments().filter(|arg| !arg.is_positional());
    Command::new("cargo-sharedtarget")
        .version(env!("CARGO_PKG_VERSION"))
        .args(options.cloned())
        .subcommands(whole.get_subcommands().cloned())
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let name = match args.shell {
        Shell::Bash => IN_BASH,
        _ => "cargo-sharedtarget",
    };
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut in_shells(), name, &mut script);
    let mut script = String::from_utf8(script).context("a script that is no text")?;
    match args.shell {
        Shell::Bash => {
            let end = format!(" {IN_BASH}\n");
            script = script.replace(&end, " cargo-sharedtarget\n") + BASH_BY_CARGO;
        }
        Shell::Fish => script += FISH_BY_CARGO,
        _ => {}
    }
    std::io::stdout().write_all(script.as_bytes())?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &ManArgs) -> Result<Exit> {
    fs::create_folder(&args.folder)?;
    let command = called_directly().disable_help_subcommand(true);
    clap_mangen::generate_to(command, &args.folder)
        .with_context(|| format!("failed to write into `{}`", args.folder.display()))?;
    Ok(Exit::Done)
}
