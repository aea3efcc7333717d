//! A world as data: what it is made of, and what happens in it. From a seed, and so that parts can be left out.

use crate::random::dice::Dice;

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
}

/// All places.
pub(crate) const SPOTS: [Spot; 16] = [
    Spot::Own,
    Spot::OwnDeep,
    Spot::Other,
    Spot::Top,
    Spot::Beside,
    Spot::Markdown,
    Spot::Above,
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

/// What is looked at.
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
    /// What a shell script of the repository says, which reads a file.
    Shell(Spot),
    /// The whole path, the name of the worktree, or a hash of the path.
    Place,
    Name,
    Hash,
    /// `OUT_DIR`.
    OutDir,
    /// The text of a file is written into an ignored folder of the workspace, where the program of `app` reads it.
    Writes(Spot),
    /// A text is put beside the program, if it is not there yet.
    CopyBeside,
}

/// What the one who looks tells Cargo of it.
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
    /// There is a third-party package.
    pub(crate) third: bool,
    /// `setup` ran before anything was built.
    pub(crate) isolated: bool,
    /// The git hook is installed.
    pub(crate) hook: bool,
    /// Cargo's configuration in the worktree is ignored by git.
    pub(crate) config_ignored: bool,
}

/// A worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    /// The main one.
    Main,
    New,
    Third,
}

/// What Cargo is asked for.
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

/// What Cargo's configuration says.
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
            _ => None,
        }
    }
}

impl World {
    /// The world of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let shape = Shape {
            sub: dice.one_in(3),
            apart: dice.one_in(3),
            locked: !dice.one_in(3),
            debug: *dice.pick(&[0, 1, 2]),
            incremental: dice.one_in(4),
            third: dice.one_in(4),
            isolated: dice.one_in(3),
            hook: dice.one_in(2),
            config_ignored: dice.one_in(2),
        };
        let shape = Shape {
            hook: shape.hook && shape.isolated,
            ..shape
        };
        let looks: Vec<Look> = (0..dice.weighted(&[(5, 1), (4, 2), (2, 3)]))
            .map(|_| look(dice, shape))
            .collect();
        let steps = steps(dice, shape, &looks);
        Self {
            shape,
            looks,
            steps,
        }
    }
}

fn spot(dice: &mut Dice) -> Spot {
    *dice.pick(&SPOTS)
}

fn look(dice: &mut Dice, shape: Shape) -> Look {
    let who = if shape.third && dice.one_in(2) {
        Who::Third
    } else {
        *dice.pick(&[
            Who::LowScript,
            Who::LowScript,
            Who::AppScript,
            Who::Helper,
            Who::LowMacro,
            Who::LowMacro,
            Who::AppMacro,
        ])
    };
    let what = if who == Who::Third {
        *dice.pick(&[
            What::Nothing,
            What::Variable,
            What::Variable,
            What::Branch,
            What::Place,
            What::OutDir,
            What::CopyBeside,
        ])
    } else {
        match dice.below(22) {
            0 => What::Nothing,
            1..=5 => What::Read(spot(dice)),
            6 | 7 => What::List(spot(dice)),
            8 => What::Exists(spot(dice)),
            9 | 10 => What::Variable,
            11 => What::Branch,
            12 => What::Commit,
            13 => What::Status,
            14 => What::GitFile,
            15 | 16 => What::Shell(spot(dice)),
            17 => What::Place,
            18 => What::Name,
            19 => What::Hash,
            20 if who == Who::LowScript => What::Writes(spot(dice)),
            _ if who.is_script() => What::OutDir,
            _ => What::Read(spot(dice)),
        }
    };
    Look {
        who,
        what,
        tells: *dice.pick(&[Tells::Nothing, Tells::Itself, Tells::Itself, Tells::All]),
        by_file: dice.one_in(2),
    }
}

fn time(dice: &mut Dice) -> Time {
    dice.weighted(&[(5, Time::Now), (3, Time::HourAgo), (1, Time::HourAhead)])
}

fn number(dice: &mut Dice) -> u16 {
    u16::try_from(100 + dice.below(900)).expect("small")
}

/// What one of the looks depends on is changed, or something else.
fn change(dice: &mut Dice, looks: &[Look], at: At) -> Vec<Step> {
    let look = *dice.pick(looks);
    let aimed = !dice.one_in(4);
    match look.what {
        What::Variable if aimed => return vec![configure(dice, at)],
        What::Branch | What::Commit | What::Status | What::GitFile if aimed => {
            return vec![Step::Commit(at)];
        }
        _ => {}
    }
    if dice.one_in(8) {
        return vec![configure(dice, at)];
    }
    let spot = match look.what.spot() {
        Some(spot) if aimed => spot,
        _ => spot(dice),
    };
    let how = match dice.below(10) {
        0..=4 => How::Changed(number(dice)),
        5 | 6 => How::Deleted,
        7 | 8 => How::Sibling(number(dice)),
        _ => How::Touched,
    };
    // Without its sources nothing can be built, and a manifest must stay one.
    let how = match spot {
        Spot::Source | Spot::Part | Spot::Metadata | Spot::Lock if how == How::Deleted => {
            How::Changed(number(dice))
        }
        _ => how,
    };
    let mut steps = vec![Step::Change(at, spot, how, time(dice))];
    if dice.one_in(2) {
        steps.push(Step::Commit(at));
    }
    steps
}

fn configure(dice: &mut Dice, at: At) -> Step {
    let place = *dice.pick(&[
        Place::Workspace(at),
        Place::Workspace(at),
        Place::AboveAll,
        Place::Home,
    ]);
    let says = match dice.below(8) {
        0 | 1 => Says::Nothing,
        2..=5 => Says::Variable(number(dice)),
        6 => Says::Wrapper,
        _ => Says::Flag,
    };
    Step::Configure(place, says)
}

fn ask(dice: &mut Dice) -> Ask {
    dice.weighted(&[
        (12, Ask::Build),
        (2, Ask::Low),
        (3, Ask::Check),
        (2, Ask::Clippy),
        (3, Ask::Test),
        (2, Ask::Release),
        (1, Ask::Out),
    ])
}

fn steps(dice: &mut Dice, shape: Shape, looks: &[Look]) -> Vec<Step> {
    let mut steps = Vec::new();
    if dice.one_in(3) {
        steps.push(configure(dice, At::Main));
    }
    let main = ask(dice);
    // A run that is there already, when the donor builds.
    let early = dice.one_in(8);
    if early {
        steps.push(Step::Add(At::New));
        steps.push(Step::Build(At::New, ask(dice)));
        if dice.one_in(2) {
            steps.extend(change(dice, looks, At::Main));
        }
    }
    steps.push(Step::Build(At::Main, main));
    // Without any, all is the same but for what no new worktree has.
    for _ in 0..dice.weighted(&[(5, 0), (4, 1), (1, 2)]) {
        steps.extend(change(dice, looks, At::Main));
        if dice.one_in(5) {
            steps.push(Step::Build(At::Main, ask(dice)));
        }
    }
    let odd = match dice.below(24) {
        0 => Some(Step::TouchTarget(At::Main)),
        1 => Some(Step::CopyTarget(At::Main)),
        2 => Some(Step::Stash(At::Main)),
        3 => Some(Step::Back(At::Main)),
        4 => Some(Step::Age(At::Main)),
        5 => Some(Step::Setup),
        6 => Some(Step::Gc),
        7 => Some(Step::Harvest(At::Main)),
        _ => None,
    };
    steps.extend(odd);
    if matches!(odd, Some(Step::Harvest(_))) && dice.one_in(2) {
        steps.push(Step::DeleteTarget(At::Main));
    }
    if !early {
        steps.push(Step::Add(At::New));
    }
    let hooked = shape.hook && !early;
    if hooked && dice.one_in(2) {
        steps.push(Step::CopyOver(At::New));
    }
    if !hooked {
        if dice.one_in(4) {
            steps.push(Step::Age(At::New));
        }
        if dice.one_in(3) {
            steps.extend(change(dice, looks, At::New));
        }
        if !early && dice.one_in(6) {
            steps.push(Step::Build(At::New, ask(dice)));
        }
        if dice.one_in(12) {
            steps.push(Step::Dedupe);
        }
        steps.push(match dice.below(6) {
            0 => Step::Onboard(At::New),
            1 => Step::Setup,
            _ => Step::Warm(At::New),
        });
    }
    let asked = if dice.one_in(4) { ask(dice) } else { main };
    steps.push(Step::Compare(At::New, asked));
    match dice.below(6) {
        0 => {
            steps.extend(change(dice, looks, At::New));
            steps.push(Step::Compare(At::New, asked));
        }
        1 => {
            steps.push(Step::Add(At::Third));
            // With a hook it has its units now, and what Cargo is not told of may change no more.
            if !shape.hook && dice.one_in(2) {
                steps.extend(change(dice, looks, At::Third));
            }
            steps.push(Step::Warm(At::Third));
            steps.push(Step::Compare(At::Third, asked));
        }
        2 => {
            steps.push(*dice.pick(&[
                Step::Spoil(At::New),
                Step::TouchTarget(At::New),
                Step::Dedupe,
            ]));
            steps.push(Step::Compare(At::Main, main));
        }
        _ => {}
    }
    steps
}
