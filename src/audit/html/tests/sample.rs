//! An audit such as there are in real life, the same each time.

use std::path::PathBuf;

use crate::audit::model::{
    AskedBy, Audit, AuditedFolder, AuditedPackage, Difference, Finding, FindingKind, Share, Unused,
    Variant,
};
use crate::clean::model::CollectReason;
use crate::size::Bytes;
use crate::target::unit::{Source, UnitId, UnitKind};

const NAMES: &str = "serde serde_json syn quote proc-macro2 tokio hyper reqwest regex regex-automata aws-sdk-s3 \
    aws-config libsqlite3-sys openssl-sys ring rustls clap clap_builder rayon crossbeam parking_lot \
    bytes http tower tracing tracing-subscriber tonic prost axum sqlx sqlx-core diesel chrono time \
    uuid rand rand_core itertools indexmap hashbrown ahash libc windows-sys winapi bindgen clang-sys \
    cc cmake image png wgpu naga winit bevy_ecs bevy_render datafusion arrow parquet object_store \
    half";
const FEATURES: &str =
    "alloc default derive std rc unstable rt-multi-thread macros io-util net sync tls";
const OWN: [&str; 6] = [
    "app",
    "app-core",
    "app-cli",
    "app-server",
    "app-storage",
    "a-helper-with-a-name-that-is-really-long",
];

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }

    /// Mostly little, seldom much.
    fn size(&mut self) -> Bytes {
        let most = 1 << (13 + self.below(5) + self.below(5) + self.below(6));
        Bytes(4096 * (1 + self.below(most) / 4096))
    }
}

/// An audit of so many packages, with about four variants each.
pub(crate) fn audit(packages: usize) -> Audit {
    let mut dice = Dice(7);
    let mut packages: Vec<AuditedPackage> =
        (0..packages).map(|at| package(at, &mut dice)).collect();
    packages.sort_by_key(|package| std::cmp::Reverse(package.share.on_disk));
    let variants: Vec<(bool, &Variant)> = packages
        .iter()
        .flat_map(|package| {
            package
                .variants
                .iter()
                .map(|one| (package.source.is_third_party(), one))
        })
        .collect();
    let of = |name: &str, fits: &dyn Fn(bool, &Variant) -> bool, more: Bytes| {
        let of_these = variants
            .iter()
            .filter(|(third_party, one)| fits(*third_party, one));
        share(
            name,
            of_these.map(|(_, one)| one.on_disk).sum::<Bytes>() + more,
        )
    };
    let all: Bytes = packages.iter().map(|package| package.share.on_disk).sum();
    let libraries: Bytes = variants.iter().map(|(_, one)| one.on_disk).sum();
    let scripts = Bytes(all.0 - libraries.0);
    let incremental = Bytes(all.0 / 3);
    let others = Bytes(all.0 / 90);
    let mut kinds = vec![
        of(
            "third-party libraries",
            &|third_party, _| third_party,
            Bytes(0),
        ),
        of(
            "local libraries",
            &|third_party, one| !third_party && one.unit == UnitKind::Library,
            Bytes(0),
        ),
        of(
            "tests and benches",
            &|_, one| one.unit == UnitKind::Test,
            Bytes(0),
        ),
        of(
            "programs",
            &|_, one| one.unit == UnitKind::Program,
            Bytes(0),
        ),
        share("build scripts", scripts),
        share("incremental", incremental),
        share("documentation", others),
    ];
    let profile = |name: &'static str| move |_: bool, one: &Variant| one.id.profile.ends_with(name);
    let mut profiles = vec![
        of("debug", &profile("debug"), scripts + incremental),
        of("release", &profile("release"), Bytes(0)),
        share("doc", others),
    ];
    let triple =
        |name: Option<&'static str>| move |_: bool, one: &Variant| one.triple.as_deref() == name;
    let wasm = "wasm32-unknown-unknown";
    let mut triples = vec![
        of("host", &triple(None), scripts + incremental + others),
        of(wasm, &triple(Some(wasm)), Bytes(0)),
    ];
    for shares in [&mut kinds, &mut profiles, &mut triples] {
        shares.sort_by_key(|share| std::cmp::Reverse(share.on_disk));
    }
    let total = all + incremental + others;
    Audit {
        folders: (0..7).map(|at| folder(at, total)).collect(),
        total: share("", total),
        profiles,
        triples,
        kinds,
        incremental: vec![
            share("pika", Bytes(incremental.0 - incremental.0 / 3)),
            share("chu", Bytes(incremental.0 / 3)),
        ],
        unused: unused(all),
        findings: findings(all),
        problems: Vec::new(),
        packages,
    }
}

fn share(name: &str, on_disk: Bytes) -> Share {
    Share {
        name: name.into(),
        on_disk,
        freeable: Bytes(on_disk.0 / 10 * 7),
        entries: on_disk.0 / 200_000,
    }
}

fn package(at: usize, dice: &mut Dice) -> AuditedPackage {
    let local = at % 11 == 5;
    let name = match local {
        true => format!(
            "{}{}",
            OWN[at / 11 % OWN.len()],
            suffix(at / 11 / OWN.len())
        ),
        false => format!("{}{}", crate_name(at), suffix(at / 60 / 3)),
    };
    let source = match at % 23 {
        _ if local => Source::Local,
        7 => Source::Git {
            checkout: "bevy-1f2e3d4c5b6a7988".into(),
            revision: "9ae1c04".into(),
        },
        8 => Source::Directory,
        _ => Source::Registry {
            registry: "index.crates.io-1949cf8c6b5b557f".into(),
        },
    };
    let count = if at.is_multiple_of(3) {
        1 + dice.below(9)
    } else {
        1 + dice.below(5)
    };
    let mut variants: Vec<Variant> = (0..count).map(|_| variant(&name, local, dice)).collect();
    variants.sort_by_key(|one| (one.targets.clone(), std::cmp::Reverse(one.on_disk)));
    for at in 1..variants.len() {
        if variants[at].targets == variants[at - 1].targets {
            variants[at].differs = differences(&variants[at - 1], &variants[at], at);
        }
    }
    let libraries: Bytes = variants.iter().map(|variant| variant.on_disk).sum();
    let scripts = if at.is_multiple_of(4) {
        dice.size()
    } else {
        Bytes(0)
    };
    let asked = |feature: &str| AskedBy {
        feature: feature.into(),
        package: crate_name(dice.below(60) as usize).into(),
        dependency: ["normal", "dev", "build"][dice.below(3) as usize].into(),
        member: Some(OWN[dice.below(6) as usize].into()),
    };
    AuditedPackage {
        share: share(&name, libraries + scripts),
        name,
        version: (!local).then(|| format!("{}.{}.{}", at % 3, at % 7, at / 60)),
        source,
        one_less: variants.get(1).map_or(Bytes(0), |variant| variant.on_disk),
        asked_by: FEATURES
            .split(' ')
            .skip(2)
            .take(if variants.len() > 2 { 3 } else { 0 })
            .map(asked)
            .collect(),
        variants,
    }
}

fn crate_name(at: usize) -> &'static str {
    NAMES.split(' ').nth(at % 60).unwrap_or("none")
}

fn suffix(at: usize) -> String {
    match at {
        0 => String::new(),
        at => format!("-{at}"),
    }
}

fn variant(name: &str, local: bool, dice: &mut Dice) -> Variant {
    let triple = (dice.below(6) == 0).then(|| "wasm32-unknown-unknown".to_owned());
    let profile = if dice.below(4) == 0 {
        "release"
    } else {
        "debug"
    };
    let unit = match dice.below(4) {
        0 if local => UnitKind::Test,
        1 if local => UnitKind::Program,
        _ => UnitKind::Library,
    };
    let target = if unit == UnitKind::Library {
        "lib"
    } else {
        "test-bin"
    };
    let on_disk = dice.size();
    Variant {
        id: UnitId {
            profile: triple
                .as_ref()
                .map_or(profile.into(), |triple| format!("{triple}/{profile}")),
            hash: format!(
                "{:016x}",
                dice.below(u64::MAX).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ),
        },
        counted_in: match &unit {
            UnitKind::Library if !local => "third-party libraries",
            UnitKind::Library => "local libraries",
            UnitKind::Program => "programs",
            _ => "tests and benches",
        },
        unit,
        targets: vec![format!("{target}-{name}")],
        checked: dice.below(3) == 0,
        features: FEATURES
            .split(' ')
            .filter(|_| dice.below(3) == 0)
            .map(str::to_owned)
            .collect(),
        all_features: false,
        triple,
        compiler: Some(
            if dice.below(5) == 0 {
                "rustc 1.97.0-nightly"
            } else {
                "rustc 1.95.0"
            }
            .into(),
        ),
        rustflags: Vec::new(),
        folders: 1 + dice.below(7) as usize,
        on_disk,
        freeable: on_disk,
        last_use: format!("2026-0{}-1{}T08:00:00Z", 1 + dice.below(5), dice.below(10))
            .parse()
            .ok(),
        differs: Vec::new(),
    }
}

fn differences(one: &Variant, other: &Variant, at: usize) -> Vec<Difference> {
    let only = |these: &Variant, those: &Variant| -> Vec<String> {
        let only = these
            .features
            .iter()
            .filter(|name| !those.features.contains(name));
        only.cloned().collect()
    };
    let mut all = Vec::new();
    if one.checked != other.checked {
        all.push(Difference::Checked);
    }
    if one.triple != other.triple {
        let (from, to) = (one.triple.clone(), other.triple.clone());
        all.push(Difference::Triple { from, to });
    }
    if one.compiler != other.compiler {
        let (from, to) = (one.compiler.clone(), other.compiler.clone());
        all.push(Difference::Compiler { from, to });
    }
    let (more, less) = (only(other, one), only(one, other));
    if !more.is_empty() || !less.is_empty() {
        all.push(Difference::Features { more, less });
    }
    if all.is_empty() {
        let packages = vec!["syn".into(), "proc-macro2".into()];
        all.push(match at % 3 {
            0 => Difference::Settings,
            1 => Difference::Dependencies { packages },
            _ => Difference::Unknown,
        });
    }
    all
}

fn folder(at: u64, total: Bytes) -> AuditedFolder {
    let on_disk = Bytes(total.0 / (2 + at));
    AuditedFolder {
        path: format!("/home/me/src/.shared-target/app/worktree-{at}").into(),
        workspaces: vec![PathBuf::from(format!(
            "/home/me/src/app-worktrees/worktree-{at}"
        ))],
        on_disk,
        freeable: Bytes(on_disk.0 / 2),
        shared: Bytes(on_disk.0 / 2),
        logical: Bytes(on_disk.0 - 4096),
        entries: 40_000 / (at + 1),
        units: (3_000 / (at + 1)) as usize,
        last_use: format!("2026-05-2{at}T10:00:00Z").parse().ok(),
    }
}

fn unused(all: Bytes) -> Vec<Unused> {
    let names = |count: usize| NAMES.split(' ').take(count).map(str::to_owned).collect();
    let one = |why, name: &str, part: u64, count: usize, option: &str| Unused {
        why,
        count,
        share: share(name, Bytes(all.0 / part)),
        names: names(count.min(60)),
        command: format!("cargo sharedtarget gc {option}"),
    };
    let gone = CollectReason::ToolchainGone {
        toolchain: Some("rustc 1.88.0".into()),
    };
    vec![
        one(
            gone,
            "compilers that are not installed",
            9,
            212,
            "--toolchains",
        ),
        one(
            CollectReason::Unreferenced,
            "packages in no Cargo.lock",
            17,
            48,
            "--unreferenced",
        ),
        one(
            CollectReason::Unfinished,
            "incomplete units",
            300,
            3,
            "--unfinished",
        ),
    ]
}

fn findings(all: Bytes) -> Vec<Finding> {
    let one =
        |kind, saves: Option<u64>, at_most, what: &str, change: &str, file: Option<&str>| Finding {
            kind,
            saves: saves.map(|part| Bytes(all.0 / part)),
            at_most,
            what: what.into(),
            change: change.into(),
            file: file.map(PathBuf::from),
            more_files: Vec::new(),
        };
    let manifest = Some("/home/me/src/app-worktrees/worktree-0/Cargo.toml");
    vec![
        one(
            FindingKind::DependencyDebugInfo,
            Some(4),
            true,
            "third-party libraries and build scripts contain 4.1 GiB of debug information, 1.9 GiB of it line tables",
            "[profile.dev.package.\"*\"]\ndebug = false",
            manifest,
        ),
        one(
            FindingKind::DifferingFeatures,
            Some(12),
            true,
            "31 third-party packages were built with several sets of features: syn, tokio, serde and 28 more",
            "cargo hakari init workspace-hack && cargo hakari generate && cargo hakari manage-deps",
            None,
        ),
        one(
            FindingKind::FlatSharing,
            None,
            false,
            "2 workspaces build into one folder: Cargo can run one worktree's code for another's",
            "cargo sharedtarget setup --replace",
            None,
        ),
    ]
}
