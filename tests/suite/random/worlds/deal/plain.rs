//! Worlds in which one thing happens.
//!
//! In a world with much in it, one rule stands behind another: where a file is another one, it does not matter that it
//! is newer as well. Here each rule of the program is on its own in some.

use super::{change_clippy, change_source, changed_elsewhere, may_go, number, spot, time};
use crate::random::dice::Dice;
use crate::random::worlds::plan::{Ask, At, How, Look, Shape, Step, Tells, What, Who, World};

/// The thing that happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Story {
    /// The file that is looked at is changed after the build.
    Looked,
    Nothing,
    Source,
    /// The same, and then the target folder is touched.
    Touched,
    /// A manifest is.
    Manifest,
    Clippy,
    /// The other worktree has a run of the script already, of another file.
    Early,
    /// A third worktree was built, and the main one has changes.
    Elsewhere,
    /// The libraries of one worktree are spoiled.
    Spoiled,
}

/// Such a world.
pub(super) fn plain(dice: &mut Dice) -> World {
    let story = dice.weighted(&[
        (9, Story::Looked),
        (4, Story::Nothing),
        (2, Story::Source),
        (2, Story::Touched),
        (3, Story::Manifest),
        (2, Story::Clippy),
        (4, Story::Early),
        (2, Story::Elsewhere),
        (2, Story::Spoiled),
    ]);
    let hook = story == Story::Elsewhere || (story != Story::Early && dice.one_in(8));
    let shape = Shape {
        sub: dice.one_in(4),
        apart: dice.one_in(3),
        // Without, the worktrees would never be the same altogether.
        locked: !dice.one_in(8),
        debug: *dice.pick(&[0, 1, 2]),
        incremental: dice.one_in(6),
        ignored: dice.one_in(3),
        third: dice.one_in(10),
        isolated: hook || dice.one_in(4),
        hook,
        config_ignored: dice.one_in(2),
        moves: !dice.one_in(3),
    };
    let looks = vec![look(dice, shape, story)];
    World {
        shape,
        steps: steps(dice, shape, &looks, story),
        looks,
    }
}

fn look(dice: &mut Dice, shape: Shape, story: Story) -> Look {
    let tells = *dice.pick(&[Tells::Nothing, Tells::Itself, Tells::Itself, Tells::All]);
    if shape.third {
        return Look {
            who: Who::Third,
            what: *dice.pick(&[
                What::CopyBeside,
                What::CopyBeside,
                What::Branch,
                What::Place,
            ]),
            tells,
            by_file: dice.one_in(2),
        };
    }
    if story == Story::Early {
        return Look {
            who: *dice.pick(&[Who::LowScript, Who::AppScript, Who::Helper]),
            what: What::Read(spot(dice)),
            tells: Tells::Itself,
            by_file: true,
        };
    }
    let who = *dice.pick(&[
        Who::LowScript,
        Who::LowScript,
        Who::AppScript,
        Who::Helper,
        Who::LowMacro,
        Who::AppMacro,
    ]);
    let known = matches!(story, Story::Source | Story::Touched | Story::Clippy) && !dice.one_in(3);
    if story == Story::Manifest || known {
        return Look {
            who: *dice.pick(&[Who::LowScript, Who::AppScript, Who::Helper, Who::LowMacro]),
            what: match story {
                Story::Manifest => *dice.pick(&[What::License, What::License, What::Readme]),
                _ => What::Nothing,
            },
            tells,
            by_file: dice.one_in(2),
        };
    }
    let what = match dice.below(20) {
        0..=7 => What::Read(spot(dice)),
        8..=10 => What::List(spot(dice)),
        11 => What::Exists(spot(dice)),
        12 => *dice.pick(&[What::Branch, What::GitFile, What::Commit]),
        13 => What::Shell(spot(dice)),
        14 | 15 => What::Hash,
        16 | 17 if who.is_script() => What::Home,
        16 | 17 => What::Name,
        18 => *dice.pick(&[What::License, What::Readme]),
        _ => What::Nothing,
    };
    Look {
        who,
        what,
        tells: if what == What::Home {
            Tells::All
        } else {
            tells
        },
        by_file: dice.one_in(2),
    }
}

/// A change of the file that is looked at, which is committed.
fn change(dice: &mut Dice, look: Look, at: At) -> Vec<Step> {
    let Some(spot) = look.what.spot() else {
        return Vec::new();
    };
    let how = match (dice.below(8), look.what) {
        (0..=2, _) if may_go(spot) => How::Deleted,
        (0..=4, What::List(_)) => How::Sibling(number(dice)),
        _ => How::Changed(number(dice)),
    };
    vec![Step::Change(at, spot, how, time(dice)), Step::Commit(at)]
}

fn steps(dice: &mut Dice, shape: Shape, looks: &[Look], story: Story) -> Vec<Step> {
    let look = looks[0];
    let ask = match story {
        Story::Clippy => Ask::Clippy,
        Story::Early => Ask::Build,
        _ => dice.weighted(&[(6, Ask::Build), (1, Ask::Check), (1, Ask::Test)]),
    };
    let mut steps = Vec::new();
    if story == Story::Early {
        steps.push(Step::Add(At::New));
        steps.push(Step::Build(At::New, Ask::Check));
        steps.extend(change(dice, look, At::Main));
    }
    steps.push(Step::Build(At::Main, ask));
    steps.extend(match story {
        Story::Source | Story::Touched => change_source(dice, At::Main),
        Story::Looked | Story::Manifest => change(dice, look, At::Main),
        Story::Clippy => change_clippy(dice, At::Main),
        Story::Elsewhere => changed_elsewhere(dice, looks, ask),
        Story::Nothing | Story::Early | Story::Spoiled => Vec::new(),
    });
    if story == Story::Touched {
        steps.push(*dice.pick(&[Step::TouchTarget(At::Main), Step::CopyTarget(At::Main)]));
    }
    if story != Story::Early {
        steps.push(Step::Add(At::New));
    }
    if story == Story::Elsewhere || dice.one_in(6) {
        steps.push(Step::CopyOver(At::New));
    }
    if !shape.hook {
        steps.push(match dice.below(8) {
            0 => Step::Onboard(At::New),
            1 => Step::Setup,
            _ => Step::Warm(At::New),
        });
    }
    steps.push(Step::Compare(At::New, ask));
    if story == Story::Spoiled {
        steps.push(Step::Spoil(At::New));
        steps.push(Step::Compare(At::Main, ask));
    }
    steps
}
