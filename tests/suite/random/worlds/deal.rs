//! The world of a seed.

mod plain;

use super::plan::{
    Ask, At, How, Look, Place, SPOTS, Says, Shape, Spot, Step, Tells, Time, What, Who, World,
};
use crate::random::dice::Dice;

impl World {
    /// The world of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        if dice.one_in(2) {
            return plain::plain(dice);
        }
        let shape = Shape {
            sub: dice.one_in(3),
            apart: dice.one_in(3),
            locked: !dice.one_in(3),
            debug: *dice.pick(&[0, 1, 2]),
            incremental: dice.one_in(4),
            ignored: dice.one_in(2),
            third: dice.one_in(4),
            isolated: dice.one_in(3),
            hook: dice.one_in(2),
            config_ignored: dice.one_in(2),
            moves: !dice.one_in(3),
        };
        let shape = Shape {
            hook: shape.hook && shape.isolated,
            ..shape
        };
        let looks: Vec<Look> = (0..dice.weighted(&[(6, 1), (4, 2), (1, 3)]))
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
            What::CopyBeside,
        ])
    } else {
        match dice.below(31) {
            0 => What::Nothing,
            1..=9 => What::Read(spot(dice)),
            10..=12 => What::List(spot(dice)),
            13 => What::Exists(spot(dice)),
            14 | 15 => What::Variable,
            16 => What::Branch,
            17 => *dice.pick(&[What::Commit, What::Status]),
            18 => What::GitFile,
            19 => What::Shell(spot(dice)),
            20 => What::Place,
            21 => What::Name,
            22 | 23 => What::Hash,
            24 if who == Who::LowScript => What::Writes(spot(dice)),
            24 | 25 if who.is_script() => What::HashOut,
            26 | 27 if who.is_script() => What::Home,
            28 => What::License,
            29 => What::Readme,
            _ if who.is_script() => What::OutDir,
            _ => What::Read(spot(dice)),
        }
    };
    let tells = *dice.pick(&[Tells::Nothing, Tells::Itself, Tells::Itself, Tells::All]);
    Look {
        who,
        what,
        // Nothing that lies in no worktree can be known otherwise.
        tells: if what == What::Home {
            Tells::All
        } else {
            tells
        },
        by_file: !dice.one_in(3),
    }
}

fn time(dice: &mut Dice) -> Time {
    dice.weighted(&[(5, Time::Now), (3, Time::HourAgo), (1, Time::HourAhead)])
}

fn number(dice: &mut Dice) -> u16 {
    u16::try_from(100 + dice.below(900)).expect("small")
}

/// A place that is changed though nothing may look at it by itself.
fn any_spot(dice: &mut Dice) -> Spot {
    match dice.below(8) {
        0 => Spot::Source,
        1 => Spot::Part,
        2 | 3 => *dice.pick(&[Spot::License, Spot::Readme, Spot::Clippy, Spot::ClippyNear]),
        _ => spot(dice),
    }
}

/// A source is changed.
fn change_source(dice: &mut Dice, at: At) -> Vec<Step> {
    let spot = *dice.pick(&[Spot::Source, Spot::Part]);
    let how = How::Changed(number(dice));
    vec![Step::Change(at, spot, how, time(dice)), Step::Commit(at)]
}

/// Clippy's configuration is changed, so that it has something to say.
fn change_clippy(dice: &mut Dice, at: At) -> Vec<Step> {
    let spot = *dice.pick(&[Spot::Clippy, Spot::ClippyNear, Spot::ClippyNear]);
    let how = How::Changed(number(dice) / 2 * 2);
    vec![Step::Change(at, spot, how, time(dice)), Step::Commit(at)]
}

/// Changes an input of one of the looks, or something else.
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
        _ => any_spot(dice),
    };
    let listed = matches!(look.what, What::List(_));
    let how = match dice.below(10) {
        0..=4 => How::Changed(number(dice)),
        5 | 6 => How::Deleted,
        7 | 8 if aimed && !listed => How::Changed(number(dice)),
        7 | 8 => How::Sibling(number(dice)),
        _ => How::Touched,
    };
    let how = match how {
        How::Deleted if !may_go(spot) => How::Changed(number(dice)),
        how => how,
    };
    let mut steps = vec![Step::Change(at, spot, how, time(dice))];
    if !dice.one_in(3) {
        steps.push(Step::Commit(at));
    }
    steps
}

/// Whether a file may be gone: without its sources nothing can be built, a manifest must stay one, and where a file that is
/// watched is missing, Cargo runs a script each time.
fn may_go(spot: Spot) -> bool {
    !matches!(
        spot,
        Spot::Source
            | Spot::Part
            | Spot::Metadata
            | Spot::Lock
            | Spot::License
            | Spot::Readme
            | Spot::Home
    )
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
        (3, Ask::Clippy),
        (3, Ask::Test),
        (2, Ask::Release),
        (1, Ask::Out),
    ])
}

/// A third worktree is built, and then something is changed in the main one that is not committed.
fn changed_elsewhere(dice: &mut Dice, looks: &[Look], ask: Ask) -> Vec<Step> {
    let spot = match dice.pick(looks).what.spot() {
        Some(spot) if dice.one_in(2) => spot,
        _ => *dice.pick(&[Spot::Source, Spot::Part]),
    };
    let how = How::Changed(number(dice));
    vec![
        Step::Add(At::Third),
        Step::Compare(At::Third, ask),
        Step::Change(At::Main, spot, how, time(dice)),
    ]
}

fn steps(dice: &mut Dice, shape: Shape, looks: &[Look]) -> Vec<Step> {
    let mut steps = Vec::new();
    if dice.one_in(3) {
        steps.push(configure(dice, At::Main));
    }
    // A run that is there already, when the donor builds.
    let early = dice.one_in(6);
    let main = match early && !dice.one_in(4) {
        true => *dice.pick(&[Ask::Build, Ask::Build, Ask::Test]),
        false => ask(dice),
    };
    if early {
        let first = match dice.one_in(3) {
            true => ask(dice),
            false => *dice.pick(&[Ask::Check, Ask::Clippy]),
        };
        steps.push(Step::Add(At::New));
        steps.push(Step::Build(At::New, first));
        if !dice.one_in(3) {
            steps.extend(change(dice, looks, At::Main));
        }
    }
    steps.push(Step::Build(At::Main, main));
    if main == Ask::Clippy && dice.one_in(2) {
        steps.extend(change_clippy(dice, At::Main));
    }
    let others = shape.hook && !early && dice.one_in(3);
    if others {
        steps.extend(changed_elsewhere(dice, looks, main));
    }
    // Without any, all is the same but for what no new worktree has.
    for _ in 0..dice.weighted(&[(5, 0), (4, 1), (1, 2)]) {
        steps.extend(change(dice, looks, At::Main));
        if dice.one_in(5) {
            steps.push(Step::Build(At::Main, ask(dice)));
        }
    }
    let odd = match dice.below(24) {
        0 | 8 => Some(Step::TouchTarget(At::Main)),
        1 | 9 => Some(Step::CopyTarget(At::Main)),
        2 => Some(Step::Stash(At::Main)),
        3 => Some(Step::Back(At::Main)),
        4 => Some(Step::Age(At::Main)),
        5 if !shape.hook && dice.one_in(3) => Some(Step::Undo),
        5 => Some(Step::Setup),
        6 => Some(Step::Gc),
        7 => Some(Step::Harvest(At::Main)),
        _ => None,
    };
    let dated = matches!(odd, Some(Step::TouchTarget(_) | Step::CopyTarget(_)));
    if dated && dice.one_in(3) {
        steps.extend(change(dice, looks, At::Main));
    } else if dated || dice.one_in(8) {
        steps.extend(change_source(dice, At::Main));
    }
    steps.extend(odd);
    if matches!(odd, Some(Step::Harvest(_))) && dice.one_in(2) {
        steps.push(Step::DeleteTarget(At::Main));
    }
    if !early {
        steps.push(Step::Add(At::New));
    }
    let hooked = shape.hook && !early;
    let copied = match hooked {
        true => others || dice.one_in(2),
        false => dice.one_in(4),
    };
    if copied {
        steps.push(Step::CopyOver(At::New));
    }
    if !hooked {
        if dice.one_in(4) {
            steps.push(Step::Age(At::New));
        }
        if dice.one_in(5) {
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
        1 if !others => {
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
