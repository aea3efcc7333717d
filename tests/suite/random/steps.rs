//! One random step after the other.

use crate::random::build::Command;
use crate::random::edit::Edit;
use crate::random::world::{By, Count, REPOSITORY, World};

/// Runs so many rounds of a seed; the first thing that is wrong, with all that led to it.
pub(crate) fn run(seed: u64, rounds: usize, by: By) -> Result<Count, String> {
    let mut world = World::new(seed, by);
    let result = first(&mut world).and_then(|()| {
        (0..rounds).try_for_each(|_| {
            world.count.rounds += 1;
            round(&mut world)
        })
    });
    match result {
        Ok(()) => Ok(world.count),
        Err(what) => Err(format!("{}\n{what}", world.story())),
    }
}

/// The first build, in which everything that there is has to be seen.
fn first(world: &mut World) -> Result<(), String> {
    let built = world.check(0, &Command::Build)?;
    let seen = built.see(&world.sandbox, &world.trees[0].folder);
    let said: String = seen.says.into_values().collect();
    for (at, member) in world.plan.members.iter().enumerate() {
        let line = format!("\n{}:", member.name);
        if Some(at) != world.plan.plugin && !said.contains(&line) {
            return Err(format!(
                "{} goes unseen:\n{}\n{said}",
                member.name, built.log
            ));
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Step {
    Edit,
    Build,
    Git,
    New,
    Warm,
}

fn round(world: &mut World) -> Result<(), String> {
    let step = world.dice.weighted(&[
        (30, Step::Edit),
        (16, Step::Build),
        (12, Step::Git),
        (22, Step::New),
        (20, Step::Warm),
    ]);
    match step {
        Step::Edit => {
            let at = any(world);
            for _ in 0..=world.dice.below(3) {
                edit(world, at, 6);
            }
            Ok(())
        }
        Step::Build => {
            let (at, command) = (any(world), command(world));
            if world.trees[at].doubtful && world.dice.one_in(2) {
                world.delete_target(at);
            }
            if world.dice.one_in(3) {
                world.check(at, &command)?;
            } else if !world.build(at, &command).ok {
                world.recover(at);
            }
            Ok(())
        }
        Step::Git => {
            git(world);
            Ok(())
        }
        Step::New => new(world),
        Step::Warm => {
            let at = any(world);
            if !world.dice.one_in(3) {
                world.delete_target(at);
            }
            let others: Vec<usize> = (0..world.trees.len())
                .filter(|other| *other != at)
                .collect();
            let from = *world.dice.pick(&others);
            let from = world.dice.one_in(2).then_some(from);
            let from = from.filter(|from| world.has_target(*from));
            if let Some(from) = from.filter(|_| world.dice.one_in(3)) {
                edit(world, from, 2);
            }
            world.warm(at, from)?;
            let command = command(world);
            world.check(at, &command)?;
            Ok(())
        }
    }
}

/// A worktree.
fn any(world: &mut World) -> usize {
    world.dice.below(world.trees.len())
}

fn command(world: &mut World) -> Command {
    let one = world.dice.pick(&world.plan.members).name.clone();
    let at = world
        .dice
        .weighted(&[(58, 0), (12, 1), (13, 2), (4, 3), (13, 4)]);
    match at {
        0 => Command::Build,
        1 => Command::Test,
        2 => Command::Check,
        3 => Command::Release,
        _ => Command::Package(one),
    }
}

/// An edit; one of so many leaves a file as old as if it had been there before.
fn edit(world: &mut World, at: usize, old: usize) {
    // Not every package has everything.
    for _ in 0..8 {
        let edit = world.dice.weighted(&[
            (30, Edit::Value),
            (22, Edit::Data),
            (14, Edit::Module),
            (4, Edit::Program),
            (8, Edit::Input),
            (6, Edit::Touch),
            (10, Edit::Manifest),
            (5, Edit::Edge),
            (5, Edit::Workspace),
            (3, Edit::Broken),
        ]);
        let old = edit != Edit::Touch && world.dice.one_in(old);
        if world.edit(at, edit, old) {
            return;
        }
    }
}

fn git(world: &mut World) {
    let at = any(world);
    let other = any(world);
    let head = world.head(other);
    match world.dice.below(7) {
        0 | 1 => commit(world, at),
        2 => drop(world.git(at, &["checkout", "-q", "--", "."])),
        3 => drop(world.git(at, &["stash", "-q", "-u"])),
        4 => {
            if world.git(at, &["stash", "pop", "-q"]).code != Some(0) {
                world.git(at, &["reset", "-q", "--hard"]);
                world.git(at, &["stash", "drop", "-q"]);
            }
        }
        5 => {
            let args = ["merge", "-q", "-X", "theirs", "--no-edit", &head];
            if world.git(at, &args).code != Some(0) {
                world.git(at, &["merge", "--abort"]);
            }
        }
        _ => drop(world.git(at, &["switch", "-q", "--detach", &head])),
    }
}

fn commit(world: &mut World, at: usize) {
    let still = world.trees[at].still;
    world.git(at, &["add", "-A"]);
    world.git(at, &["commit", "-q", "--allow-empty", "-m", "step"]);
    // A commit leaves all files alone.
    world.trees[at].still = still;
}

/// A new worktree of what another one has, or nearly has.
fn new(world: &mut World) -> Result<(), String> {
    let from = world.dice.below(2);
    // Of the very commit that the other one was built of, or of something near it.
    let very = world.dice.one_in(4);
    if world.dice.one_in(2) {
        edit(world, from, 6);
    }
    if very || !world.dice.one_in(3) {
        if very || (world.trees[from].doubtful && world.dice.one_in(2)) {
            world.delete_target(from);
        }
        if !world.build(from, &Command::Build).ok {
            world.recover(from);
        }
    }
    if !very && world.dice.one_in(2) {
        edit(world, from, 2);
    }
    if very || !world.dice.one_in(4) {
        commit(world, from);
    }
    let head = world.head(from);
    if let Some(at) = world.trees.iter().position(|tree| tree.name == "c") {
        let path = world.path(&world.trees[at].folder).display().to_string();
        let args = ["worktree", "remove", "--force", &path];
        world.sandbox.git(REPOSITORY, &args);
        world.trees.remove(at);
    }
    world.add("c", &head);
    let at = world.trees.len() - 1;
    world.say(format!("c: new, of {}", world.trees[from].name));
    if world.dice.one_in(3) {
        world.age(at);
    }
    if !very && world.dice.one_in(4) {
        edit(world, at, 2);
    }
    let named = (very || world.dice.one_in(2)) && world.has_target(from);
    let same = named && world.trees[from].still && world.same_files(at, from);
    world.warm(at, named.then_some(from))?;
    let command = if very { Command::Build } else { command(world) };
    let built = world.check(at, &command)?;
    if same && command == Command::Build {
        world.check_compiled(at, &built)?;
    }
    // Units that the worktree was given are its own from now on.
    if world.dice.one_in(4) {
        edit(world, at, usize::MAX);
        world.check(at, &Command::Build)?;
    }
    Ok(())
}
