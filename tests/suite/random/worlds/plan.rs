//! A world as data: what it is made of, and what happens in it. So that parts can be left out.

/// Who looks at something while the workspace is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The build script of `low`, or of `app`.
    LowScript,
    AppScript,
    /// A crate that the script of `low` calls.
    Helper,
    /// A macro that `low`, or `app`, calls.
    LowMacro,
    AppMacro,
    /// The build script of a third-party package.
    Third,
}

/// A place that can be looked at, and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// `data.txt` of `low`.
    Own,
    /// A file in a folder in a folder of `low`.
    OwnDeep,
    /// A file of another package.
    Other,
    /// A file in the workspace's folder.
    Top,
    /// A file in a folder beside all packages.
    Beside,
    Markdown,
    /// A file above the workspace and in the repository, if the workspace has a folder of its own.
    Above,
    /// A file above the worktree.
    Outside,
    /// An ignored file in the workspace's folder.
    DotEnv,
    /// A file in an ignored folder whose name begins with a dot.
    Dot,
    /// A file in an ignored folder.
    Dist,
    /// A file by way of a linked folder.
    Linked,
    /// A source of `low`.
    Source,
    /// A module of `low`.
    Part,
    /// `[workspace.metadata]`.
    Metadata,
    /// `Cargo.lock`, by one more dependency of a package that is never built.
    Lock,
    /// The license of all packages, in the workspace's manifest.
    License,
    /// The readme that the manifest of `low` names.
    Readme,
    /// A file in the user's home, above which no worktree is.
    Home,
    /// The configuration of clippy in the workspace's folder, and one that is nearer to `low`.
    Clippy,
    ClippyNear,
}

/// The places that are looked at as files.
pub(crate) const SPOTS: [Spot; 17] = [
    Spot::Own,
    Spot::OwnDeep,
    Spot::Other,
    Spot::Top,
    Spot::Beside,
    Spot::Markdown,
    Spot::Above,
    Spot::Outside,
    Spot::Outside,
    Spot::DotEnv,
    Spot::Dot,
    Spot::Dist,
    Spot::Linked,
    Spot::Source,
    Spot::Part,
    Spot::Metadata,
    Spot::Lock,
];

/// The object of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing.
    Nothing,
    /// The text of a file.
    Read(Spot),
    /// The names and texts of all that is in the folder of a file.
    List(Spot),
    /// Whether there is such a file.
    Exists(Spot),
    /// The variable `WORLD`.
    Variable,
    /// Git's branch, the commit, or what is not committed.
    Branch,
    Commit,
    Status,
    /// `.git`, read as a file.
    GitFile,
    /// The output of a shell script of the repository that reads a file.
    Shell(Spot),
    /// The whole path, the name of the worktree, or a hash of the path.
    Place,
    Name,
    Hash,
    /// `OUT_DIR`, or a hash of it.
    OutDir,
    HashOut,
    /// The license or the readme by the variable that Cargo gives a script.
    License,
    Readme,
    /// The text of a file in the home, which Cargo is always told of.
    Home,
    /// The text of a file is written into an ignored folder of the workspace, where the program of `app` reads it.
    Writes(Spot),
    /// A text is put beside the program, if it is not there yet.
    CopyBeside,
}

/// The part of a look that Cargo is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// Nothing at all.
    Nothing,
    /// That it is to be watched itself.
    Itself,
    /// The truth.
    All,
}

/// A look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) who: Who,
    pub(crate) what: What,
    pub(crate) tells: Tells,
    /// A script hands it on by a file in `OUT_DIR`, else by a variable.
    pub(crate) by_file: bool,
}

/// How the world is from the beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The workspace is in a folder of the repository.
    pub(crate) sub: bool,
    /// Each worktree is in a folder of its own, so that there are two of what lies above.
    pub(crate) apart: bool,
    pub(crate) locked: bool,
    /// `debug` of the profile `dev`: 0, 1 or 2.
    pub(crate) debug: u8,
    pub(crate) incremental: bool,
    /// There are files that git ignores, which no new worktree has.
    pub(crate) ignored: bool,
    /// There is a third-party package.
    pub(crate) third: bool,
    /// `setup` ran before anything was built.
    pub(crate) isolated: bool,
    /// The git hook is installed.
    pub(crate) hook: bool,
    /// Cargo's configuration in the worktree is ignored by git.
    pub(crate) config_ignored: bool,
    /// `setup` moves the folders of the worktrees, as it does by default, in place of warming new ones.
    pub(crate) moves: bool,
}

/// A worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    /// The main one.
    Main,
    New,
    Third,
}

/// The request to Cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Build,
    /// `low` alone.
    Low,
    Check,
    Clippy,
    Test,
    Release,
    /// A profile that is called `out`.
    Out,
}

/// How a file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Changed(u16),
    Deleted,
    /// Another file appears beside it.
    Sibling(u16),
    /// The same text, written again.
    Touched,
}

/// The time that a changed file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Now,
    HourAgo,
    HourAhead,
}

/// Where Cargo's configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Workspace(At),
    AboveAll,
    Home,
}

/// The content of Cargo's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Nothing,
    /// `[env]`, the variable `WORLD`.
    Variable(u16),
    /// A wrapper that gives the compiler `--cfg wrapped`.
    Wrapper,
    /// `rustflags` with `--cfg flagged`.
    Flag,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Build(At, Ask),
    Change(At, Spot, How, Time),
    Configure(Place, Says),
    Commit(At),
    /// Back to the first commit.
    Back(At),
    /// Every file of the worktree is made an hour old.
    Age(At),
    /// The main worktree has its changes stashed, and back again.
    Stash(At),
    /// A worktree is added: of the main one's commit on a branch of its own.
    Add(At),
    /// A file that is not committed is copied from the main worktree, with its time.
    CopyOver(At),
    /// Every file of the target folder is made as new as now.
    TouchTarget(At),
    /// The libraries of local packages in the target folder are overwritten in place.
    Spoil(At),
    DeleteTarget(At),
    /// The target folder is replaced by a copy of it that has no times.
    CopyTarget(At),
    Warm(At),
    Onboard(At),
    Setup,
    /// `undo`.
    Undo,
    Dedupe,
    Gc,
    Harvest(At),
    /// A build, compared with one from nothing.
    Compare(At, Ask),
}

/// A world.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) shape: Shape,
    pub(crate) looks: Vec<Look>,
    pub(crate) steps: Vec<Step>,
}

impl Who {
    pub(crate) fn is_script(self) -> bool {
        matches!(
            self,
            Self::LowScript | Self::AppScript | Self::Helper | Self::Third
        )
    }

    pub(crate) fn is_macro(self) -> bool {
        matches!(self, Self::LowMacro | Self::AppMacro)
    }
}

impl What {
    /// The place that it depends on.
    pub(crate) fn spot(self) -> Option<Spot> {
        match self {
            Self::Read(spot)
            | Self::List(spot)
            | Self::Exists(spot)
            | Self::Shell(spot)
            | Self::Writes(spot) => Some(spot),
            Self::License => Some(Spot::License),
            Self::Readme => Some(Spot::Readme),
            Self::Home => Some(Spot::Home),
            _ => None,
        }
    }
}
