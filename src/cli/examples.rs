//! Examples for the help of each command. Lines fit 100 columns, beyond which help is not set.

/// Exit codes, and what most people want.
pub(super) const ALL: &str = "\
Exit codes:
  0    done, or nothing to do
  1    some actions failed or were skipped
  2    wrong usage
  3    something would change, and nobody said yes
  101  could not run

Examples:
  cargo sharedtarget --dry-run ~/code    show what would be done
  cargo sharedtarget ~/code              show it, ask, and do it
  cargo sharedtarget hook install        from now on `git worktree add` makes warm worktrees
  cargo sharedtarget warm                give this worktree what others have compiled
  cargo sharedtarget list                what there is, and how large it is
  cargo sharedtarget clean --idle 30d    also delete what was not used for 30 days
  cargo sharedtarget dedupe ~/code       store what is the same in several target folders once
  cargo sharedtarget run report.rs       run a single-file script
  cargo sharedtarget store harvest       keep what was built, for clones and machines to come
  cargo sharedtarget undo                put configurations back as they were";

pub(super) const SETUP: &str = "\
Examples:
  cargo sharedtarget setup -n ~/code
      show what would be done
  cargo sharedtarget setup --max-size 20GB
      keep all target folders together below this
  cargo sharedtarget setup --rustc-wrapper sccache
      let a compiler cache help where sources differ
  cargo sharedtarget setup --layout build-dir --config-at ~/code
      once for every future worktree";

pub(super) const LIST: &str = "\
Examples:
  cargo sharedtarget list ~/code                     every workspace, with its size and last build
  cargo sharedtarget list --no-size --format json    for programs, quickly";

pub(super) const CLEAN: &str = "\
Examples:
  cargo sharedtarget clean                      delete what no build will use again
  cargo sharedtarget clean --idle 30d ~/code    and what was not built in for 30 days
  cargo sharedtarget clean --all -n             what deleting everything would free";

pub(super) const AUDIT: &str = "\
Examples:
  cargo sharedtarget audit                                      what is in the target folders here
  cargo sharedtarget audit --format html ~/code > audit.html    a page to look around in
  cargo sharedtarget audit --max-size 20GB                      fail in CI if they take more";

pub(super) const GC: &str = "\
Examples:
  cargo sharedtarget gc
      delete what no build will miss, and what the settings say
  cargo sharedtarget gc --older-than 30d
      what was not used for 30 days
  cargo sharedtarget gc --max-size 20GB --keep-programs
      keep to a budget, but not at the cost of programs
  cargo sharedtarget gc --incremental=14d --superseded
      what was left behind by edits";

pub(super) const DEDUPE: &str = "\
Examples:
  cargo sharedtarget dedupe -n ~/code    what several folders could store once";

pub(super) const DOCTOR: &str = "\
Examples:
  cargo sharedtarget doctor ~/code    what is wrong, why it matters, what mends it
  cargo sharedtarget doctor --fix     mend what can be undone again";

pub(super) const ONBOARD: &str = "\
Examples:
  git worktree add ../topic && cargo sharedtarget onboard ../topic
      what the hook does by itself
  cargo sharedtarget onboard --layout in-place
      warm it, and write no configuration";

pub(super) const WARM: &str = "\
Examples:
  cargo sharedtarget warm                   from the best worktree that is found
  cargo sharedtarget warm --from ../main    from this one
  cargo sharedtarget warm --no-local        third-party crates only";

pub(super) const UNDO: &str = "\
Examples:
  cargo sharedtarget undo -n    what would be put back";

pub(super) const HOOK: &str = "\
Examples:
  cargo sharedtarget hook install      from now on `git worktree add` makes warm worktrees
  cargo sharedtarget hook status       whether it does
  cargo sharedtarget hook uninstall    as it was before, byte for byte";

pub(super) const CACHE: &str = "\
Examples:
  cargo sharedtarget cache info                           what scripts have left
  cargo sharedtarget cache clean bins --older-than 30d    programs that have not run for 30 days
  cargo sharedtarget cache clean                          everything";

pub(super) const STORE: &str = "\
Examples:
  cargo sharedtarget store harvest                   keep what was built here, for worktrees to come
  cargo sharedtarget store pull                      fetch what others have built of these packages
  cargo sharedtarget store push --yes --write        in CI, after a harvest: let others have it
  cargo sharedtarget store status                    what there is, and within which bounds
  cargo sharedtarget store clean --older-than 30d    what was not used for 30 days
  cargo sharedtarget warm --yes                      give a worktree what the store has, too";
