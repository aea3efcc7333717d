#!/usr/bin/env bash
# Records the picture of README.md from a real session: `.github/demo.sh REPOSITORY` with a clone of `just`, say. It needs
# termtosvg, util-linux's `script`, and the program on the PATH. Everything happens in a temporary home.
set -euo pipefail

repository=$(cd "$1" && pwd)
picture=$(cd "$(dirname "$0")" && pwd)/demo.svg
stage=$(mktemp -d "${TMPDIR:-/tmp}/demo-XXXXXX")
trap 'rm -rf "$stage"' EXIT

export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export HOME=$stage XDG_STATE_HOME=$stage/.state XDG_CONFIG_HOME=$stage/.config XDG_CACHE_HOME=$stage/.cache
export CARGO_TERM_PROGRESS_WHEN=never
git config --global user.name you
git config --global user.email you@example.com
git config --global advice.detachedHead false

# Four worktrees that were built on their own; two of them have been idle for ten days.
name=$(basename "$repository")
name=${name%.git}
mkdir "$stage/code"
git clone -q "$repository" "$stage/code/${DEMO_NAME:-$name}"
cd "$stage/code/${DEMO_NAME:-$name}"
for worktree in docs parser release; do
    git worktree add -q "../$worktree"
done
for worktree in . ../docs ../parser ../release; do
    (cd "$worktree" && cargo build -q)
done
find ../parser/target ../release/target -depth -exec touch -h -d '10 days ago' {} +

cat >"$stage/.bashrc" <<'RC'
PS1='\[\e[1;34m\]\w\[\e[0m\] $ '
# One more line for each prompt tells the typist that a command has ended.
PROMPT_COMMAND='echo >>~/.prompts'
RC

prompts() { wc -l <"$stage/.prompts" 2>/dev/null || echo 0; }

# Types a line as people do, and waits for the next prompt, or for the seconds in the second argument.
type_line() {
    local before i line=$1
    before=$(prompts)
    for ((i = 0; i < ${#line}; i++)); do
        printf '%s' "${line:i:1}"
        sleep 0.04
    done
    sleep 0.4
    printf '\n'
    if [[ -n ${2:-} ]]; then
        sleep "$2"
        return
    fi
    while [[ $(prompts) == "$before" ]]; do sleep 0.1; done
    sleep 1.5
}

session() {
    while [[ $(prompts) == 0 ]]; do sleep 0.1; done
    sleep 1
    type_line 'cargo sharedtarget' "${DEMO_READ:-9}"
    type_line 'y'
    type_line 'cargo build'
    type_line 'git worktree add -q ../fix && cd ../fix'
    type_line 'cargo build'
    sleep 2
    printf 'exit\n'
    sleep 1
}

session | script -qefc "termtosvg '$picture' -g 96x40 -M 2500 -D 4000 -c 'bash --rcfile $stage/.bashrc'" /dev/null >/dev/null
printf 'wrote %s\n' "$picture"
