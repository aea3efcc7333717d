//! Units that the destination has already, and their effect on the rest.

use super::*;

/// R2: a unit that is there is never replaced, whatever it is like; it counts.
#[test]
fn what_is_there_stays() {
    let donor = vec![unit(1, &[]), unit(2, &[1]), local(unit(3, &[]))];
    let here = vec![built(1, &[], 500), local(unit(3, &[]))];
    let warm = chosen(donor, here, None);
    assert_eq!(warm.present, 2);
    assert!(!taken(&warm).contains(&"p1"));
    assert!(
        warm.left.iter().all(|left| left.package != "p3"),
        "it has one of its own"
    );
}

/// A dependency in the destination must be the very unit that the donor's unit was compiled with, and not be newer.
#[test]
fn a_dependency_that_is_there() {
    let donor = || vec![unit(1, &[]), built(2, &[1], 10)];
    let other = |fingerprint: u64, second: i64| Unit {
        fingerprints: vec![fingerprint],
        ..built(1, &[], second)
    };
    let differs = LeftReason::OtherDependency {
        dependency: "p1".into(),
    };
    for (here, expected) in [
        (other(1, 1), None),
        (other(1, 10), None),
        (other(1, 11), Some(LeftReason::Stale)),
        (other(7, 1), Some(differs.clone())),
    ] {
        let warm = chosen(donor(), vec![here.clone()], None);
        match expected {
            None => assert_eq!(taken(&warm), ["p2"], "{here:?}"),
            Some(expected) => assert_eq!(reason(&warm, "p2"), &expected, "{here:?}"),
        }
    }
    // The same fingerprint, and not the same bytes.
    let donor = inventory("/donor", donor());
    let mut here = DestinationUnits::of(&inventory("/here", vec![other(1, 1)]));
    here.different.insert(id(1));
    let flaws = BTreeMap::new();
    let offer = DonorView {
        rustc: None,
        donor: &donor,
        lock: None,
        flaws: &flaws,
        locals: &Locals::default(),
        programs: true,
        links_programs: true,
    };
    assert_eq!(reason(&choose(offer, &here), "p2"), &differs);
}

/// The rest of an unfinished build is cleared away first; what is not understood is left alone.
#[test]
fn what_a_build_left_half_way() {
    let warm = chosen(vec![unit(1, &[])], vec![rest(unit(1, &[]))], None);
    assert_eq!(taken(&warm), ["p1"]);
    assert_eq!(warm.units[0].clear, warm.units[0].entries);
    assert_eq!(warm.present, 0);
    let odd = Unit {
        unfinished: false,
        ..rest(unit(1, &[]))
    };
    let warm = chosen(vec![unit(1, &[]), unit(2, &[1])], vec![odd], None);
    assert_eq!(reason(&warm, "p1"), &LeftReason::Occupied);
    assert_eq!(reason(&warm, "p2"), &depends_on("p1", LeftReason::Occupied));
    // The reason does not matter for a unit that would be left anyway.
    let warm = chosen(vec![local(unit(1, &[]))], vec![rest(unit(1, &[]))], None);
    assert_eq!(reason(&warm, "p1"), &LeftReason::Local);
}

/// Units that a first donor gives count as there for the second.
#[test]
fn two_donors() {
    let first = inventory("/first", vec![unit(1, &[])]);
    let (flaws, locals) = (BTreeMap::new(), Locals::default());
    let offer = |donor| DonorView {
        rustc: None,
        donor,
        lock: None,
        flaws: &flaws,
        locals: &locals,
        programs: true,
        links_programs: true,
    };
    let mut here = DestinationUnits::default();
    let warm = choose(offer(&first), &here);
    here.add(&first, &warm);
    assert!(here.has(&id(1)) && !here.has(&id(2)));
    let second = inventory("/second", vec![unit(1, &[]), unit(2, &[1])]);
    let warm = choose(offer(&second), &here);
    assert_eq!((taken(&warm), warm.present), (vec!["p2"], 1));
}
