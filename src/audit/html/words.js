/** What was found: `Page` in html.rs. */
const page = JSON.parse(document.getElementById("audit").textContent);
const now = Date.parse(page.made);

const byId = (id) => document.getElementById(id);

/** Text without what is not seen, or turns the order of what stands around it. */
function plain(text) {
  const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  return String(text).replace(unseen, "\ufffd");
}

/** Makes an element. What it says is set as text, never as markup. */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = plain(text);
  return element;
}

/** Makes a button that does something. */
function button(className, text, act) {
  const element = make("button", className, text);
  element.type = "button";
  if (act) element.addEventListener("click", act);
  return element;
}

/** `1.2 GiB`, in the same way as the command says it. */
function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[at]}`;
}

/** How much of something, in percent. */
function percent(part, whole) {
  if (!whole) return "0 %";
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** `1 unit`, `2 units`, `12,345 units`. */
function counted(count, what) {
  return `${number(count)} ${what}${count === 1 ? "" : "s"}`;
}

const number = (count) => count.toLocaleString("en");

/** `3 days ago`, with the steps of `age.rs`. */
function ago(time) {
  if (!time) return "unknown";
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return "just now";
  const steps = [
    [3600, 60, "minute"],
    [86400, 3600, "hour"],
    [5184000, 86400, "day"],
    [63072000, 2592000, "month"],
    [Infinity, 31536000, "year"],
  ];
  const [, length, unit] = steps.find(([below]) => seconds < below);
  return `${counted(Math.floor(seconds / length), unit)} ago`;
}

/** The first few of a list, and how many more there are. */
function some(names, most) {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${number(names.length - most)} more` : shown;
}

const KINDS = {
  library: "library",
  proc_macro: "procedural macro",
  program: "program",
  test: "test",
  bench: "benchmark",
  example: "example",
  build_script: "build script",
  build_script_run: "build script’s output",
  doc: "documentation",
  unknown: "unknown",
};

/** What a variant is: `library, only checked`. */
function kindOf(variant) {
  const kind = KINDS[variant.unit.kind] || variant.unit.kind;
  return variant.checked ? `${kind}, only checked` : kind;
}

/** A registry without the hash of its address. */
function registryOf(folder) {
  const name = folder.replace(/-[0-9a-f]{16}$/, "");
  return ["index.crates.io", "github.com"].includes(name) ? "crates.io" : name;
}

/** Where a package comes from, in words. */
function sourceOf(source) {
  switch (source.from) {
    case "registry":
      return registryOf(source.registry);
    case "git":
      return `git ${source.checkout} ${source.revision}`;
    case "directory":
      return "vendored";
    case "local":
      return "local";
    default:
      return "unknown";
  }
}

/** `serde 1.0.2`. */
function nameOf(pack) {
  return pack.version ? `${pack.name} ${pack.version}` : pack.name;
}

/** The last part of a profile folder: its triple is told otherwise. */
const profileOf = (variant) => variant.id.profile.split("/").pop();

/** How many variants a package has of targets with several variants. */
function severalOf(pack) {
  const counts = new Map();
  const key = (variant) => variant.targets.join("\n");
  for (const variant of pack.variants) counts.set(key(variant), (counts.get(key(variant)) || 0) + 1);
  return pack.variants.filter((variant) => counts.get(key(variant)) > 1).length;
}

/** A variant among those of its package. */
function variantName(pack, variant) {
  const parts = [profileOf(variant)];
  const { targets } = variant;
  const plainLibrary = `lib-${pack.name}`.replaceAll("-", "_");
  if (targets.length && targets.join().replaceAll("-", "_") !== plainLibrary) parts.unshift(some(targets, 3));
  if (variant.checked) parts.push("checked");
  if (variant.triple) parts.push(variant.triple);
  return parts.join(" · ");
}

/** What tells a variant from the one before it, in words. Features are told by `featureChips`. */
function differenceInWords(difference, variant) {
  const host = (triple) => triple || "host";
  const flags = (all) => (all.length ? all.join(" ") : "none");
  const { from, to } = difference;
  switch (difference.in) {
    case "checked":
      return variant.checked ? "only checked, not built" : "built, not only checked";
    case "profile":
      return `profile ${from} → ${to}`;
    case "settings":
      return "other profile settings, mostly for build scripts and procedural macros, or other lints";
    case "triple":
      return `triple ${host(from)} → ${host(to)}`;
    case "compiler":
      return `compiler ${from || "unknown"} → ${to || "unknown"}`;
    case "rustflags":
      return `RUSTFLAGS ${flags(from)} → ${flags(to)}`;
    case "features":
      return `features${featureSigns(difference)}`;
    case "dependencies":
      return `depends on other variants of ${difference.packages.join(", ")}`;
    default:
      return "nothing that Cargo records: a path, a lint, a --cfg";
  }
}

/** ` +a +b −c`. */
function featureSigns({ more, less }) {
  const signs = [...more.map((name) => `+${name}`), ...less.map((name) => `−${name}`)];
  return signs.map((sign) => ` ${sign}`).join("");
}
