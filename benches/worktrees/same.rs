//! Measures the time of a new worktree until it is built: at the same commit, where nothing is compiled, also beside
//! another one that is warm, and one commit apart.

use anyhow::Result;
use cargo_sharedtarget::progress::Progress;
use cargo_sharedtarget::target::read;

use super::build::Build;
use super::checks::Checks;
use super::cost::Cost;
use super::figures::{Series, mebibytes, median_of, print_bar};
use super::generate::MARK;
use super::place;
use super::products::Products;
use super::stage::Stage;
use super::tools::Cache;
use super::usage::Own;
use super::warm::Donor;

/// The most space that a worktree may take, as a part of that of the executables and fingerprints in it.
const LIMIT: f64 = 1.10;

/// A kind of worktree, and what was found out about such.
struct Case<'a> {
    name: &'static str,
    commit: String,
    /// Nothing has to be compiled.
    same: bool,
    /// Another one that was warmed and built is there, and may be taken for a donor.
    beside: bool,
    /// The cost of a plain build of a worktree.
    cold: Cost,
    /// Its programs, and their answers.
    products: &'a Products,
    warm: Series,
    to_fresh: Series,
    to_cold: Series,
    to_caches: Vec<Series>,
    /// How many crates were compiled in each round.
    compiled: Vec<usize>,
    /// The space that each round took of the filesystem, as a ratio to the space that it needed.
    taken: Vec<f64>,
    /// The target folder of the last round, beyond that of the first worktree.
    own: Option<Own>,
}

/// In each round the first worktree is built where nothing has changed; a worktree is added, warmed and built; and
/// another one is added and built with each compiler cache that is installed, whose store was filled before. Plain
/// builds come once.
pub(crate) fn measure(
    stage: &Stage,
    donor: &Donor,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nsame, {rounds} rounds:");
    place::load();
    let neighbour = match stage.neighbour()? {
        Some(commit) => {
            let (build, products) = plain(stage, &commit)?;
            Some((commit, build.cost, products))
        }
        None => {
            println!("skipped: the repository has one commit");
            None
        }
    };
    let caches = filled(stage)?;
    let cache_names: Vec<&'static str> = caches.iter().map(Cache::name).collect();
    let mut cases = vec![Case::new(
        "same commit",
        "HEAD",
        (donor.build.cost, &donor.products),
        &cache_names,
    )];
    cases.push(Case {
        beside: true,
        ..Case::new(
            "beside one",
            "HEAD",
            (donor.build.cost, &donor.products),
            &[],
        )
    });
    if let Some((commit, cold, products)) = &neighbour {
        let known = (*cold, products);
        cases.push(Case::new("one apart", commit, known, &cache_names));
    }
    // Where a source is git's index, the first build may compile something once more.
    stage.build(&stage.main)?;
    for _ in 0..rounds {
        for case in &mut cases {
            case.round(stage, donor, &caches, checks)?;
        }
    }
    cases.iter().for_each(Case::print);
    place::load();
    Ok(())
}

/// Builds a worktree at a commit, cold, and asks its programs.
fn plain(stage: &Stage, commit: &str) -> Result<(Build, Products)> {
    let worktree = stage.add_at("plain", commit)?;
    stage.fetch(&worktree)?;
    let build = stage.build(&worktree)?;
    let products = Products::of(stage, &worktree, &build)?;
    stage.set_aside(&worktree)?;
    Ok((build, products))
}

/// The compiler caches that are installed and work, after a build of the first worktree's commit.
fn filled(stage: &Stage) -> Result<Vec<Cache<'_>>> {
    let mut filled = Vec::new();
    for cache in Cache::all(stage, "same")? {
        let worktree = stage.add_at("filling", "HEAD")?;
        let built = cache.build(&worktree);
        stage.set_aside(&worktree)?;
        match built {
            Ok(_) => filled.push(cache),
            Err(error) => println!("note: {} did not work: {error:#}", cache.name()),
        }
    }
    Ok(filled)
}

impl<'a> Case<'a> {
    fn new(
        name: &'static str,
        commit: &str,
        (cold, products): (Cost, &'a Products),
        caches: &[&'static str],
    ) -> Self {
        let series = |what: &str, to: &str| Series::new(format!("{name}: {what} / {to}"));
        let to_caches = caches.iter().map(|cache| series("both", cache));
        Self {
            name,
            commit: commit.to_owned(),
            same: commit == "HEAD",
            beside: false,
            cold,
            products,
            warm: series("`warm`", "no-op build"),
            to_fresh: series("both", "no-op build"),
            to_cold: series("both", "cold build"),
            to_caches: to_caches.collect(),
            compiled: Vec::new(),
            taken: Vec::new(),
            own: None,
        }
    }

    fn round(
        &mut self,
        stage: &Stage,
        donor: &Donor,
        caches: &[Cache<'_>],
        checks: &mut Checks,
    ) -> Result<()> {
        let fresh = stage.build(&stage.main)?;
        checks.that(fresh.crates() == 0, || {
            format!("the first worktree was not fresh: {fresh:?}")
        });
        let mut first = None;
        if self.beside {
            let worktree = first.insert(stage.add_at("first", &self.commit)?);
            stage.warm(worktree)?;
            stage.build(worktree)?;
        }
        let worktree = stage.add_at("worktree", &self.commit)?;
        let before = place::taken(&stage.folder);
        let (warm, left) = stage.warm_and_left(&worktree)?;
        let build = stage.build(&worktree)?;
        let after = place::taken(&stage.folder);
        let both = warm + build.cost;
        self.warm.note(warm, fresh.cost);
        self.to_fresh.note(both, fresh.cost);
        self.to_cold.note(both, self.cold);
        self.compiled.push(build.crates());
        if build.crates() > 0 {
            println!("compiled: {:?} {:?}", build.local, build.third_party);
        }
        let names = build.local.iter().chain(&build.third_party);
        let mut names = names.filter_map(|package| package.split(' ').next());
        let unexpected = names.find(|name| !left.contains(*name));
        checks.that(!self.same || unexpected.is_none(), || {
            format!("compiled at the same commit, and not left by the plan: {unexpected:?}")
        });
        let products = self.products;
        products.check_marked(stage, &worktree, MARK, checks)?;
        let own = Own::of(
            &read::read(&worktree.join("target"), &Progress::default()),
            &donor.inventory,
        );
        if let Some((before, after)) = before.zip(after) {
            let taken = after as f64 - before as f64;
            self.taken.push(taken / own.needed as f64);
        }
        self.own = Some(own);
        for worktree in first.iter().chain([&worktree]) {
            stage.set_aside(worktree)?;
        }
        // Once it has built another commit, it is not the first time any more.
        let again = !self.same && self.compiled.len() > 1;
        let series = self.to_caches.iter_mut().filter(|_| !again);
        for (cache, series) in caches.iter().zip(series) {
            let worktree = stage.add_at("cached", &self.commit)?;
            series.note(both, cache.build(&worktree)?.cost);
            stage.set_aside(&worktree)?;
        }
        Ok(())
    }

    fn print(&self) {
        for series in [&self.warm, &self.to_fresh, &self.to_cold] {
            series.print();
        }
        self.to_caches.iter().for_each(Series::print);
        println!("{}: crates compiled {:?}", self.name, self.compiled);
        if self.same {
            let most = self.compiled.iter().max().copied().unwrap_or(0);
            print_bar(&format!("{}: crates compiled", self.name), most as f64, 0.0);
        }
        let Some(own) = &self.own else { return };
        let of_needed = |kibibytes: u64| {
            let ratio = kibibytes as f64 / own.needed as f64;
            format!("{ratio:>7.3} [{}]", mebibytes(kibibytes))
        };
        println!(
            "{}: extra disk as ratios to executables and fingerprints:",
            self.name
        );
        for (kind, kibibytes) in own.kinds.iter().filter(|(_, kibibytes)| **kibibytes > 0) {
            println!("  {:<46} {}", kind.words(), of_needed(*kibibytes));
        }
        let name = format!("{}: extra disk / what it needs", self.name);
        println!(
            "{name}, by `df`, others' included: {:.3}",
            median_of(&self.taken)
        );
        let is = own.all() as f64 / own.needed as f64;
        match self.same {
            true => print_bar(&name, is, LIMIT),
            false => println!("{name}: {is:.3}"),
        }
    }
}
