#!/usr/bin/env bash
# The steps of the actions beside it. `tests/suite/ci_action.rs` runs them.
#
# ci.sh install|start|pull|trim|push
#
# Reads what GitHub sets: RUNNER_TEMP, GITHUB_STEP_SUMMARY. Everything else comes in variables that begin with INPUT_; none of
# it is code.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# The file whose modification time is when the job began to build.
start_file() { printf '%s\n' "${RUNNER_TEMP:?}/cargo-sharedtarget-start"; }

# Installs the program, unless the job has it: any version, or the one that is asked for. A program does not tell its features,
# so Cargo compares these.
install() {
    if command -v cargo-sharedtarget >/dev/null; then
        local found version
        found=$(cargo-sharedtarget sharedtarget --version)
        version=${found##* }
        if [[ -z ${INPUT_FEATURES:-} && ${INPUT_VERSION:-$version} == "$version" ]]; then
            say "found $found"
            return
        fi
        say "found $found, and lets Cargo compare it with what is asked for"
    fi
    local what=cargo-sharedtarget options=(--locked)
    [[ -z ${INPUT_VERSION:-} ]] || what+=@$INPUT_VERSION
    [[ -z ${INPUT_FEATURES:-} ]] || options+=(--features "$INPUT_FEATURES")
    # What is built here is none of the job's target folder.
    CARGO_TARGET_DIR=${RUNNER_TEMP:?}/cargo-sharedtarget-build cargo install "${options[@]}" "$what"
}

# Notes when the job begins to build. The cache has been restored by then.
start() {
    touch "$(start_file)"
    # A unit that is read in the same tick of a coarse clock would count as read before.
    sleep 1
}

# Fetches third-party units from the remote store, and gives them to the worktree.
pull() {
    cargo sharedtarget store pull "${INPUT_ROOT:-.}" --yes
    cargo sharedtarget warm "${INPUT_ROOT:-.}" --yes
}

# Deletes what no build since the start has used, and writes the job's summary.
trim() {
    local summary=${GITHUB_STEP_SUMMARY:-/dev/stdout} root=${INPUT_ROOT:-.} code=0
    if [[ ! -e $(start_file) ]]; then
        say 'the action `restore` has not run in this job, so that nothing tells what it used: nothing is deleted'
    else
        cargo sharedtarget gc "$root" --unused-since "@$(start_file)" --yes --format markdown >>"$summary" || code=$?
    fi
    if [[ ${INPUT_AUDIT:-} == true ]]; then
        cargo sharedtarget audit "$root" --format markdown >>"$summary"
    fi
    # What could not be deleted is saved once more, and the summary says so.
    [[ $code == 0 || $code == 1 ]] || return "$code"
}

# Keeps what the job has built, and lets others have it. Every job may read, and few may write.
push() {
    if [[ ${INPUT_WRITE:-} != true ]]; then
        say 'nothing is written to the store: `write` is not true'
        return
    fi
    cargo sharedtarget store harvest "${INPUT_ROOT:-.}" --yes
    cargo sharedtarget store push "${INPUT_ROOT:-.}" --write --yes
}

case ${1-} in
install | start | pull | trim | push) "$1" ;;
*)
    say 'usage: ci.sh install|start|pull|trim|push'
    exit 2
    ;;
esac
