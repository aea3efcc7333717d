//! The world of a seed.

use super::plan::{
    Ask, At, How, Look, Place, SPOTS, Says, Shape, Spot, Step, Tells, Time, What, Who, World,
};
use crate::random::dice::Dice;

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
