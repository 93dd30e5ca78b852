/* The matrix board: the equations of attention as linked matrices that can be read, picked and edited.

It computes no mathematics: the server sends every number with its text; this file places, colours, lights and reports.

Vocabulary
  matrix    one named array as the server sends it (`data.matrices[name]`): values, texts, labels, colour range. Where
            a step has heads, each head is a matrix of its own; `matrix.step` and `matrix.head` say of what.
  figure    one drawing of a matrix inside an equation. The same matrix may be drawn several times ("twins").
  role      why a figure stands where it stands: "given" (an input of the page), "operand", or "result".
  stored    row and column of a cell in the array the server holds. `data-row` and `data-col` are always stored.
  shown     row and column as seen; a transposed figure shows stored (r, c) at (c, r).
  address   {step, row, col}: one number, by matrix name and stored indices.
  reads     the addresses a number was computed from; derived from the step's axes, shown as "lit" cells.
  picked    the one address the panel explains.
  stage     what the stepper shows: "all", or the name of one step.
  event     something the learner did; numbered (`seq`) and sent again until the server acknowledges it (`ack`).
  tone      index into the palette of cell colours; -1 is a cell without a colour scale.
*/

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATH_TAGS = new Set(["mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "msubsup", "mfrac", "msqrt",
  "mover", "munder", "munderover", "mspace", "mstyle"]);
const PASTE_LIMIT = 20000;
const EDIT_LIMIT = 40;
// Typed on a given number, these open its field: ln 3, sqrt(2), exp(1), π. Not p, which steps, although pi begins with it.
const BEGINS_A_NUMBER = /^[0-9.+\-−–(√πlse]$/;
const SCROLLER_PADDING = 6; // both sides, as in board.css
let ids = 0; // makes element ids unique when a page holds several boards

/* ---------- Small tools ---------- */

/** An element with attributes and children; strings become text nodes, never markup. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** Sets, or removes when the value is null, undefined or false. Writes only a difference. */
function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Runs `draw` only when what it draws differs from the last time it was drawn on this node. */
const drawn = new WeakMap();
function redraw(node, what, draw) {
  const now = JSON.stringify(what) ?? "";
  if (drawn.get(node) === now) return;
  drawn.set(node, now);
  node.replaceChildren(...draw());
}

/** A disc of paint. Its colour is no attribute: those a page may forbid (style-src), as the file of a page does. */
function discOf(colour) {
  const disc = el("span", { class: "head-disc", "aria-hidden": "true" });
  disc.style.background = colour;
  return disc;
}

/** A button with a visible label; the icon is decoration and appears only where the icon font is loaded. */
function button(label, icon, attributes, onClick) {
  const node = el("button", { type: "button", ...attributes });
  if (icon) node.append(el("span", { class: "icon", "aria-hidden": "true" }, icon));
  node.append(el("span", { class: "label" }, label));
  node.addEventListener("click", onClick);
  return node;
}

/* ---------- Mathematical notation ---------- */

function mathNode(tree) {
  if (!Array.isArray(tree)) return document.createTextNode(String(tree));
  const [tag, ...rest] = tree;
  const node = document.createElementNS(MATHML, MATH_TAGS.has(tag) ? tag : "mrow");
  for (const child of rest) {
    if (child && typeof child === "object" && !Array.isArray(child)) {
      for (const [name, value] of Object.entries(child)) node.setAttribute(name, value);
    } else {
      node.append(mathNode(child));
    }
  }
  return node;
}

function math(tree) {
  const node = document.createElementNS(MATHML, "math");
  if (tree) node.append(mathNode(tree));
  return node;
}

/** The same notation in one line of text, for labels that are spoken: W_Q, Kᵀ. */
function mathText(tree) {
  if (!Array.isArray(tree)) return tree ? String(tree) : "";
  const parts = tree.slice(1).filter((child) => typeof child === "string" || Array.isArray(child)).map(mathText);
  if (tree[0] === "msub") return parts.join("_");
  if (tree[0] === "msup") return /^[T⊤ᵀ]$/.test(parts[1] ?? "") ? `${parts[0]}ᵀ` : parts.join(/^[′″]$/.test(parts[1] ?? "") ? "" : "^");
  if (tree[0] === "mfrac") return parts.join("/");
  if (tree[0] === "msqrt") return `√${parts.join("")}`;
  return parts.join("");
}

/* ---------- Numbers ---------- */

function decode(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

/** The shortest text that reads back as the same number; String(-0) is already "0". */
function valueText(x) {
  if (Number.isFinite(x)) return String(x);
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

/* ---------- Colour ---------- */

const RAMP_STEPS = 128; // per side of a ramp: finer than the eye, and few enough to precompute
const RAMPS = {
  light: { signed: ["#8c510a", "#ffffff", "#01665e"], positive: ["#ffffff", "#20262e"] },
  dark: { signed: ["#d8a15a", "#22262b", "#5fc6ba"], positive: ["#22262b", "#e8edf2"] },
};

const hexToRgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

/** #111 or #fff, whichever reads better; between the two lies a narrow band where only pure black reaches 4.5. */
function inkOn(rgb) {
  const ground = luminance(rgb);
  const [dark, light] = [contrast(ground, luminance([17, 17, 17])), contrast(ground, 1)];
  if (Math.max(dark, light) < 4.5) return "#000";
  return dark >= light ? "#111" : "#fff";
}

function mix(a, b, t) {
  return a.map((v, i) => Math.round(v + (b[i] - v) * t));
}

/** The cell styles of a theme: tones 0…256 are signed (128 is zero), 257…385 positive. */
function palette(theme) {
  const { signed, positive } = RAMPS[theme];
  const [low, zero, high] = signed.map(hexToRgb);
  const [none, full] = positive.map(hexToRgb);
  const colours = [];
  for (let i = -RAMP_STEPS; i <= RAMP_STEPS; i++) colours.push(mix(zero, i < 0 ? low : high, Math.abs(i) / RAMP_STEPS));
  for (let i = 0; i <= RAMP_STEPS; i++) colours.push(mix(none, full, i / RAMP_STEPS));
  return colours.map((rgb) => `background-color: rgb(${rgb.join(", ")}); color: ${inkOn(rgb)}`);
}

const PALETTES = { light: palette("light"), dark: palette("dark") };

function toneOf(matrix, x) {
  if (matrix.scale === "mask" || !Number.isFinite(x)) return -1;
  if (matrix.scale === "positive") {
    const share = (x - matrix.lo) / (matrix.hi - matrix.lo || 1);
    return 2 * RAMP_STEPS + 1 + Math.round(Math.min(1, Math.max(0, share)) * RAMP_STEPS);
  }
  const share = x / (Math.max(Math.abs(matrix.lo), Math.abs(matrix.hi)) || 1);
  return RAMP_STEPS + Math.round(Math.min(1, Math.max(-1, share)) * RAMP_STEPS);
}

/** Red, green, blue of a computed colour: "rgb(…)" or "color(srgb …)". */
function parseColour(text) {
  const numbers = (text.match(/[\d.]+(e-?\d+)?/g) ?? ["255", "255", "255"]).slice(0, 3).map(Number);
  return text.startsWith("color(") ? numbers.map((v) => v * 255) : numbers;
}

/* ---------- What a number was computed from ---------- */

const range = (n) => Array.from({ length: n }, (_, i) => i);

/** The addresses that the number at `address` reads, by the axes of its step. Only positions count for the output. */
function reads(data, values, { step: name, row, col }) {
  const step = data.steps[name];
  if (!step || step.pattern === "none") return [];
  if (step.sources) return movedFrom(data, step.sources, { step: name, row, col });
  const words = (text) => (text ?? "").trim().split(/\s+/).filter(Boolean);
  const [left, right] = step.axes.split("->");
  const fixed = new Map([...Object.entries(step.fixed ?? {}), ...words(right).map((axis, i) => [axis, i === 0 ? row : col])]);
  const found = [];
  left.split(",").map(words).forEach((axes, i) => {
    const input = step.inputs[i];
    const matrix = data.matrices[input];
    if (!matrix) return;
    if (step.pattern === "masked" && i === 0 && !admits(data, values, step.inputs[1], row, col)) return;
    const along = (k) => (k >= axes.length ? [0] : fixed.has(axes[k]) ? [fixed.get(axes[k])] : range(matrix.shape[k]));
    for (const r of along(0)) for (const c of along(1)) found.push({ step: input, row: r, col: c });
  });
  return found;
}

/** Where a step that only moves numbers took this one from: the server lists it, cell by cell in reading order. */
function movedFrom(data, sources, { step, row, col }) {
  const found = sources[row * (data.matrices[step]?.shape[1] ?? 1) + col] ?? [];
  return found.map(([input, r, c]) => ({ step: input, row: r, col: c }));
}

function admits(data, values, mask, row, col) {
  const matrix = data.matrices[mask];
  return !matrix || values.get(mask)[row * matrix.shape[1] + col] !== 0;
}

/* ---------- Figure: one drawing of a matrix ---------- */

const HATCHED = 1, CHANGED = 2, WRONG = 4;

class Figure {
  constructor(board, term, matrix, key) {
    Object.assign(this, { board, key, name: term.name, role: term.role, transposed: Boolean(term.transposed) });
    this.editors = new Map(); // flat index -> open Editor; such cells are never repainted
    this.stop = 0; // flat index of the grid's one tab stop
    this.paintable = this.role === "given" && matrix.paintable;
    this.editable = this.role === "given" && matrix.editable; // of what is painted: with the first sign of a number, or F2
    this.cut = matrix.cut ?? 0;
    this.build(matrix);
  }

  /** What must be equal for an existing figure to be reused. */
  static signature(term, matrix) {
    return [term.name, term.role, Boolean(term.transposed), matrix.shape, matrix.editable, matrix.paintable, matrix.cut,
      matrix.rows.some(Boolean), matrix.cols.some(Boolean)];
  }

  build(matrix) {
    const [rows, cols] = matrix.shape;
    this.stored = { rows, cols };
    [this.rows, this.cols] = this.transposed ? [cols, rows] : [rows, cols];
    const [rowLabels, colLabels] = this.labels(matrix);
    this.hasRowHeads = rowLabels.some(Boolean);
    this.hasColHeads = colLabels.some(Boolean);
    this.letter = el("span", { class: "letter" });
    this.shape = el("span", { class: "shape" });
    this.title = el("span", { class: "title" });
    this.axes = el("span", { class: "axes" });
    const name = el("div", { class: "name" }, this.letter, this.shape, this.title);
    const under = el("div", { class: "under" }, this.axes);
    if (this.role !== "operand") under.append(this.enlarge = button("Enlarge", "open_in_full", { class: "enlarge" },
      () => this.board.openEnlarged(this.name, this.enlarge)));
    this.grid = this.buildGrid();
    this.scroller = el("div", { class: "scroller" }, this.grid);
    this.ramp = el("span", { class: "ramp", "aria-hidden": "true" });
    this.rangeText = el("span");
    this.range = el("div", { class: "range" }, this.ramp, this.rangeText);
    this.alert = el("div", { class: "error", id: `board-error-${++ids}` });
    this.node = el("figure", { "data-step": matrix.step, "data-head": matrix.head, "data-role": this.role },
      el("figcaption", {}, name, under), this.scroller, this.range, this.alert);
    this.memo = { text: [], value: [], label: [], tone: [], flags: [] };
  }

  /** Rows lay out with display: contents, so that one CSS grid keeps all columns equally wide. */
  buildGrid() {
    const grid = el("div", { role: "grid", class: "grid", "aria-rowcount": this.rows, "aria-colcount": this.cols });
    grid.style.gridTemplateColumns = `${this.hasRowHeads ? "auto " : ""}repeat(${this.cols}, minmax(var(--cell), 1fr))`;
    grid.classList.toggle("bare-top", !this.hasColHeads);
    grid.classList.toggle("pixels", this.cut > 0);
    this.cells = new Array(this.rows * this.cols);
    this.texts = new Array(this.rows * this.cols);
    this.colHeads = [];
    this.rowHeads = [];
    if (this.hasColHeads) {
      const head = el("div", { role: "row" });
      if (this.hasRowHeads) head.append(el("div", { class: "corner", "aria-hidden": "true" }));
      for (let c = 0; c < this.cols; c++) this.colHeads.push(el("div", { role: "columnheader" }));
      head.append(...this.colHeads);
      grid.append(head);
    }
    for (let r = 0; r < this.rows; r++) grid.append(this.buildRow(r));
    this.cells[0]?.setAttribute("tabindex", "0");
    return grid;
  }

  buildRow(r) {
    const row = el("div", { role: "row", "aria-rowindex": r + 1 });
    if (this.hasRowHeads) {
      this.rowHeads.push(el("div", { role: "rowheader" }));
      row.append(this.rowHeads[r]);
    }
    for (let c = 0; c < this.cols; c++) {
      const [storedRow, storedCol] = this.transposed ? [c, r] : [r, c];
      const cell = el("div", { role: "gridcell", class: "cell", tabindex: -1, "aria-colindex": c + 1,
        "data-row": storedRow, "data-col": storedCol }, el("span", {}, ""));
      if (this.cut) { // a wider gap where a picture is cut
        cell.classList.toggle("cut-left", c > 0 && c % this.cut === 0);
        cell.classList.toggle("cut-top", r > 0 && r % this.cut === 0);
      }
      this.cells[storedRow * this.stored.cols + storedCol] = cell;
      this.texts[storedRow * this.stored.cols + storedCol] = cell.firstChild.firstChild;
      row.append(cell);
    }
    return row;
  }

  labels(matrix) {
    return this.transposed ? [matrix.cols, matrix.rows] : [matrix.rows, matrix.cols];
  }

  cellShown(r, c) {
    return this.cells[this.transposed ? c * this.stored.cols + r : r * this.stored.cols + c];
  }

  indexOf(cell) {
    return Number(cell.dataset.row) * this.stored.cols + Number(cell.dataset.col);
  }

  shownAt(cell) {
    const [row, col] = [Number(cell.dataset.row), Number(cell.dataset.col)];
    return this.transposed ? [col, row] : [row, col];
  }

  cellOf({ row, col }) {
    return this.cells[row * this.stored.cols + col];
  }

  address(cell) {
    return { step: this.name, row: Number(cell.dataset.row), col: Number(cell.dataset.col) };
  }

  /** Repaints only what differs: most matrices are the same after an edit, and an open editor forgets its `print`. */
  paint(matrix, values) {
    const print = this.board.printOf(this.name);
    if (this.print === print) return;
    this.print = this.editors.size ? null : print;
    setAttribute(this.node, "data-view", this.board.data.view);
    setAttribute(this.node, "data-identity", matrix.identity);
    const [rowLabels, colLabels] = this.labels(matrix);
    this.paintCaption(matrix);
    this.paintHeads(this.rowHeads, rowLabels, this.transposed ? [] : matrix.discs);
    this.paintHeads(this.colHeads, colLabels, this.transposed ? matrix.discs : []);
    const flags = this.flags(matrix);
    for (let i = 0; i < this.cells.length; i++) {
      if (this.editors.has(i)) continue;
      this.paintCell(i, matrix, values[i], flags[i], rowLabels, colLabels);
    }
    setText(this.rangeText, matrix.range ? `colour: ${matrix.range}` : "");
    setAttribute(this.ramp, "data-scale", matrix.range && matrix.scale !== "mask" ? matrix.scale : null);
  }

  paintCaption(matrix) {
    const letter = this.transposed && matrix.letter_t ? matrix.letter_t : matrix.letter;
    const spoken = mathText(letter);
    redraw(this.letter, letter, () => [math(letter)]);
    setText(this.shape, `${this.rows}×${this.cols}`);
    setText(this.title, matrix.called); // its head, if it has one, stands above the equation and in the letter
    const axes = matrix.axes.length === 2 && this.transposed ? [matrix.axes[1], matrix.axes[0]] : matrix.axes;
    const arrows = axes.length === 1 && this.transposed ? ["→"] : ["↓", "→"];
    setText(this.axes, axes.map((axis, i) => `${axis} ${arrows[i]}`).join("\u2003") || "\u00a0");
    if (this.enlarge) setAttribute(this.enlarge, "aria-label", `Enlarge ${spoken}`);
    this.spoken = `${spoken}, ${matrix.title}, ${this.rows} by ${this.cols}, ${this.role}`;
    setAttribute(this.grid, "aria-label", this.spoken);
  }

  /** Labels of rows or columns; where tokens have paint, its disc and its name beside the word, unless they are the same. */
  paintHeads(heads, labels, discs) {
    heads.forEach((head, i) => {
      const disc = discs?.[i]?.colour ? discs[i] : null;
      const named = disc && disc.name !== labels[i] ? disc.name : "";
      redraw(head, [labels[i], disc], () => (disc
        ? [labels[i], el("span", { class: "paint" },
          discOf(disc.colour), named)]
        : [labels[i]]));
      setAttribute(head, "title", named ? `${labels[i]}, ${named}` : labels[i]);
      head.classList.toggle("painted", Boolean(disc));
    });
  }

  flags(matrix) {
    const flags = new Uint8Array(this.cells.length);
    for (const i of matrix.hatched ?? []) flags[i] |= HATCHED;
    for (const i of matrix.changed ?? []) flags[i] |= CHANGED;
    if (this.role === "given") {
      for (const wrong of this.board.errorsOf(this.name)) flags[wrong.row * this.stored.cols + wrong.col] |= WRONG;
    }
    return flags;
  }

  /** The inner loop of an update: compares with what was written last, and writes only what differs. */
  paintCell(i, matrix, x, flag, rowLabels, colLabels) {
    const { memo } = this;
    const cell = this.cells[i];
    const text = matrix.texts[i];
    if (memo.text[i] !== text) this.texts[i].data = memo.text[i] = text;
    if (!Object.is(memo.value[i], x)) {
      cell.setAttribute("data-value", valueText(x));
      memo.value[i] = x;
    }
    const label = this.cellLabel(i, matrix, rowLabels, colLabels);
    if (memo.label[i] !== label) cell.setAttribute("aria-label", memo.label[i] = label);
    const flags = matrix.scale === "mask" && x === 0 ? flag | HATCHED : flag;
    if (memo.flags[i] !== flags) {
      this.writeFlags(cell, flags, flags ^ (memo.flags[i] ?? ~flags));
      memo.flags[i] = flags;
    }
    const tone = flags & HATCHED ? -1 : toneOf(matrix, x);
    if (memo.tone[i] !== tone) {
      cell.style.cssText = this.board.palette[tone] ?? "";
      memo.tone[i] = tone;
    }
  }

  writeFlags(cell, flags, differing) {
    if (differing & HATCHED) cell.classList.toggle("hatched", Boolean(flags & HATCHED));
    if (differing & CHANGED) {
      cell.classList.toggle("changed", Boolean(flags & CHANGED));
      setAttribute(cell, "title", flags & CHANGED ? "changed" : null);
    }
    if (differing & WRONG) setAttribute(cell, "aria-invalid", flags & WRONG ? "true" : null);
  }

  cellLabel(i, matrix, rowLabels, colLabels) {
    const text = matrix.texts[i];
    const [row, col] = [Math.floor(i / this.stored.cols), i % this.stored.cols];
    const [rowLabel, colLabel] = this.transposed ? [rowLabels[col], colLabels[row]] : [rowLabels[row], colLabels[col]];
    if (this.paintable && matrix.scale === "mask") return `may ${rowLabel} see ${colLabel}: ${text === "1" ? "yes, 1" : "no, 0"}`;
    const place = [rowLabel && `row ${rowLabel}`, colLabel && `column ${colLabel}`].filter(Boolean).join(", ");
    return place ? `${place}: ${text}` : text;
  }

  /** Writes the cell again in full; needed when its editor closes or the theme changes. */
  forget(i) {
    for (const list of Object.values(this.memo)) {
      if (i === undefined) list.length = 0;
      else list[i] = undefined;
    }
  }

  moveStop(cell) {
    this.cells[this.stop]?.setAttribute("tabindex", "-1");
    this.stop = this.indexOf(cell);
    cell.setAttribute("tabindex", "0");
  }

  paintErrors(errors) {
    redraw(this.alert, errors, () => errors.map((error) => el("p", {}, error.message)));
    setAttribute(this.alert, "role", errors.length ? "alert" : null);
    setAttribute(this.alert, "data-error-for", errors.length ? this.name : null);
    if (errors.length) this.placeAlert();
  }

  /** A message stands under its matrix. Where others stand beside that one it would move them, for all stand centred:
      then it stands under their whole line, if that is the last. */
  placeAlert() {
    const group = this.node.parentElement;
    const here = group.getBoundingClientRect();
    const others = [...this.equation.terms.querySelectorAll(".group")].filter((node) => node !== group);
    const boxes = others.map((node) => node.getBoundingClientRect());
    const beside = boxes.some((box) => box.top < here.bottom && box.bottom > here.top);
    const host = beside && boxes.every((box) => box.top < here.bottom) ? this.equation.alerts : this.node;
    if (this.alert.parentElement !== host) host.append(this.alert);
  }

  /** A matrix wider than its place scrolls in its own box, which is a tab stop only then. */
  measure() {
    const room = this.scroller.clientWidth - SCROLLER_PADDING; // not scrollWidth: an open editor may stick out
    const overflows = this.grid.offsetWidth > room + 1;
    setAttribute(this.scroller, "tabindex", overflows ? "0" : null);
    setAttribute(this.scroller, "role", overflows ? "region" : null);
    setAttribute(this.scroller, "aria-label", overflows ? `${this.spoken}, scrolls sideways` : null);
  }
}

/* ---------- Editor: the text field inside one cell of a given matrix ---------- */

class Editor {
  constructor(board, figure, cell, typed) {
    Object.assign(this, { board, figure, cell, index: figure.indexOf(cell), seq: null, failed: false });
    this.initial = Editor.startText(cell);
    this.sent = this.initial; // the text the server already knows
    this.input = el("input", { type: "text", class: "editor", inputmode: "text", maxlength: EDIT_LIMIT,
      autocomplete: "off", spellcheck: "false", "aria-label": `New value for ${cell.getAttribute("aria-label")}` });
    this.input.value = typed ?? this.initial;
    const column = figure.shownAt(cell)[1];
    if (column > 0 && column >= figure.cols / 2) this.input.classList.add("leftward"); // grows into the matrix, not out of it
    // Only the server can close an edit, so the cell keeps its field until the answer is here.
    figure.editors.set(this.index, this);
    figure.print = null;
    cell.append(this.input);
    cell.classList.add("editing");
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    // Streamlit listens for single letters on the document and cannot see that they were typed in a field here.
    for (const type of ["keypress", "keyup"]) this.input.addEventListener(type, (event) => event.stopPropagation());
    this.input.addEventListener("blur", () => this.onBlur());
    this.input.addEventListener("paste", (event) => this.onPaste(event));
    this.input.focus({ preventScroll: true });
    if (typed === undefined) this.input.select();
  }

  /** Fractions stay fractions; a rounded decimal opens with all its digits. */
  static startText(cell) {
    const text = cell.firstChild.textContent.replace(/−/g, "-");
    return Number.isFinite(Number(text)) || text.includes("·") ? cell.dataset.value : text;
  }

  onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.commit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.leave();
    } else if (event.key === "Tab") {
      const next = this.neighbour(event.shiftKey ? -1 : 1);
      this.commit();
      if (!next) return; // the last cell: Tab leaves the grid as usual
      event.preventDefault();
      next.focus();
    }
  }

  neighbour(step) {
    const [r, c] = this.figure.shownAt(this.cell);
    const place = r * this.figure.cols + c + step;
    if (place < 0 || place >= this.figure.cells.length) return null;
    return this.figure.cellShown(Math.floor(place / this.figure.cols), place % this.figure.cols);
  }

  onBlur() {
    if (this.closed || this.seq !== null) return;
    if (this.input.value !== this.sent) this.commit();
    else if (!this.failed) this.close();
  }

  onPaste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\t\n\r]/.test(text)) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
    this.board.paste(this.figure, this.cell, text);
  }

  commit() {
    if (this.closed || this.seq !== null) return;
    if (this.input.value === this.initial && !this.failed) {
      this.close();
      return;
    }
    this.sent = this.input.value;
    this.failed = false;
    this.input.readOnly = true;
    setAttribute(this.input, "aria-busy", "true");
    this.seq = this.board.emit("edit", { ...this.figure.address(this.cell), text: this.sent });
  }

  leave() {
    if (this.failed) this.board.dismiss(this.figure.address(this.cell));
    this.close();
  }

  /** Called at every update: the answer to this edit is either an error that names this cell, or success. */
  settle(acked, error) {
    if (this.seq !== null && acked < this.seq) return;
    const answered = this.seq !== null;
    this.seq = null;
    this.input.readOnly = false;
    setAttribute(this.input, "aria-busy", null);
    if (answered && error) this.fail(error);
    else if (answered) this.close();
    else if (this.failed && !error) this.recover();
  }

  fail(error) {
    this.failed = true;
    this.input.value = this.sent = error.text ?? this.sent;
    setAttribute(this.input, "aria-invalid", "true");
    setAttribute(this.input, "aria-describedby", this.figure.alert.id);
    if (this.hasFocus()) this.input.select();
  }

  /** The server dropped the error for another reason, such as an undo. */
  recover() {
    this.failed = false;
    setAttribute(this.input, "aria-invalid", null);
    setAttribute(this.input, "aria-describedby", null);
    if (!this.hasFocus()) this.close();
  }

  hasFocus() {
    return this.input.getRootNode().activeElement === this.input;
  }

  close() {
    if (this.closed) return;
    const focused = this.hasFocus();
    this.closed = true; // before removal: removing a focused field fires its blur
    this.figure.editors.delete(this.index);
    this.figure.print = null;
    this.input.remove();
    this.cell.classList.remove("editing");
    this.figure.forget(this.index);
    this.board.paintFigure(this.figure);
    if (focused) this.cell.focus({ preventScroll: true });
  }
}

/* ---------- Equation: one section with its figures and signs ---------- */

class Equation {
  constructor(board, equation) {
    this.board = board;
    this.figures = [];
    const id = `board-heading-${++ids}`;
    this.heading = el("h3", { id, tabindex: -1 });
    this.terms = el("div", { class: "terms" });
    this.note = el("p", { class: "note" });
    this.alerts = el("div", { class: "alerts" });
    this.checks = el("ul", { class: "checks", "aria-label": "Checks" });
    this.node = el("section", { class: "equation", "aria-labelledby": id, "data-equation": equation.step },
      this.heading, this.terms, this.alerts, this.checks, this.note);
    this.build(equation);
  }

  static signature(data, equation) {
    return JSON.stringify(equation.terms.map((term) => (term.line !== undefined ? ["line", term.line]
      : term.sign !== undefined ? ["sign", term.sign]
      : data.matrices[term.name] ? Figure.signature(term, data.matrices[term.name]) : null)));
  }

  /** A sign stays with the matrix that follows it, so a line never ends on a sign; a closing bracket stays with the one before. */
  build(equation) {
    let waiting = [];
    let group = null;
    let line = this.terms; // of one head, where there are several: a box of its own, two beside each other where there is room
    equation.terms.forEach((term, i) => {
      if (term.line !== undefined) {
        line = el("div", { class: "of-head" }, el("p", { class: "line" }, term.line));
        this.terms.append(line);
        group = null;
        return;
      }
      if (term.sign !== undefined) {
        const sign = el("span", { class: /^\p{L}{2}/u.test(term.sign) ? "sign word" : "sign" }, term.sign);
        if (/^[)\]}]/.test(term.sign) && group) group.append(sign);
        else waiting.push(sign);
        return;
      }
      const matrix = this.board.data.matrices[term.name];
      if (!matrix) return;
      const figure = new Figure(this.board, term, matrix, `${equation.step}/${i}`);
      figure.equation = this;
      this.figures.push(figure);
      group = el("div", { class: "group" }, ...waiting, figure.node);
      waiting = [];
      line.append(group);
    });
    if (waiting.length) (group ?? line).append(...waiting);
  }

  paint(equation) {
    redraw(this.heading, [equation.number, equation.title, equation.formula], () => [
      el("span", { class: "number" }, `${equation.number}. `), el("span", {}, equation.title),
      ...(equation.formula ? [math(equation.formula)] : [])]);
    setText(this.note, equation.note ?? "");
    this.note.classList.toggle("warn", Boolean(equation.warn));
    redraw(this.checks, equation.checks ?? [], () => (equation.checks ?? []).map((check) =>
      el("li", { class: check.ok ? "ok" : "bad" }, `${check.ok ? "✓" : "✗"} ${check.text}`)));
    for (const figure of this.figures) this.board.paintFigure(figure);
  }
}

/* ---------- Toolbar: the stepper, the history and the link ---------- */

class Toolbar {
  constructor(board) {
    this.board = board;
    this.previous = button("Previous", "chevron_left", {}, () => board.goBy(-1));
    this.where = el("span", { class: "where" });
    this.next = button("Next", "chevron_right", { class: "after" }, () => board.goBy(1));
    this.all = button("Show all", "view_agenda", { class: "toggle" }, () => board.toggleAll());
    this.undo = button("Undo", "undo", {}, () => board.emit("undo"));
    this.redo = button("Redo", "redo", {}, () => board.emit("redo"));
    this.reset = button("Reset", "restart_alt", {}, () => board.emit("reset"));
    this.link = button("Copy link", "link", {}, () => this.copyLink());
    this.present = button("Present", "present_to_all", { class: "present" }, () => board.presenter.toggle());
    this.said = el("span", { class: "said", "aria-live": "polite" });
    this.linkBox = el("span", { class: "link-box" });
    this.node = el("div", { role: "toolbar", class: "toolbar", "aria-label": "Steps and history" },
      el("div", { class: "stepper" }, this.previous, this.where, this.next, this.all),
      this.said, this.linkBox,
      el("div", { class: "history" }, this.undo, this.redo, this.reset, this.link, this.present));
  }

  paint(data, stage) {
    const { stages } = data;
    const at = stages.findIndex((one) => one.name === stage);
    setText(this.where, at < 0 ? `All ${stages.length} steps` : `${at + 1} of ${stages.length} · ${stages[at].title}`);
    this.previous.disabled = at <= 0;
    this.next.disabled = at === stages.length - 1;
    setAttribute(this.all, "aria-pressed", String(at < 0));
    for (const name of ["undo", "redo", "reset"]) this[name].disabled = !data.can?.[name];
  }

  /** Says the server's sentence once, so that a later repaint does not wipe "Link copied". */
  paintSaid(text) {
    if (text === this.lastSaid) return;
    this.lastSaid = text;
    setText(this.said, text ?? "");
  }

  async copyLink() {
    const { share, share_says: says } = this.board.data;
    if (share === null) { // longer than any that could be opened
      this.said.textContent = says;
      return;
    }
    const url = location.origin + location.pathname + (share ?? "");
    try {
      await navigator.clipboard.writeText(url);
      this.linkBox.replaceChildren();
      this.said.textContent = says ? `Link copied. ${says}` : "Link copied";
    } catch {
      this.offerLink(url); // no clipboard here (plain http, or refused): let the learner copy by hand
    }
  }

  offerLink(url) {
    const field = el("input", { type: "text", readonly: true, "aria-label": "Link to this page" });
    field.value = url;
    for (const type of ["keydown", "keypress", "keyup"]) field.addEventListener(type, (event) => event.stopPropagation());
    this.linkBox.replaceChildren(el("span", {}, "Copy this link"), field);
    field.focus();
    field.select();
  }
}

/* ---------- Panel: where the picked number comes from ---------- */

class Panel {
  constructor(board) {
    this.board = board;
    this.content = el("div", { class: "panel-content" });
    this.close = button("Close", "close", { class: "close" }, () => {
      this.node.classList.add("closed");
      board.focusPicked();
    });
    this.lines = el("ol", {});
    this.why = el("details", { class: "why", open: true, hidden: true }, el("summary", {}, "Why did it change?"), this.lines);
    this.node = el("aside", { class: "panel", "aria-label": "Where this number comes from" }, this.close, this.content, this.why);
  }

  open() {
    this.node.classList.remove("closed");
  }

  /** It has nothing to say but hints. */
  isIdle() {
    return this.node.classList.contains("idle");
  }

  paint(panel, why, hints) {
    redraw(this.content, panel ?? { hints }, () => (panel ? this.draw(panel)
      : hints.map((hint, i) => el("p", { class: i ? "keys" : "empty" }, hint))));
    redraw(this.lines, why ?? {}, () => (why?.lines ?? []).map((line) => this.drawLine(line)));
    this.why.hidden = !why;
    this.node.classList.toggle("idle", !panel && !why);
  }

  draw(panel) {
    const parts = [];
    if (panel.trail?.length) parts.push(this.drawTrail(panel.trail));
    this.head = el("h4", { class: "what", tabindex: -1 },
      el("span", { class: "which" }, panel.cell), " = ", el("span", { class: "amount" }, panel.value));
    if (panel.title) parts.push(el("div", { class: "which-math" }, math(panel.title)));
    parts.push(this.head);
    if (panel.where) parts.push(el("p", { class: "about-place" }, panel.where));
    if (panel.arithmetic?.length) parts.push(this.drawArithmetic(panel.arithmetic));
    if (panel.formula) parts.push(el("h5", {}, "Formula"), el("div", { class: "formula" }, math(panel.formula)));
    if (panel.code) parts.push(el("h5", {}, panel.code_title ?? "NumPy"), el("pre", { tabindex: 0, "aria-label": "NumPy" }, el("code", {}, panel.code)));
    if (panel.about) parts.push(el("p", { class: "about" }, panel.about));
    return parts;
  }

  /** One sentence of the account of a change; the cell that it is about can be picked. */
  drawLine(line) {
    if (!line.label) return el("li", {}, line.text);
    return el("li", {}, line.start ?? "", this.drawOperand(line, line.label), line.text);
  }

  drawOperand(place, text) {
    const operand = el("button", { type: "button", class: "operand",
      "data-step": place.step, "data-row": place.row, "data-col": place.col }, text);
    operand.addEventListener("click", () => this.board.pick({ step: place.step, row: place.row, col: place.col }, null, "operand"));
    return operand;
  }

  drawTrail(trail) {
    const crumbs = trail.map((place, index) => {
      const crumb = el("button", { type: "button" }, `${place.label} ›`);
      crumb.addEventListener("click", () => this.board.emit("back", { index }));
      return crumb;
    });
    return el("nav", { class: "trail", "aria-label": "Where you came from" }, ...crumbs);
  }

  drawArithmetic(parts) {
    return el("p", { class: "arithmetic" },
      ...parts.map((part) => (typeof part === "string" ? part : this.drawOperand(part, part.text))));
  }
}

/* ---------- Presenter: the matrices alone, large, for a class that sits far away ---------- */

const PRESENTING = "← → walk the steps · r shows or hides what comes out · h hides it at every step · b blanks the screen · Esc ends";

class Presenter {
  constructor(board) {
    this.board = board;
    this.hint = el("p", { class: "presenting" }, PRESENTING);
    this.hides = false; // what comes out of a step, whenever another one is shown
  }

  get on() {
    return this.board.scope().fullscreenElement === this.board.root;
  }

  toggle() {
    if (this.on) document.exitFullscreen();
    else this.board.root.requestFullscreen().catch(() => {
      this.board.toolbar.said.textContent = "This browser does not let a page fill the screen; its own zoom makes the numbers larger.";
    });
  }

  /** The browser has begun or ended it, by this button or by a key of its own. */
  changed() {
    const { board, on } = this;
    setAttribute(board.toolbar.present, "aria-pressed", String(on));
    setText(board.toolbar.present.querySelector(".label"), on ? "Leave" : "Present");
    if (on) {
      board.root.tabIndex = -1; // so that keys arrive, wherever was clicked
      board.root.focus();
      if (board.stage === "all") board.goBy(1);
    } else {
      this.hides = false;
      board.root.classList.remove("covered", "blank");
      board.root.removeAttribute("tabindex");
    }
  }

  walk(by) {
    this.board.goBy(by);
    this.board.root.classList.toggle("covered", this.hides);
    this.board.root.scrollTop = 0;
  }

  onKey(key) {
    const { classList } = this.board.root;
    if (["arrowright", "pagedown", " "].includes(key)) this.walk(1);
    else if (["arrowleft", "pageup"].includes(key)) this.walk(-1);
    else if (key === "r") {
      if (!classList.toggle("covered")) this.board.list.querySelector('figure[data-role="result"]')?.scrollIntoView({ block: "nearest" });
    }
    else if (key === "h") {
      this.hides = !this.hides;
      classList.toggle("covered", this.hides);
    } else if (key === "b" || key === ".") classList.toggle("blank");
    else return false;
    return true;
  }
}

/* ---------- Board: everything together ---------- */

class Board {
  constructor(root, data, callbacks) {
    Object.assign(this, { root, callbacks, data, seq: 0, acked: 0, unacked: [], picked: null, pickedKey: null });
    this.mount = Math.random().toString(36).slice(2, 8).padEnd(4, "0");
    this.pending = {}; // kind -> seq of the last local pick or stage the server has not answered yet
    this.views = new Map(); // equation step -> {signature, view}
    this.figures = [];
    this.figureOf = new WeakMap();
    this.marked = { lit: new Set(), twins: [], chosen: null, pointed: [] };
    this.dismissed = new Set();
    this.prints = new Map(); // matrix name -> all that decides how it is painted
    this.listeners = new AbortController();
    this.presenter = new Presenter(this);
    this.toolbar = new Toolbar(this);
    this.panel = new Panel(this);
    this.probe = el("span", { class: "probe", "aria-hidden": "true" });
    this.list = el("div", { class: "equations" });
    this.alert = el("p", { class: "note warn alert", role: "status" });
    root.replaceChildren(this.toolbar.node, this.alert, el("div", { class: "body" }, this.list, this.panel.node),
      this.presenter.hint, this.probe);
    this.sizes = new ResizeObserver((entries) => {
      for (const entry of entries) this.figureOf.get(entry.target.closest("figure"))?.measure();
    });
    // What sticks below the toolbar, or must scroll clear of it, has to know how high it is: a long message wraps it.
    this.bar = new ResizeObserver(() => root.style.setProperty("--bar", `${this.toolbar.node.offsetHeight}px`));
    this.bar.observe(this.toolbar.node);
    this.dialog = new MutationObserver(() => {}); // watches for the end of an enlarged view
    this.listen();
    this.showIcons();
    this.update(data);
  }

  listen() {
    const on = (type, run, node = this.root) => node.addEventListener(type, run, { signal: this.listeners.signal });
    on("click", (event) => this.onClick(event));
    on("dblclick", (event) => this.onDoubleClick(event));
    on("keydown", (event) => this.onKey(event));
    on("pointerover", (event) => this.onHover(event));
    on("pointerleave", () => this.setHover(null));
    on("focusin", (event) => this.onFocus(event));
    on("focusout", () => this.setFocus(null));
    on("fullscreenchange", () => this.presenter.changed());
    on("paste", (event) => this.onPaste(event));
    on("copy", (event) => this.onCopy(event));
    // The probe has the page's background colour and a very short transition: its end tells of every theme change.
    on("transitionend", () => this.checkTheme(), this.probe);
  }

  /** Ligature icons are words; without their font they would show as words, so they wait for it. */
  async showIcons() {
    try {
      const faces = await document.fonts.load('16px "Material Symbols Rounded"', "undo");
      this.root.classList.toggle("with-icons", faces.length > 0);
    } catch {
      this.root.classList.remove("with-icons");
    }
  }

  destroy() {
    this.listeners.abort();
    this.sizes.disconnect();
    this.bar.disconnect();
    this.dialog.disconnect();
    this.root.replaceChildren();
  }

  /* ----- data in ----- */

  update(data) {
    this.keepFocus(() => {
      const sameErrors = JSON.stringify(data.errors) === JSON.stringify(this.data.errors);
      this.data = data;
      if (!sameErrors) this.dismissed.clear();
      this.acknowledge(data.ack);
      this.prints = new Map();
      this.values = new Map(Object.entries(data.matrices).map(([name, matrix]) => [name, decode(matrix.values)]));
      const arrived = !this.isPending("pick") && !this.isPending("back") && this.adoptPick(data.picked);
      if (!this.isPending("stage")) this.stage = data.stage;
      this.readTheme();
      this.settleEditors();
      this.paint();
      if (arrived) this.marked.chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
      const idle = this.panel.isIdle();
      this.panel.paint(data.panel, data.why, [data.empty, data.keys].filter(Boolean));
      setAttribute(this.panel.node, "aria-busy", this.isPending("pick") ? "true" : null);
      this.toolbar.paintSaid(data.said);
      setText(this.alert, data.alert ?? "");
      // On a narrow page the account of a change opens over the lower part, where the changed cell may stand.
      if (idle && !this.panel.isIdle()) this.hit({ target: this.scope().activeElement ?? this.root })?.cell
        .scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  acknowledge(ack) {
    if (ack?.mount !== this.mount) return;
    this.acked = Math.max(this.acked, ack.seq);
    this.unacked = this.unacked.filter((event) => event.seq > this.acked);
  }

  isPending(kind) {
    return (this.pending[kind] ?? 0) > this.acked;
  }

  adoptPick(picked) {
    const moved = JSON.stringify(picked ?? null) !== JSON.stringify(this.picked);
    if (moved) this.pickedKey = null;
    this.picked = picked ?? null;
    if (moved && picked) this.panel.open();
    return moved && Boolean(picked);
  }

  allFigures() {
    return [...this.views.values()].flatMap(({ view }) => view.figures);
  }

  settleEditors() {
    for (const figure of this.allFigures()) {
      for (const editor of [...figure.editors.values()]) {
        const { row, col } = figure.address(editor.cell);
        editor.settle(this.acked, this.errorsOf(figure.name).find((error) => error.row === row && error.col === col));
      }
    }
  }

  errorsOf(step) {
    return (this.data.errors ?? []).filter((error) => error.step === step && !this.dismissed.has(errorKey(error)));
  }

  dismiss({ step, row, col }) {
    this.dismissed.add(errorKey({ step, row, col }));
    this.prints.delete(step);
    this.paintErrors();
  }

  /* ----- drawing ----- */

  shownEquations() {
    const { equations } = this.data;
    const chosen = equations.filter((equation) => equation.step === this.stage);
    return this.stage !== "all" && chosen.length ? chosen : equations;
  }

  paint() {
    this.arrange();
    this.toolbar.paint(this.data, this.stage);
    this.paintErrors();
    this.markPicked();
    this.light();
  }

  /** Reuses every equation whose structure is the same, also after it was out of sight; nodes move only when the
      sequence differs. */
  arrange() {
    const shown = this.shownEquations();
    const views = shown.map((equation) => this.viewFor(equation));
    this.figures = views.flatMap((view) => view.figures);
    const nodes = views.map((view) => view.node);
    const same = nodes.length === this.list.children.length && nodes.every((node, i) => node === this.list.children[i]);
    if (!same) this.list.replaceChildren(...nodes);
    this.list.classList.toggle("single", nodes.length === 1);
    shown.forEach((equation, i) => views[i].paint(equation));
    if (!same) this.watchSizes();
  }

  viewFor(equation) {
    const signature = Equation.signature(this.data, equation);
    const known = this.views.get(equation.step);
    if (known?.signature === signature) return known.view;
    const view = new Equation(this, equation);
    for (const figure of view.figures) this.figureOf.set(figure.node, figure);
    this.views.set(equation.step, { signature, view });
    return view;
  }

  watchSizes() {
    this.sizes.disconnect();
    for (const figure of this.figures) {
      this.sizes.observe(figure.scroller);
      this.sizes.observe(figure.grid);
    }
  }

  /** All that decides how a matrix is painted, as one string. */
  printOf(name) {
    if (!this.prints.has(name)) {
      const all = [this.data.matrices[name], this.data.view, this.theme, this.errorsOf(name)];
      this.prints.set(name, JSON.stringify(all));
    }
    return this.prints.get(name);
  }

  paintFigure(figure) {
    const matrix = this.data.matrices[figure.name];
    if (matrix) figure.paint(matrix, this.values.get(figure.name));
  }

  /** A message stands under the given matrix it belongs to; if that is not drawn, under the first drawing. */
  paintErrors() {
    const hosts = new Map();
    for (const figure of this.figures) {
      const host = hosts.get(figure.name);
      if (!host || (host.role !== "given" && figure.role === "given")) hosts.set(figure.name, figure);
    }
    for (const figure of this.figures) figure.paintErrors(hosts.get(figure.name) === figure ? this.errorsOf(figure.name) : []);
  }

  /* ----- theme ----- */

  readTheme() {
    const ground = parseColour(getComputedStyle(this.probe).backgroundColor);
    const theme = luminance(ground) < 0.2 ? "dark" : "light";
    if (theme === this.theme) return false;
    this.theme = theme;
    this.palette = PALETTES[theme];
    this.root.dataset.theme = theme;
    for (const figure of this.allFigures()) figure.memo.tone.length = 0;
    this.prints.clear();
    return true;
  }

  checkTheme() {
    if (this.readTheme()) for (const figure of this.figures) this.paintFigure(figure);
  }

  /* ----- events out ----- */

  emit(kind, detail = {}) {
    const seq = ++this.seq;
    this.pending[kind] = seq;
    this.unacked.push({ seq, kind, ...detail });
    this.callbacks.send({ mount: this.mount, list: this.unacked.map((event) => ({ ...event })) });
    return seq;
  }

  /** Marks at once and lets the server confirm; `figure` is the drawing that was clicked, if any. */
  pick(address, figure, via) {
    this.picked = address;
    this.pickedKey = figure?.key ?? null;
    this.panel.open();
    this.markPicked();
    this.light();
    // On a narrow page the panel opens over the lower part; the cell's scroll margin keeps it in sight.
    // An operand may stand screens away: it comes into sight, so that the panel and the matrices tell one story.
    this.marked.chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
    setAttribute(this.panel.node, "aria-busy", "true");
    this.emit("pick", via ? { ...address, via } : address);
  }

  /** Opens the dialog; once it is closed, gives the focus back, which nobody else can within a shadow root. */
  openEnlarged(step, from) {
    let open = false;
    this.dialog.disconnect();
    this.dialog = new MutationObserver(() => {
      const here = Boolean(document.querySelector('[role="dialog"]'));
      if (open && !here) {
        this.dialog.disconnect();
        from.focus({ preventScroll: true });
      }
      open = here;
    });
    this.dialog.observe(document.body, { childList: true, subtree: true });
    this.emit("enlarge", { step });
  }

  /** A block is pasted as it is seen: into a matrix that is drawn transposed, its rows become columns. */
  paste(figure, cell, text) {
    this.emit("paste", { ...figure.address(cell), turned: figure.transposed, text: text.slice(0, PASTE_LIMIT) });
  }

  /* ----- marks: picked, lit, pointed ----- */

  figuresOf(step) {
    return this.figures.filter((figure) => figure.name === step);
  }

  markPicked() {
    const { marked } = this;
    for (const cell of [...marked.twins, marked.chosen]) {
      cell?.classList.remove("twin", "picked");
      cell?.removeAttribute("aria-selected");
    }
    const same = this.picked ? this.figuresOf(this.picked.step).filter((figure) => figure.cellOf(this.picked)) : [];
    const chosen = same.find((figure) => figure.key === this.pickedKey)
      ?? same.find((figure) => figure.role !== "operand") ?? same[0];
    marked.chosen = chosen?.cellOf(this.picked) ?? null;
    marked.twins = same.filter((figure) => figure !== chosen).map((figure) => figure.cellOf(this.picked));
    for (const twin of marked.twins) twin.classList.add("twin");
    if (!marked.chosen) return;
    marked.chosen.classList.add("picked");
    marked.chosen.setAttribute("aria-selected", "true");
    if (chosen.cells[chosen.stop] !== this.scope().activeElement) chosen.moveStop(marked.chosen);
  }

  /** Lights what the hovered, else the keyboard-focused, else the picked number reads. */
  light() {
    const source = this.hovered ?? this.focused ?? this.picked;
    const wanted = new Set();
    if (source) {
      for (const address of reads(this.data, this.values, source)) {
        for (const figure of this.figuresOf(address.step)) {
          const cell = figure.cellOf(address);
          if (cell) wanted.add(cell);
        }
      }
    }
    for (const cell of this.marked.lit) if (!wanted.has(cell)) cell.removeAttribute("data-lit");
    for (const cell of wanted) if (!this.marked.lit.has(cell)) cell.setAttribute("data-lit", "");
    this.marked.lit = wanted;
  }

  setHover(address) {
    this.point(null);
    if (sameAddress(address, this.hovered)) return;
    this.hovered = address;
    this.light();
  }

  setFocus(address) {
    if (sameAddress(address, this.focused)) return;
    this.focused = address;
    this.light();
  }

  /** Shows in the matrices the one operand under the pointer in the panel. */
  point(address) {
    for (const cell of this.marked.pointed) cell.classList.remove("pointed");
    this.marked.pointed = address ? this.figuresOf(address.step).map((figure) => figure.cellOf(address)).filter(Boolean) : [];
    for (const cell of this.marked.pointed) cell.classList.add("pointed");
  }

  /* ----- pointer ----- */

  /** The cell an event happened in, with its figure; null elsewhere. */
  hit(event) {
    const cell = event.target.closest?.('[role="gridcell"]');
    const figure = cell && this.figureOf.get(cell.closest("figure"));
    return figure ? { cell, figure } : null;
  }

  onHover(event) {
    if (event.pointerType === "touch") return; // a finger does not hover; its tap picks
    const hit = this.hit(event);
    if (hit) {
      this.setHover(hit.figure.address(hit.cell));
    } else if (!event.target.classList.contains("grid")) { // the 1px gaps between cells keep the light steady
      this.setHover(null);
      const operand = event.target.closest("button.operand");
      if (operand) this.point(addressOf(operand));
    }
  }

  onClick(event) {
    const hit = this.hit(event);
    if (!hit || event.target.closest("input") || hit.cell.classList.contains("editing")) return;
    if (hit.figure.paintable) this.emit("toggle", hit.figure.address(hit.cell));
    else if (event.detail < 2) this.pick(hit.figure.address(hit.cell), hit.figure);
  }

  onDoubleClick(event) {
    const hit = this.hit(event);
    if (hit?.figure.editable && !hit.figure.paintable && !event.target.closest("input")) this.edit(hit);
  }

  /* ----- keys ----- */

  onFocus(event) {
    const hit = this.hit(event);
    if (hit) hit.figure.moveStop(hit.cell);
    const byKey = hit && hit.cell === event.target && hit.cell.matches(":focus-visible");
    this.setFocus(byKey ? hit.figure.address(hit.cell) : null);
  }

  onKey(event) {
    if (event.target.closest?.("input, textarea") || event.isComposing) return;
    const hit = this.hit(event);
    if ((hit && this.onCellKey(event, hit)) || this.onBoardKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  onBoardKey(event) {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      const redo = key === "y" || (key === "z" && event.shiftKey);
      if (!redo && key !== "z") return false;
      const kind = redo ? "redo" : "undo";
      if (this.data.can?.[kind]) this.emit(kind);
      return true;
    }
    if (event.altKey || event.shiftKey || event.ctrlKey || event.metaKey) return false;
    const button = event.target.closest?.("button") && key === " "; // the space bar presses it
    if (this.presenter.on && !button && this.presenter.onKey(key)) return true;
    if (key === "n") this.goBy(1);
    else if (key === "p") this.goBy(-1);
    else if (key === "a") this.toggleAll();
    else return false;
    return true;
  }

  onCellKey(event, hit) {
    const { figure, cell } = hit;
    const { key } = event;
    if (event.altKey && !/^[√π−–]$/.test(key)) return false; // on some keyboards Alt is what types these
    if (this.move(event, hit)) return true;
    if (event.ctrlKey || event.metaKey) return false;
    if (figure.editable && BEGINS_A_NUMBER.test(key)) this.edit(hit, key);
    else if (figure.editable && (key === "F2" || (key === "Enter" && !figure.paintable))) this.edit(hit);
    else if (figure.paintable && key === " ") this.emit("toggle", figure.address(cell));
    else if (key === "Enter" || key === " ") this.pick(figure.address(cell), figure);
    else return false;
    return true;
  }

  /** Moves as seen, so an arrow always goes where it points, also in a transposed figure. */
  move(event, { figure, cell }) {
    const control = event.ctrlKey || event.metaKey;
    const [r, c] = figure.shownAt(cell);
    const [bottom, right] = [figure.rows - 1, figure.cols - 1];
    const targets = control ? { Home: [0, 0], End: [bottom, right] } : {
      ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], Home: [r, 0], End: [r, right] };
    const target = Object.hasOwn(targets, event.key) ? targets[event.key] : null;
    if (!target) return false;
    const row = Math.min(bottom, Math.max(0, target[0]));
    const col = Math.min(right, Math.max(0, target[1]));
    figure.cellShown(row, col).focus();
    return true;
  }

  edit({ figure, cell }, typed) {
    const open = figure.editors.get(figure.indexOf(cell));
    if (open) open.input.focus();
    else new Editor(this, figure, cell, typed);
  }

  /* ----- stages ----- */

  go(to) {
    if (to === this.stage) return;
    if (this.stage !== "all") this.lastStage = this.stage;
    this.keepFocus(() => {
      this.stage = to;
      this.emit("stage", { to });
      this.paint();
    });
  }

  goBy(by) {
    const { stages } = this.data;
    const at = stages.findIndex((one) => one.name === this.stage);
    if (at < 0 && by < 0) return;
    const target = stages[at + by];
    if (target) this.go(target.name);
  }

  toggleAll() {
    if (this.stage !== "all") this.go("all");
    else this.go(this.lastStage ?? this.data.stages[0]?.name ?? "all");
  }

  /* ----- clipboard ----- */

  onPaste(event) {
    const hit = this.hit(event);
    if (!(hit?.figure.editable || hit?.figure.paintable) || event.target.closest("input")) return;
    event.preventDefault();
    this.paste(hit.figure, hit.cell, event.clipboardData?.getData("text/plain") ?? "");
  }

  onCopy(event) {
    const hit = this.hit(event);
    if (!hit || event.target.closest("input") || String(getSelection() ?? "")) return;
    const { figure } = hit;
    const lines = range(figure.rows).map((r) => range(figure.cols).map((c) => figure.cellShown(r, c).dataset.value).join("\t"));
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  }

  /* ----- focus ----- */

  scope() {
    return this.root.getRootNode();
  }

  focusPicked() {
    this.marked.chosen?.focus();
  }

  /** Does work that may remove or disable the focused element, then leaves the focus somewhere sensible inside. */
  keepFocus(work) {
    const before = this.scope().activeElement;
    const inside = before && before !== this.root && this.root.contains(before);
    const inPanel = inside && this.panel.node.contains(before);
    const hit = inside ? this.hit({ target: before }) : null;
    const sectionOf = (node) => node.closest(".equation")?.dataset.equation;
    const section = inside ? sectionOf(before) : undefined; // all drawn anew when one step gives way to all
    const count = this.list.children.length;
    work();
    const now = this.scope().activeElement;
    if (!inside || (now === before && !before.disabled) || (now !== before && this.root.contains(now))) return;
    const kept = this.root.contains(before) && !before.disabled ? before : null;
    const twins = hit ? this.figuresOf(hit.figure.name).map((figure) => figure.cellOf(hit.figure.address(hit.cell))).filter(Boolean) : [];
    const twin = twins.find((cell) => sectionOf(cell) === section) ?? twins[0];
    const headings = [...this.list.querySelectorAll("h3")];
    const heading = headings.find((node) => sectionOf(node) === section) ?? headings[0];
    const toolbarButton = this.toolbar.node.contains(before) && this.toolbar.node.querySelector("button:enabled");
    const target = kept ?? twin ?? (inPanel ? this.panel.head : null) ?? (toolbarButton || heading);
    const walked = this.isPending("stage") || this.list.children.length !== count;
    target?.focus({ preventScroll: !walked });
  }
}

const errorKey = ({ step, row, col }) => `${step}/${row}/${col}`;
const addressOf = (node) => ({ step: node.dataset.step, row: Number(node.dataset.row), col: Number(node.dataset.col) });
const sameAddress = (a, b) => a === b || (a && b && a.step === b.step && a.row === b.row && a.col === b.col);

/* ---------- Entrances ---------- */

export function mount(root, data, callbacks) {
  const board = new Board(root, data, callbacks);
  return { update: (next) => board.update(next), destroy: () => board.destroy() };
}

const mounted = new WeakMap(); // parentElement -> {root, board, calls, send}

/** Draws the board, and draws it anew at every change of data. */
function draw({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".board");
  let entry = mounted.get(parentElement);
  const send = (events) => setTriggerValue("events", events);
  if (!entry || entry.root !== root) {
    entry?.board.destroy();
    entry = { root, calls: 0, send };
    entry.board = mount(root, data, { send: (events) => entry.send(events) });
    mounted.set(parentElement, entry);
  } else {
    entry.send = send;
    entry.board.update(data);
  }
  root.toggleAttribute("data-page-follows", Boolean(data.follows)); // until it has, the controls say what was so before
  const call = ++entry.calls;
  // Streamlit also runs the cleanup of a call that newer data overtook; only the last call may take the board away.
  return () => setTimeout(() => {
    if (entry.calls !== call || mounted.get(parentElement) !== entry) return;
    mounted.delete(parentElement);
    entry.board.destroy();
  }, 50);
}

/** Streamlit's entry: writes this script into the browser's registry of elements, where the board waits for its name. */
export default function ({ data: { name, css } }) {
  if (customElements.get(name)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  customElements.define(name, class extends HTMLElement {
    static draw(args) {
      if (!args.parentElement.adoptedStyleSheets.includes(sheet)) args.parentElement.adoptedStyleSheets = [sheet];
      return draw(args);
    }
  });
}
