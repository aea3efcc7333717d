/** So many rectangles are drawn at most, so many beside each other, and so many levels below each other. */
const MOST_CELLS = 500;
const MOST_BESIDE = 180;
const MOST_DEEP = 3;

/** What is smaller than that, in square pixels, is drawn together with others. */
const SMALLEST = 260;
const HEAD = 18;

/** What the map shows: a tree, a node in it, the words that are searched for. */
const shown = { view: 0, trees: [], legend: [], root: null, at: null, words: [] };
let cells = [];
let lit = new Map();

function showView(view) {
  shown.view = view;
  shown.trees[view] = shown.trees[view] || VIEWS[view].make();
  shown.root = shown.trees[view].root;
  shown.legend = shown.trees[view].legend;
  shown.at = shown.root;
  lit = new Map();
}

/** Divides a rectangle by sizes, so that the parts are as square as can be. The largest comes first. */
function squarify(items, { x, y, w, h }) {
  const placed = [];
  let left = sum(items);
  let at = 0;
  while (at < items.length && left > 0 && w > 0 && h > 0) {
    const short = Math.min(w, h);
    const scale = (w * h) / left;
    let row = 0;
    let end = at;
    let worst = Infinity;
    while (end < items.length) {
      const total = row + items[end].size;
      const length = (total * scale) / short;
      const side = (bytes) => (bytes * scale) / length;
      const ratio = (one) => Math.max(length / side(one.size), side(one.size) / length);
      const worse = Math.max(ratio(items[at]), ratio(items[end]));
      if (worse > worst) break;
      [worst, row, end] = [worse, total, end + 1];
    }
    const length = (row * scale) / short;
    let offset = 0;
    for (; at < end; at += 1) {
      const side = ((items[at].size * scale) / length) || 0;
      const part = w >= h
        ? { x, y: y + offset, w: length, h: side }
        : { x: x + offset, y, w: side, h: length };
      placed.push([items[at], part]);
      offset += side;
    }
    left -= row;
    if (w >= h) [x, w] = [x + length, w - length];
    else [y, h] = [y + length, h - length];
  }
  return placed;
}

/** Those parts that can be seen, and the rest as one. */
function visible(one, area) {
  const items = one.children.filter((child) => child.size > 0);
  const least = (sum(items) * SMALLEST) / area;
  let count = items.findIndex((item, at) => item.size < least || at >= MOST_BESIDE);
  if (count < 0 || items.length - count < 2) return items;
  if (count === 0) count = Math.min(items.length - 1, 20);
  const rest = items.slice(count);
  const label = one.others ? `${number(rest.length)} more` : `${number(rest.length)} others`;
  const others = node(label, sum(rest), NO_PACKAGE_TONE);
  Object.assign(others, { children: rest, parent: one, others: true });
  return [...items.slice(0, count), others];
}

/** Whether a search is for a node, for what it is in, or for something in it. */
function isLit(one) {
  if (!shown.words.length) return true;
  if (!lit.has(one)) {
    const above = (part) => part && ((part.parent && has(part, shown.words)) || above(part.parent));
    lit.set(one, Boolean(above(one)) || one.children.some(isBelow));
  }
  return lit.get(one);
}

const isBelow = (one) => has(one, shown.words) || one.children.some(isBelow);

function drawMap() {
  const map = byId("map");
  map.replaceChildren();
  cells = [];
  // An empty map is less high, so this comes before the map is measured.
  const none = !shown.at.children.some((child) => child.size > 0);
  map.parentElement.classList.toggle("none", none);
  const area = { x: 0, y: 0, w: map.clientWidth, h: map.clientHeight };
  const queue = [[shown.at, area, 0]];
  // Level by level: what is large is drawn before what is deep.
  while (queue.length) {
    const [one, room, depth] = queue.shift();
    for (const [child, part] of squarify(visible(one, room.w * room.h), room)) {
      if (cells.length >= MOST_CELLS) return finishMap(map);
      const inner = { x: part.x + 2, y: part.y + HEAD, w: part.w - 4, h: part.h - HEAD - 2 };
      const open = child.children.length && depth + 1 < MOST_DEEP && !child.others;
      const nested = Boolean(open && inner.w > 64 && inner.h > 34);
      addCell(map, child, part, nested);
      if (nested) queue.push([child, inner, depth + 1]);
    }
  }
  finishMap(map);
}

function finishMap(map) {
  if (!cells.length) map.append(make("p", "empty", "Nothing takes space here."));
  if (cells[0]) cells[0].element.tabIndex = 0;
}

function addCell(map, one, part, nested) {
  const x = Math.round(part.x);
  const y = Math.round(part.y);
  const w = Math.round(part.x + part.w) - x - 1;
  const h = Math.round(part.y + part.h) - y - 1;
  if (w < 1 || h < 1) return;
  const element = button(`cell tone${one.tone}${nested ? " nested" : ""}`, null, () => openNode(one));
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
  element.setAttribute("aria-label", plain(`${one.label}, ${size(one.size)}, ${percent(one.size, shown.root.size)}`));
  element.tabIndex = -1;
  if (!isLit(one)) element.classList.add("dim");
  if (w < 10 || h < 4) element.classList.add("tiny");
  if (w > 34 && h > 15) {
    const label = make("span", "name", one.label);
    const bytes = make("span", "bytes", size(one.size));
    if (nested) label.append(" ", bytes);
    element.append(label);
    if (!nested && h > 32 && w > 48) element.append(bytes);
  }
  const cell = { one, element, x, y, w, h };
  element.addEventListener("pointermove", (event) => showTip(one, event.clientX, event.clientY));
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("focus", () => focusCell(cell));
  element.addEventListener("blur", hideTip);
  cells.push(cell);
  map.append(element);
}

/** Goes into what has parts; of what has none, shows where it is told of. */
function openNode(one, byKey) {
  hideTip();
  if (one.children.length) goTo(one, byKey);
  else if (one.of.pack) showPackage(one.of.pack);
  else if (one.of.folder) byId("folders-section").scrollIntoView();
}

function goTo(one, byKey) {
  shown.at = one;
  drawAll();
  if (byKey && cells[0]) cells[0].element.focus();
}

function goUp(byKey) {
  if (shown.at.parent) goTo(shown.at.parent, byKey);
}

/** Puts the focus on one cell, and the tab order with it: the map is one stop among others. */
function focusCell(cell) {
  for (const other of cells) other.element.tabIndex = other === cell ? 0 : -1;
  if (!cell.element.matches(":focus-visible")) return;
  const box = cell.element.getBoundingClientRect();
  showTip(cell.one, box.left + Math.min(box.width / 2, 60), box.top + Math.min(box.height / 2, 30));
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onMapKey(event) {
  const cell = cells.find(({ element }) => element === document.activeElement);
  if (event.key === "Escape" || event.key === "Backspace") goUp(true);
  else if (event.key === "Enter" && cell) openNode(cell.one, true);
  else if (ARROWS[event.key] && cell) nearest(cell, ARROWS[event.key])?.element.focus();
  else return;
  event.preventDefault();
}

/** The next cell in a direction: the one whose middle is least far, and least aside. */
function nearest(from, [dx, dy]) {
  const middle = ({ x, y, w, h, element }) =>
    element.classList.contains("nested") ? [x + w / 2, y + HEAD / 2] : [x + w / 2, y + h / 2];
  const [fx, fy] = middle(from);
  let best = null;
  let least = Infinity;
  for (const cell of cells) {
    const [x, y] = middle(cell);
    const along = (x - fx) * dx + (y - fy) * dy;
    const aside = Math.abs((x - fx) * dy) + Math.abs((y - fy) * dx);
    if (cell !== from && along > 1 && along + 2 * aside < least) [best, least] = [cell, along + 2 * aside];
  }
  return best;
}

function showTip(one, x, y) {
  const tip = byId("tip");
  tip.replaceChildren(make("strong", null, one.label), ...tipLines(one).map((line) => make("div", null, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? Math.max(4, x - width - 10) : x + 14;
  const top = y + 16 + height > innerHeight ? Math.max(4, y - height - 10) : y + 16;
  Object.assign(tip.style, { left: `${left}px`, top: `${top}px` });
}

function hideTip() {
  byId("tip").hidden = true;
}

function tipLines(one) {
  const { pack, variant, folder, share } = one.of;
  const parent = one.parent && one.parent !== shown.root ? one.parent : null;
  const lines = [`${size(one.size)}, ${percent(one.size, shown.root.size)} of ${shown.root === one ? "it" : "all"}`];
  if (parent) lines[0] += `, ${percent(one.size, parent.size)} of ${parent.label}`;
  if (variant) lines.push(...variantLines(pack, variant));
  else if (pack) {
    lines.push(sourceOf(pack.source), counted(pack.variants.length, "variant"));
    if (pack.one_less) lines.push(`one variant less: ${size(pack.one_less)}`);
  }
  if (folder) {
    lines.push(`freeable alone: ${size(folder.freeable)}`, `also in others: ${size(folder.shared)}`);
    lines.push(counted(folder.units, "unit"), `last use: ${ago(folder.last_use)}`);
  }
  if (share) lines.push(`freeable alone: ${size(share.freeable)}`, counted(share.entries, "file"));
  if (one.others) lines.push(some(one.children.map((child) => child.label), 6));
  return lines;
}

function variantLines(pack, variant) {
  const features = variant.features.length ? some(variant.features, 14) : "none";
  const lines = [
    `${nameOf(pack)}: ${kindOf(variant)}`,
    `profile ${profileOf(variant)}, ${variant.triple || "for the host"}`,
    `features: ${variant.all_features && variant.features.length ? `all: ${features}` : features}`,
  ];
  if (variant.compiler) lines.push(`compiler ${variant.compiler}`);
  if (variant.rustflags.length) lines.push(`RUSTFLAGS ${variant.rustflags.join(" ")}`);
  lines.push(`in ${counted(variant.folders, "folder")}, last use: ${ago(variant.last_use)}`);
  return lines;
}
