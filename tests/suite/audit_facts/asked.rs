//! Who asks for features, as Cargo understands manifests.

use cargo_metadata::MetadataCommand;
use cargo_sharedtarget::audit::features::asked_by;

use crate::sandbox::Sandbox;

/// A workspace by the manifests of its packages: members in `in`, others in `out`.
struct Manifests {
    sandbox: Sandbox,
}

impl Manifests {
    fn new(packages: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        let members = packages
            .iter()
            .filter(|(folder, _)| folder.starts_with("in/"));
        let members: Vec<String> = members.map(|(folder, _)| format!("\"{folder}\"")).collect();
        let root = format!(
            "[workspace]\nmembers = [{}]\nexclude = [\"out\"]\nresolver = \"2\"\n",
            members.join(", ")
        );
        sandbox.write("Cargo.toml", &root);
        for (folder, rest) in packages {
            let name = folder.rsplit('/').next().expect("a name");
            let (name, version) = name.rsplit_once('@').unwrap_or((name, "1.0.0"));
            let text = format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}"
            );
            sandbox.write(&format!("{folder}/Cargo.toml"), &text);
            sandbox.write(&format!("{folder}/src/lib.rs"), "");
            if rest.contains("build-dependencies") {
                sandbox.write(&format!("{folder}/build.rs"), "fn main() {}");
            }
        }
        Self { sandbox }
    }

    /// Who asks for these features, as `feature: package (kind) by member`.
    fn asked(&self, package: &str, version: &str, features: &[&str]) -> Vec<String> {
        let triple = if cfg!(windows) {
            "x86_64-pc-windows-msvc"
        } else {
            "x86_64-unknown-linux-gnu"
        };
        let args = [
            "metadata",
            "--format-version=1",
            "--offline",
            "--filter-platform",
            triple,
        ];
        let said = self.sandbox.cargo("", &args).stdout;
        let metadata = MetadataCommand::parse(said).expect("metadata");
        let features = features
            .iter()
            .map(|feature| (*feature).to_owned())
            .collect();
        let asked = asked_by(&metadata, package, version, &features);
        let shown = asked.iter().map(|by| {
            let member = by.member.as_deref().unwrap_or("nobody");
            format!(
                "{}: {} ({}) by {member}",
                by.feature, by.package, by.dependency
            )
        });
        shown.collect()
    }
}

const DEEP: &str = "[features]\ndefault = [\"std\"]\nstd = [\"alloc\"]\nalloc = []\nextra = [\"dep:helper\"]\nmore = [\"extra\"]\n\
                    unused = []\n[dependencies]\nhelper = { path = \"../helper\", optional = true }\n";

#[test]
fn who_asks_for_features() {
    let manifests = Manifests::new(&[
        ("out/deep", DEEP),
        ("out/helper", ""),
        // By an entry with defaults, through two members; the nearer one is by name.
        ("out/plain", "[dependencies]\ndeep.path = \"../deep\"\n"),
        // By a feature that is on, by one that is off, and by one of a dependency that is off.
        (
            "out/named",
            "[features]\ndefault = [\"on\"]\non = [\"deep/more\"]\noff = [\"deep/unused\"]\n\
             [dependencies]\ndeep = { path = \"../deep\", default-features = false }\n",
        ),
        (
            "out/optional",
            "[features]\nweak = [\"deep?/unused\"]\n\
             [dependencies]\ndeep = { path = \"../deep\", optional = true, features = [\"unused\"] }\n",
        ),
        (
            "in/a",
            "[dependencies]\nb.path = \"../b\"\nnamed.path = \"../../out/named\"\n",
        ),
        (
            "in/b",
            "[dependencies]\nplain.path = \"../../out/plain\"\noptional = { path = \"../../out/optional\", features = [\"weak\"] }\n\
             [build-dependencies]\ndeep = { path = \"../../out/deep\", default-features = false, features = [\"alloc\"] }\n\
             [dev-dependencies]\ndeep = { path = \"../../out/deep\", default-features = false, features = [\"more\"] }\n",
        ),
        (
            "in/c",
            "[dependencies]\nrenamed = { path = \"../../out/deep\", package = \"deep\", default-features = false }\n\
             plain.path = \"../../out/plain\"\n\
             [features]\ndefault = [\"renamed/extra\", \"renamed/alloc\"]\n",
        ),
    ]);
    let all = ["default", "std", "alloc", "extra", "more", "unused"];
    assert_eq!(
        manifests.asked("deep", "1.0.0", &all),
        [
            "alloc: b (build) by b",
            "alloc: c (normal) by c",
            "alloc: plain (normal) by b",
            "default: plain (normal) by b",
            "extra: b (dev) by b",
            "extra: c (normal) by c",
            "extra: named (normal) by a",
            "more: b (dev) by b",
            "more: named (normal) by a",
            "std: plain (normal) by b",
        ]
    );
    assert_eq!(
        manifests.asked("deep", "1.0.0", &["std"]),
        ["std: plain (normal) by b"]
    );
    assert!(manifests.asked("deep", "1.0.1", &all).is_empty());
    assert!(manifests.asked("nothing", "1.0.0", &all).is_empty());
    assert!(manifests.asked("a", "1.0.0", &["default"]).is_empty());
}

#[test]
fn who_asks_for_features_of_one_version_and_target() {
    let features = "[features]\none = []\ntwo = []\nthree = []\n";
    let manifests = Manifests::new(&[
        ("out/deep@1.0.0", features),
        ("out/deep@2.0.0-beta.1", features),
        (
            "in/both",
            "[dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"one\"] }\n\
             new-deep = { package = \"deep\", path = \"../../out/deep@2.0.0-beta.1\", features = [\"two\"] }\n",
        ),
        (
            "in/target",
            "[target.'cfg(any(unix, windows))'.dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"two\"] }\n",
        ),
        (
            "in/elsewhere",
            "[target.'cfg(target_os = \"hermit\")'.dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"three\"] }\n",
        ),
    ]);
    let all = ["one", "two", "three"];
    assert_eq!(
        manifests.asked("deep", "1.0.0", &all),
        [
            "one: both (normal) by both",
            "two: target (normal) by target"
        ]
    );
    let new = manifests.asked("deep", "2.0.0-beta.1", &all);
    assert_eq!(new, ["two: both (normal) by both"]);
}

/// An optional dependency is asked for nothing by its entry as long as something else is what brings it in.
#[test]
fn who_asks_for_features_of_what_is_optional() {
    let user = |features: &str| {
        format!(
            "[features]\n{features}\n[dependencies]\ndeep = {{ path = \"../../out/deep\", optional = true, features = [\"two\"] }}\n\
             [dev-dependencies]\ndeep = {{ path = \"../../out/deep\", features = [\"one\"] }}\n"
        )
    };
    for (features, expected) in [
        ("", &["one: user (dev) by user"][..]),
        (
            "default = [\"deep\"]",
            &["one: user (dev) by user", "two: user (normal) by user"],
        ),
        (
            "default = [\"dep:deep\"]",
            &["one: user (dev) by user", "two: user (normal) by user"],
        ),
        (
            "default = [\"deep/three\"]",
            &[
                "one: user (dev) by user",
                "three: user (dev) by user",
                "three: user (normal) by user",
                "two: user (normal) by user",
            ],
        ),
        (
            "default = [\"deep?/three\"]",
            &["one: user (dev) by user", "three: user (dev) by user"],
        ),
    ] {
        let manifests = Manifests::new(&[
            ("out/deep", "[features]\none = []\ntwo = []\nthree = []\n"),
            ("in/user", &user(features)),
        ]);
        let found = manifests.asked("deep", "1.0.0", &["one", "two", "three"]);
        assert_eq!(found, expected, "{features}");
    }
}

/// Cargo locks what only `package?/feature` names, and no build uses it.
#[test]
fn what_is_only_locked_asks_for_nothing() {
    let user = |features: &str| {
        format!(
            "[features]\ndefault = [{features}]\n\
             [dependencies]\nmiddle = {{ path = \"../../out/middle\", optional = true }}\n"
        )
    };
    for (features, expected) in [
        ("\"middle?/some\"", &[][..]),
        ("\"middle/some\"", &["one: middle (normal) by user"][..]),
    ] {
        let manifests = Manifests::new(&[
            ("out/deep", "[features]\none = []\n"),
            (
                "out/middle",
                "[features]\nsome = []\n[dependencies]\ndeep = { path = \"../deep\", features = [\"one\"] }\n",
            ),
            ("in/user", &user(features)),
        ]);
        let found = manifests.asked("deep", "1.0.0", &["one"]);
        assert_eq!(found, expected, "{features}");
    }
}
