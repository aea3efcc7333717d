//! Words by which a clone tries to have its own programs run.

use std::path::Path;

/// Keys of Cargo's configuration that name a program, load something, or lead somewhere. `WIRE` is a tripwire in the clone
/// by the name of the key, `CLONE` is where the clone will be, `OUTSIDE` a folder in no worktree, `HOST` this machine.
pub(super) const KEYS: [&str; 65] = [
    "build.rustc = './WIRE'",
    "build.rustc = 'CLONE/WIRE'",
    "build.rustc = 'OUTSIDE/rustc'",
    "build.rustc-wrapper = './sccache'",
    "build.rustc-wrapper = './WIRE'",
    "build.rustc-wrapper = 'CLONE/sccache'",
    "build.rustc-wrapper = 'OUTSIDE/sccache'",
    "build.rustc-wrapper = 'sccache'",
    "build.rustc-wrapper = '.cargo/sharedtarget-rustc'",
    "build.rustc-wrapper = 'OUTSIDE/sharedtarget-rustc'",
    "build.rustc-workspace-wrapper = './sccache'",
    "build.rustc-workspace-wrapper = 'CLONE/WIRE'",
    "build.rustdoc = './WIRE'",
    "build.rustflags = ['-Clinker=CLONE/WIRE', '-Zcodegen-backend=CLONE/WIRE']",
    "build.rustflags = '@CLONE/sub/args'",
    "build.rustdocflags = ['--html-after-content', 'CLONE/WIRE']",
    "build.target = 'CLONE/evil.json'",
    "build.target-dir = 'emb/.shared-target/r/w'",
    "build.target-dir = '.shared-target/r/w'",
    "build.target-dir = 'emb'",
    "build.build-dir = 'emb/.shared-target/build/{workspace-path-hash}'",
    "target.'cfg(all())'.runner = './WIRE'",
    "target.HOST.linker = './WIRE'",
    "target.HOST.runner = ['CLONE/WIRE', '-x']",
    "target.HOST.rustflags = ['-Clinker=CLONE/WIRE']",
    "target.HOST.rustdocflags = ['-Zx=CLONE/WIRE']",
    "unstable.host-config = true\nunstable.target-applies-to-host = true\nhost.linker = './WIRE'\nhost.runner = './WIRE'",
    "unstable.codegen-backend = true\nprofile.dev.codegen-backend = 'CLONE/WIRE'",
    "unstable.build-std = ['std']\nunstable.script = true",
    "registry.global-credential-providers = ['CLONE/WIRE']",
    "registry.credential-provider = 'CLONE/WIRE'",
    "registries.crates-io.credential-provider = ['./WIRE']",
    "registries.evil.credential-provider = 'CLONE/WIRE'\nregistries.evil.index = 'sparse+http://127.0.0.1:9/'\n\
     registry.default = 'evil'",
    "credential-alias.evil = ['CLONE/WIRE']\nregistry.credential-provider = 'evil'",
    "net.git-fetch-with-cli = true\npatch.crates-io.x.git = 'ext::CLONE/WIRE'",
    "http.proxy = 'socks5://127.0.0.1:9'\nhttp.cainfo = 'CLONE/WIRE'",
    "alias.metadata = ['run', '--bin', 'evil']\nalias.sharedtarget = 'WIRE'\nalias.list = 'WIRE'",
    "env.PATH = { value = 'CLONE/bin', force = true }",
    "env.RUSTC = { value = 'CLONE/WIRE', force = true }",
    "env.RUSTC_WRAPPER = { value = './WIRE', relative = true, force = true }",
    "env.CARGO = { value = 'CLONE/WIRE', force = true }",
    "env.RUSTUP_TOOLCHAIN = { value = 'CLONE/toolchain', force = true }",
    "env.RUSTUP_HOME = { value = 'CLONE', force = true }",
    "env.GIT_SSH_COMMAND = { value = 'CLONE/WIRE', force = true }",
    "env.GIT_CONFIG_GLOBAL = { value = 'CLONE/emb/config', force = true }",
    "env.GIT_DIR = { value = 'CLONE/emb', force = true }",
    "env.LD_PRELOAD = { value = 'CLONE/WIRE', force = true }",
    "env.BASH_ENV = { value = 'CLONE/WIRE', force = true }\nenv.ENV = { value = 'CLONE/WIRE', force = true }",
    "env.CARGO_SHAREDTARGET_STORE_DIR = { value = 'CLONE/store', force = true }",
    "include = ['more.toml']",
    "include = 'more.toml'",
    "include = [{ path = '../sub/more.toml', optional = true }]",
    "doc.browser = './WIRE'",
    "cargo-new.vcs = 'git'\ninstall.root = 'CLONE'",
    "source.crates-io.replace-with = 'evil'\nsource.evil.directory = 'CLONE/sub'",
    "source.crates-io.replace-with = 'evil'\nsource.evil.git = 'ext::CLONE/WIRE'",
    "source.crates-io.replace-with = 'evil'\nsource.evil.local-registry = 'CLONE/sub'",
    "paths = ['../outside', 'sub']",
    "patch.crates-io.inner.path = 'emb/inner'",
    "profile.dev.rustflags = ['-Clinker=CLONE/WIRE']",
    "profile.dev.build-override.opt-level = 3\nprofile.dev.debug = 2",
    "cache.auto-clean-frequency = 'always'",
    "term.hyperlinks = true\nterm.progress.when = 'always'\nterm.progress.width = 3",
    "resolver.incompatible-rust-versions = 'fallback'\nfuture-incompat-report.frequency = 'always'",
    "build.incremental = false\nbuild.jobs = 1",
];

/// Settings of a shared root that name a program or a place. `WIRE` is the program.
pub(super) const SETTINGS: [&str; 8] = [
    "rustc-wrapper = 'WIRE'\n",
    "[store]\nbefore = ['WIRE', 'x']\n",
    "[store]\nafter = ['WIRE']\nharvest = true\n",
    "[store]\npull = true\nfolder = 'CLONE/store'\n[store.remote]\ntype = 'fs'\nroot = 'CLONE/remote'\n",
    "shared-with-group = true\nlocal = true\nmax-size = '1B'\n",
    "rustc-wrapper = 'WIRE'\n[store]\nbefore = ['WIRE']\nafter = ['WIRE']\nfolder = 'CLONE/store'\n",
    "local = false\n",
    "rustc-wrapper = 'WIRE'",
];

/// Names of folders by which a shell that is given one would run a program that lies in them all.
pub(super) const NAMES: [&str; 9] = [
    "$(evil)",
    "`evil`",
    "a;evil;b",
    "it's \"evil\"|evil",
    "-rf",
    "--upload-pack=evil",
    "new\nline\nevil",
    "esc\u{1b}]0;x\u{7}\u{9b}2J\u{202e}",
    "&& evil #",
];

/// Where a clone will be, by the name of its folder.
pub(super) const PLACES: [&str; 6] = [
    "clone",
    "it's $(evil) `evil`",
    "-rf",
    "new\nline;evil",
    "esc\u{1b}]0;x\u{7}",
    "a\\b",
];

/// Quotes a text for TOML.
pub(super) fn toml(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\\' | '"' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Quotes a value for git's configuration.
fn for_git(path: &Path) -> String {
    let text = path.display().to_string();
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}

/// Git's own settings by which it runs programs. Git gives most of them to a shell, so each is a word in quotes.
pub(super) fn git_config(top: &Path, bare: bool) -> String {
    let wire = |name: &str| {
        let path = top.join("wires").join(format!("git.{name}"));
        let quoted = path.display().to_string().replace('\'', "'\\''");
        for_git(Path::new(&format!("'{quoted}'")))
    };
    let [monitor, ssh, pager, proxy, editor] =
        ["fsmonitor", "ssh", "pager", "proxy", "editor"].map(wire);
    let [clean, smudge, process, diff, text] =
        ["clean", "smudge", "process", "diff", "textconv"].map(wire);
    let [credential, alias, upload] = ["credential", "alias", "upload"].map(wire);
    let worktree = match bare {
        true => format!("\tbare = false\n\tworktree = {}\n", for_git(top)),
        false => "\tbare = false\n".to_owned(),
    };
    let hooks = for_git(&top.join("githooks"));
    format!(
        "[core]\n\trepositoryformatversion = 0\n{worktree}\tfsmonitor = {monitor}\n\thooksPath = {hooks}\n\
         \tsshCommand = {ssh}\n\tpager = {pager}\n\tgitProxy = {proxy}\n\teditor = {editor}\n\taskPass = {editor}\n\
         [filter \"evil\"]\n\tclean = {clean}\n\tsmudge = {smudge}\n\tprocess = {process}\n\
         [diff]\n\texternal = {diff}\n[diff \"evil\"]\n\ttextconv = {text}\n\tcommand = {diff}\n\
         [credential]\n\thelper = {credential}\n[pager]\n\tls-files = {pager}\n\tworktree = {pager}\n\
         [alias]\n\tls-files = !{alias}\n\tworktree = !{alias}\n[remote \"origin\"]\n\turl = ext::x\n\
         \tuploadpack = {upload}\n\tpromisor = true\n"
    )
}
