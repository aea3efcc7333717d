/** The colours of page.css, one after another. The one that is missing is for what is left over. */
const TONES = [0, 1, 2, 3, 4, 5, 6, 8, 9];

/** The colours of sources in the map of packages. */
const SOURCES = [
  ["registry", "registries"],
  ["local", "local"],
  ["git", "git"],
  ["directory", "vendored"],
  ["unknown", "unknown"],
];
const NO_PACKAGE_TONE = 7;

/** A part of a map. `of` is what it stands for: `{ pack }`, `{ pack, variant }`, `{ folder }` or `{}`. */
function node(label, bytes, tone, of) {
  return { label, size: bytes, tone, of: of || {}, children: [], parent: null, words: null };
}

/** Gives a node its parts, the largest first, and what they leave over as one more. */
function fill(parent, children, restName) {
  const rest = parent.size - sum(children);
  if (restName && children.length && rest > 0) {
    children.push(node(restName, rest, NO_PACKAGE_TONE));
  }
  children.sort((one, other) => other.size - one.size);
  for (const child of children) child.parent = parent;
  parent.children = children;
  return parent;
}

const sum = (nodes) => nodes.reduce((total, one) => total + one.size, 0);

/** A package with some of its variants. */
function packageNode(pack, variants, bytes, tone) {
  const made = node(nameOf(pack), bytes, tone, { pack });
  const children = variants.map((variant) =>
    node(variantName(pack, variant), variant.on_disk, tone, { pack, variant }),
  );
  if (children.length === 1 && bytes <= children[0].size) {
    made.of = children[0].of;
    return made;
  }
  return fill(made, children, "build scripts and others");
}

/** Packages, coloured by where they come from. */
function treeOfPackages() {
  const root = node("packages", page.total.on_disk, 0);
  const children = page.packages.map((pack) => {
    const tone = SOURCES.findIndex(([from]) => from === pack.source.from);
    return packageNode(pack, pack.variants, pack.share.on_disk, tone < 0 ? NO_PACKAGE_TONE : tone);
  });
  const rest = root.size - sum(children);
  const share = page.kinds.find((kind) => kind.name === "incremental");
  if (share && share.on_disk <= rest) {
    const group = node("incremental data", share.on_disk, NO_PACKAGE_TONE, { share });
    children.push(fill(group, caches(NO_PACKAGE_TONE)));
  }
  fill(root, children, "others of no package");
  return { root, legend: legendOfSources(root) };
}

function legendOfSources(root) {
  const used = new Set(root.children.map((child) => child.tone));
  const legend = SOURCES.map(([, name], tone) => [name, tone]).filter(([, tone]) => used.has(tone));
  return used.has(NO_PACKAGE_TONE) ? [...legend, ["of no package", NO_PACKAGE_TONE]] : legend;
}

/** Shares, each divided into the packages of those variants for which `shareOf` says its name. */
function treeOfShares(name, shares, shareOf, extra) {
  const found = new Map(shares.map((share) => [share.name, new Map()]));
  for (const pack of page.packages) {
    for (const variant of pack.variants) {
      const packs = found.get(shareOf(pack, variant));
      if (!packs) continue;
      if (!packs.has(pack)) packs.set(pack, []);
      packs.get(pack).push(variant);
    }
  }
  const root = node(name, page.total.on_disk, 0);
  const children = shares.map((share, at) => {
    const tone = TONES[at % TONES.length];
    const group = node(share.name, share.on_disk, tone, { share });
    const packs = [...found.get(share.name)].map(([pack, variants]) => {
      const bytes = variants.reduce((total, variant) => total + variant.on_disk, 0);
      return packageNode(pack, variants, bytes, tone);
    });
    return fill(group, packs.length || !extra ? packs : extra(share, tone), "others");
  });
  fill(root, children);
  return { root, legend: children.map((child) => [child.label, child.tone]) };
}

/** What a kind is made of that is no variant of a package. */
function besides(share, tone) {
  if (share.name === "incremental") return caches(tone);
  return share.name === "build scripts" ? buildScripts(share, tone) : [];
}

/** The compiler's own caches, by crate. */
function caches(tone) {
  return page.incremental.map((share) => node(share.name, share.on_disk, tone, { share }));
}

/** What third-party packages have besides variants is their build scripts, and what these wrote. */
function buildScripts(share, tone) {
  const parts = [];
  for (const pack of page.packages) {
    if (pack.source.from === "local" || pack.source.from === "unknown") continue;
    const libraries = pack.variants.reduce((total, variant) => total + variant.on_disk, 0);
    const rest = pack.share.on_disk - libraries;
    if (rest > 0) parts.push(node(nameOf(pack), rest, tone, { pack }));
  }
  return sum(parts) <= share.on_disk ? parts : [];
}

function treeOfFolders() {
  const alone = page.folders.reduce((total, folder) => total + folder.on_disk, 0);
  const root = node("folders", alone, 0);
  const children = page.folders.map((folder, at) =>
    node(folder.path.shown, folder.on_disk, TONES[at % TONES.length], { folder }),
  );
  fill(root, children);
  return { root, legend: [] };
}

/** The ways to divide the whole. Each tree is made when it is first looked at. */
const VIEWS = [
  { name: "packages", make: treeOfPackages },
  { name: "kinds", make: () => treeOfShares("kinds", page.kinds, (_, variant) => variant.counted_in, besides) },
  {
    name: "profiles",
    make: () => treeOfShares("profiles", page.profiles, (_, variant) => profileOf(variant)),
  },
  {
    name: "triples",
    make: () => treeOfShares("triples", page.triples, (_, variant) => variant.triple || "host"),
  },
  { name: "folders", make: treeOfFolders },
];

/** What a search looks at. Case does not count. */
function wordsOf(one) {
  if (one.words === null) one.words = text(one).toLowerCase();
  return one.words;
}

function text({ label, of }) {
  const parts = [label];
  if (of.folder) parts.push(of.folder.path.full, ...of.folder.workspaces.map((path) => path.full));
  if (of.pack) parts.push(nameOf(of.pack), sourceOf(of.pack.source));
  if (of.variant) parts.push(variantText(of.variant));
  return parts.join("\n");
}

function variantText(variant) {
  const { features, rustflags, compiler, triple, id } = variant;
  return [kindOf(variant), id.profile, id.hash, compiler, triple, ...rustflags, ...features].join("\n");
}

/** The words that were asked for; all of them must be there. */
function asked(search) {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

const has = (one, words) => words.every((word) => wordsOf(one).includes(word));

/** What matches, the largest first: what stands for itself, not once more what is in it. */
function matches(root, words) {
  const found = [];
  const look = (one) => {
    if (one.parent && has(one, words)) found.push(one);
    else one.children.forEach(look);
  };
  look(root);
  return found.sort((one, other) => other.size - one.size);
}
