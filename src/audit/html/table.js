/** So many rows are drawn at first, and so many more each time; and so many variants of a package. */
const ROWS = 40;
const MORE = 200;
const VARIANTS = 12;

/** How the table of packages stands. */
const table = { by: "on_disk", down: true, rows: ROWS, open: new Set(), all: new Set(), several: false };

/** The columns: a name, what to sort by, and what a cell says. */
const COLUMNS = [
  { key: "name", name: "package", value: nameOf },
  { key: "source", name: "from", value: (pack) => sourceOf(pack.source) },
  { key: "variants", name: "variants", value: (pack) => pack.variants.length, say: number },
  { key: "on_disk", name: "on disk", value: (pack) => pack.share.on_disk, say: size },
  { key: "one_less", name: "one less", value: (pack) => pack.one_less, say: (bytes) => (bytes ? size(bytes) : "–") },
];

/** The packages that a search is for, sorted. */
function rowsOfTable() {
  const words = shown.words;
  const fits = (pack) => !words.length || matchesPackage(pack, words);
  const { value } = COLUMNS.find(({ key }) => key === table.by);
  const sign = table.down ? -1 : 1;
  const order = (one, other) => {
    const [a, b] = [value(one), value(other)];
    const by = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
    return sign * by || other.share.on_disk - one.share.on_disk;
  };
  const enough = (pack) => !table.several || severalOf(pack) > 0;
  return page.packages.filter((pack) => enough(pack) && fits(pack)).sort(order);
}

const textOfPackages = new Map();

function matchesPackage(pack, words) {
  if (!textOfPackages.has(pack)) {
    const parts = [nameOf(pack), sourceOf(pack.source)];
    for (const variant of pack.variants) parts.push(...variant.targets, variantText(variant));
    textOfPackages.set(pack, parts.join("\n").toLowerCase());
  }
  return words.every((word) => textOfPackages.get(pack).includes(word));
}

function drawTable() {
  const rows = rowsOfTable();
  const place = byId("packages");
  byId("filtered").textContent = filtered(rows);
  if (!rows.length) {
    const none = page.packages.length ? "No package matches." : "There are no packages.";
    place.replaceChildren(make("p", "empty", none));
    return;
  }
  const element = make("table", "packages");
  const body = make("tbody");
  for (const pack of rows.slice(0, table.rows)) body.append(...packageRows(pack));
  element.append(headOfTable(), body);
  const scroll = make("div", "scroll");
  scroll.append(element);
  place.replaceChildren(scroll);
  const left = rows.length - table.rows;
  if (left > 0) {
    const more = () => {
      table.rows += MORE;
      drawTable();
    };
    place.append(button("more", `show ${number(Math.min(left, MORE))} more of ${number(left)}`, more));
  }
}

function filtered(rows) {
  if (!page.packages.length) return "";
  const all = counted(page.packages.length, "package");
  const bytes = rows.reduce((total, pack) => total + pack.share.on_disk, 0);
  return rows.length === page.packages.length ? all : `${number(rows.length)} of ${all}, ${size(bytes)}`;
}

function headOfTable() {
  const head = make("thead");
  const row = make("tr");
  for (const { key, name, say } of COLUMNS) {
    const cell = make("th", `${key}${say ? " count" : ""}`);
    cell.scope = "col";
    const active = table.by === key;
    cell.setAttribute("aria-sort", active ? (table.down ? "descending" : "ascending") : "none");
    const sort = button("sort", name, () => sortBy(key, Boolean(say)));
    sort.dataset.sort = key;
    sort.append(make("span", "mark", active ? (table.down ? " ↓" : " ↑") : ""));
    cell.append(sort);
    row.append(cell);
  }
  head.append(row);
  return head;
}

function sortBy(key, numbers) {
  table.down = table.by === key ? !table.down : numbers;
  table.by = key;
  table.rows = ROWS;
  drawTable();
  byId("packages").querySelector(`[data-sort="${key}"]`).focus();
}

function packageRows(pack) {
  const row = make("tr");
  const open = table.open.has(pack);
  for (const { key, value, say } of COLUMNS) {
    const cell = make("td", `${key}${say ? " count" : ""}`);
    if (key === "name") cell.append(opener(pack, open));
    else cell.textContent = plain(say ? say(value(pack)) : value(pack));
    if (key === "source") cell.title = pack.source.registry || value(pack);
    if (key === "on_disk") cell.append(bar(pack.share.on_disk));
    row.append(cell);
  }
  return open ? [row, details(pack)] : [row];
}

function opener(pack, open) {
  const name = button("opener", null, () => {
    if (table.open.has(pack)) table.open.delete(pack);
    else table.open.add(pack);
    const here = name.closest("tr");
    if (open) here.nextSibling.remove();
    const rows = packageRows(pack);
    here.replaceWith(...rows);
    rows[0].querySelector("button").focus();
  });
  name.setAttribute("aria-expanded", String(open));
  const label = make("span");
  label.append(make("span", "package", pack.name));
  if (pack.version) label.append(" ", make("span", "version", pack.version));
  name.append(make("span", "mark", open ? "▾" : "▸"), label);
  return name;
}

const LARGEST = page.packages.reduce((most, pack) => Math.max(most, pack.share.on_disk), 1);

/** How much it is of the largest package. */
function bar(bytes) {
  const line = make("span", "line");
  line.style.width = `${(100 * bytes) / LARGEST}%`;
  return line;
}

function details(pack) {
  const row = make("tr", "details");
  const cell = make("td");
  cell.colSpan = COLUMNS.length;
  const list = make("ol", "variants");
  const count = table.all.has(pack) ? pack.variants.length : VARIANTS;
  for (const variant of pack.variants.slice(0, count)) list.append(variantItem(pack, variant));
  cell.append(list);
  const left = pack.variants.length - count;
  if (!pack.variants.length) cell.append(make("p", "muted", "No target with variants: build scripts, their output, or incomplete units."));
  if (left > 0) {
    cell.append(
      button("more", `show ${number(left)} more`, () => {
        table.all.add(pack);
        row.replaceWith(details(pack));
      }),
    );
  }
  if (pack.asked_by.length) cell.append(askers(pack));
  row.append(cell);
  return row;
}

function variantItem(pack, variant) {
  const item = make("li");
  const head = make("div", "head");
  head.append(make("span", "bytes", size(variant.on_disk)), make("span", "what", whatIs(pack, variant)));
  const place = `in ${counted(variant.folders, "folder")}, last use ${ago(variant.last_use)}`;
  head.append(make("span", "muted", place), make("code", "hash", variant.id.hash));
  item.append(head);
  if (variant.differs.length) {
    const line = make("div", "differs");
    line.append(make("span", "muted", "differs from the one above: "));
    variant.differs.forEach((difference, at) => line.append(at ? "; " : "", ...differenceParts(difference, variant)));
    item.append(line);
  } else {
    item.append(features(variant));
  }
  return item;
}

function whatIs(pack, variant) {
  const kind = KINDS[variant.unit.kind] || variant.unit.kind;
  return `${kind} · ${variantName(pack, variant)}`;
}

function differenceParts(difference, variant) {
  if (difference.in !== "features") return [plain(differenceInWords(difference, variant))];
  const chips = (names, sign, name) =>
    names.slice(0, 60).map((feature) => make("span", `chip ${name}`, `${sign}${feature}`));
  const all = [...chips(difference.more, "+", "plus"), ...chips(difference.less, "−", "minus")];
  const left = difference.more.length + difference.less.length - all.length;
  return ["features ", ...all, left > 0 ? ` and ${number(left)} more` : ""];
}

function features(variant) {
  const line = make("div", "differs");
  const all = variant.all_features ? "all features: " : "features: ";
  line.append(make("span", "muted", variant.features.length ? all : "no features"));
  line.append(...variant.features.slice(0, 60).map((name) => make("span", "chip", name)));
  const left = variant.features.length - 60;
  if (left > 0) line.append(make("span", "muted", `and ${number(left)} more`));
  return line;
}

/** Who asks for what only some variants have, by feature. */
function askers(pack) {
  const box = make("div", "askers");
  box.append(make("h4", null, "Packages that enable the differing features"));
  const list = make("ul");
  for (const { feature, package: who, dependency, member } of pack.asked_by.slice(0, 40)) {
    const item = make("li");
    item.append(make("span", "chip", feature), " ", make("span", "package", who));
    const kind = dependency === "normal" ? "" : ` as a ${dependency} dependency`;
    const through = member && member !== who ? `, which ${member} depends on` : "";
    item.append(make("span", "muted", `${kind}${through}`));
    list.append(item);
  }
  box.append(list);
  const left = pack.asked_by.length - 40;
  if (left > 0) box.append(make("p", "muted", `and ${number(left)} more`));
  return box;
}

/** Opens a package in the table, and goes there. */
function showPackage(pack) {
  table.several = table.several && severalOf(pack) > 0;
  byId("several").checked = table.several;
  if (!rowsOfTable().includes(pack)) search("");
  table.open.add(pack);
  const at = rowsOfTable().indexOf(pack);
  table.rows = Math.max(table.rows, at + 10);
  drawTable();
  const openers = byId("packages").querySelectorAll("tbody > tr:not(.details) .opener");
  openers[at].scrollIntoView({ block: "center" });
  openers[at].focus({ preventScroll: true });
}
