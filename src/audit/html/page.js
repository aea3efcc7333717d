/** So many rows stand beside the map. */
const LISTED = 100;

function drawAll() {
  drawSwitch();
  drawCrumbs();
  drawLegend();
  drawList();
  drawMap();
}

function drawFigures() {
  const units = page.folders.reduce((total, folder) => total + folder.units, 0);
  const unused = page.unused.reduce((total, one) => total + one.share.freeable, 0);
  const variants = page.packages.reduce((total, pack) => total + pack.variants.length, 0);
  const figures = [
    ["on disk", size(page.total.on_disk), "each file once, however many links it has"],
    ["freeable", size(page.total.freeable), "freed if all these folders are deleted"],
    ["unused", size(unused), "freed if deleted", unused > 0],
    ["target folders", number(page.folders.length)],
    ["units", number(units), "things that were compiled, in all folders"],
    ["packages", number(page.packages.length)],
    ["variants", number(variants), "of those packages"],
  ];
  for (const [name, value, title, stands] of figures) {
    const figure = make("div", stands ? "figure good" : "figure");
    if (title) figure.title = title;
    figure.append(make("dt", null, name), make("dd", null, value));
    byId("figures").append(figure);
  }
  const made = new Date(now).toISOString();
  const time = make("time", null, `${made.slice(0, 10)} ${made.slice(11, 16)} UTC`);
  time.dateTime = page.made;
  const where = page.folders.length === 1 ? page.folders[0].path.shown : counted(page.folders.length, "target folder");
  byId("made").append(make("code", null, "cargo sharedtarget audit"), plain(` of ${where}, `), time);
  byId("made").title = `version ${page.version}`;
}

function drawNav() {
  const sections = [
    ["map", "Map"],
    ["findings", "Findings", page.findings.length],
    ["unused", "Unused", page.unused.length],
    ["packages", "Packages", page.packages.length],
    ["folders", "Folders", page.folders.length],
    ["problems", "Problems", page.problems.length],
  ];
  for (const [id, name, count] of sections) {
    if (id === "problems" && !count) {
      byId("problems-section").hidden = true;
      continue;
    }
    const link = make("a", null, name);
    link.href = `#${id}-section`;
    if (count !== undefined) link.append(" ", make("span", "muted", number(count)));
    byId("nav").append(link);
  }
}

function drawSwitch() {
  const held = document.activeElement?.dataset?.view;
  const buttons = VIEWS.map(({ name }, at) => {
    const one = button(null, name, () => {
      showView(at);
      drawAll();
    });
    one.dataset.view = name;
    one.setAttribute("aria-pressed", String(shown.view === at));
    return one;
  });
  byId("views").replaceChildren(...buttons);
  if (held) buttons.find((one) => one.dataset.view === held)?.focus();
}

function drawCrumbs() {
  const path = [];
  for (let one = shown.at; one; one = one.parent) path.unshift(one);
  const parts = path.flatMap((one, at) => {
    const label = at ? one.label : `all ${one.label}`;
    const last = at === path.length - 1;
    const crumb = last ? make("span", "here", label) : button("crumb", label, () => goTo(one));
    crumb.title = one.label;
    if (last) crumb.setAttribute("aria-current", "true");
    return at ? [make("span", "muted", "›"), crumb] : [crumb];
  });
  byId("crumbs").replaceChildren(...parts, make("span", "muted bytes", size(shown.at.size)));
}

function drawLegend() {
  const entries = shown.legend.slice(0, 12).map(([name, tone]) => {
    const entry = make("span", "entry");
    entry.setAttribute("role", "listitem");
    entry.append(make("span", `swatch tone${tone}`), make("span", null, name));
    return entry;
  });
  byId("legend").replaceChildren(...entries);
}

/** The largest parts of what the map shows, or all that a search is for. */
function drawList() {
  const searching = shown.words.length > 0;
  const all = searching ? matches(shown.root, shown.words) : shown.at.children;
  const whole = shown.at.size;
  const title = searching
    ? `${counted(all.length, "match").replace("matchs", "matches")}, ${size(sum(all))}`
    : `${number(all.length)} in ${shown.at.parent ? shown.at.label : `all ${shown.at.label}`}`;
  byId("found").textContent = all.length || searching ? title : "Empty";
  const most = all[0]?.size || 1;
  const rows = all.slice(0, LISTED).map((one) => {
    const row = make("li");
    const part = searching ? shown.root.size : whole;
    const act = button("row", null, () => {
      if (searching && one.parent !== shown.at && !one.children.length) goTo(one.parent);
      openNode(one);
    });
    const line = make("span", `line tone${one.tone}`);
    line.style.width = `${(100 * one.size) / most}%`;
    const [first, more] = searching ? namesOf(one) : [one.label, ""];
    const name = make("span", "name", first);
    if (more) name.append(make("span", "muted", ` ${more}`));
    name.title = plain(`${first} ${more}`);
    act.append(name, make("span", "bytes", size(one.size)), make("span", "part muted", percent(one.size, part)), line);
    row.append(act);
    return row;
  });
  if (all.length > LISTED) rows.push(make("li", "muted rest", `and ${number(all.length - LISTED)} smaller ones`));
  byId("list").replaceChildren(...rows);
}

/** The names of what was searched for, where it stands alone. */
function namesOf(one) {
  const { pack, variant } = one.of;
  if (variant && one.label !== nameOf(pack)) return [nameOf(pack), one.label];
  return [one.label, one.parent === shown.root ? "" : `in ${one.parent.label}`];
}

/** Text to be copied, with the button that does it. */
function copied(text) {
  const box = make("div", "copy");
  const lines = make("pre", null, text);
  lines.tabIndex = 0;
  const act = button("small", "copy", async () => {
    act.textContent = (await copy(lines)) ? "copied" : "select and copy";
    setTimeout(() => (act.textContent = "copy"), 2000);
  });
  act.setAttribute("aria-live", "polite");
  box.append(lines, act);
  return box;
}

/** Copies what is seen, and nothing else. Without the permission to write the clipboard, what is to be copied is selected. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

function drawFindings() {
  const place = byId("findings");
  if (!page.findings.length) place.append(make("p", "empty", "No suggestions."));
  for (const finding of page.findings) {
    const card = make("article", "card");
    const saving = make("div", "saving");
    const known = finding.saves !== null;
    saving.append(make("span", "muted", known ? (finding.at_most ? "saves up to" : "saves") : "saving"));
    saving.append(make("strong", null, known ? size(finding.saves) : "not known"));
    const body = make("div", "body");
    const title = finding.kind.replaceAll("_", " ");
    body.append(make("h3", null, title[0].toUpperCase() + title.slice(1)), make("p", null, finding.what));
    if (finding.file) {
      const file = make("p", "muted file", "in ");
      file.append(make("code", null, finding.file.shown));
      file.title = finding.file.full;
      if (finding.more_files) file.append(` and ${finding.more_files} more`);
      body.append(file);
    }
    if (finding.change) body.append(copied(finding.change));
    card.append(saving, body);
    place.append(card);
  }
}

function drawUnused() {
  const place = byId("unused");
  if (!page.unused.length) place.append(make("p", "empty", "Nothing is unused."));
  for (const unused of page.unused) {
    const card = make("article", "card");
    const saving = make("div", "saving");
    saving.append(make("span", "muted", "frees"), make("strong", null, size(unused.share.freeable)));
    const body = make("div", "body");
    const counts = `${number(unused.count)} of them, ${size(unused.share.on_disk)} on disk`;
    body.append(make("h3", null, unused.share.name || unused.why.reason.replaceAll("_", " ")));
    body.append(make("p", "muted", counts));
    if (unused.names.length) body.append(make("p", "names", some(unused.names, 12)));
    const command = unused.command.startsWith("cargo ") ? unused.command : `cargo sharedtarget gc ${unused.command}`;
    body.append(copied(command.trim()));
    card.append(saving, body);
    place.append(card);
  }
}

function drawFolders() {
  const place = byId("folders");
  if (!page.folders.length) {
    place.append(make("p", "empty", "No target folder was inspected."));
    return;
  }
  const element = make("table", "folders");
  const head = make("tr");
  const names = ["folder", "on disk", "freeable alone", "also in others", "units", "last use"];
  names.forEach((name, at) => head.append(make("th", at && at < 5 ? "count" : null, name)));
  const body = make("tbody");
  for (const folder of page.folders) {
    const row = make("tr");
    const name = make("td", "path");
    name.append(make("code", null, folder.path.shown));
    name.title = folder.path.full;
    const users = folder.workspaces.map((path) => path.shown);
    name.append(make("div", "muted", users.length ? `built into by ${some(users, 4)}` : "no workspace builds into it"));
    row.append(name);
    row.title = `${counted(folder.entries, "file")}, of ${size(folder.logical)} in length`;
    for (const bytes of [folder.on_disk, folder.freeable, folder.shared]) row.append(make("td", "count", size(bytes)));
    row.append(make("td", "count", number(folder.units)), make("td", null, ago(folder.last_use)));
    body.append(row);
  }
  const top = make("thead");
  top.append(head);
  element.append(top, body);
  const scroll = make("div", "scroll");
  scroll.append(element);
  place.append(scroll);
}

function drawProblems() {
  for (const problem of page.problems) {
    const item = make("li");
    const path = make("code", null, problem.path.shown);
    path.title = problem.path.full;
    item.append(path, make("div", null, problem.message));
    byId("problems").append(item);
  }
}

/** Dims what does not match, lists what does, and leaves only that in the table. */
function search(said) {
  byId("search").value = said;
  shown.words = asked(said);
  lit = new Map();
  table.rows = ROWS;
  drawList();
  drawMap();
  drawTable();
}

let waiting = 0;
byId("search").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => search(byId("search").value), 80);
});
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") search("");
});
byId("several").addEventListener("change", () => {
  table.several = byId("several").checked;
  table.rows = ROWS;
  drawTable();
});
byId("map").addEventListener("keydown", onMapKey);
addEventListener("keydown", (event) => {
  const typing = /^(input|textarea)$/i.test(document.activeElement?.tagName);
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  byId("search").focus();
});

drawFigures();
drawNav();
drawFindings();
drawUnused();
drawFolders();
drawProblems();
showView(0);
drawAll();
drawTable();

let drawn = extent();
new ResizeObserver(() => {
  if (extent() === drawn) return;
  drawMap();
  drawn = extent();
}).observe(byId("map"));

function extent() {
  return `${byId("map").clientWidth} ${byId("map").clientHeight}`;
}
