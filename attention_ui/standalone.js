/* The page of matrices without a server: answers from the file what the board reports. Follows board.js in one module.

Vocabulary as there, and
  way       how the numbers are shown, by the names of both switches: "false true" is rows and fractions
  account   what the panel says about a cell, worked out beforehand; `accounts[figure]` has them row by row
  trail     the addresses that the learner came from, following operands
*/

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

class Answers {
  constructor(root, file) {
    Object.assign(this, { ways: file.ways, shown: file.shown, stage: file.stage, trail: [], seq: 0 });
    this.picked = file.picked && { step: file.picked[0], row: file.picked[1], col: file.picked[2] };
    this.switches = [...document.querySelectorAll("header button")];
    for (const node of this.switches) node.addEventListener("click", () => this.show(node.dataset));
    this.board = mount(root, this.data(), { send: (events) => queueMicrotask(() => this.answer(events)) });
    this.mark();
  }

  get way() {
    return this.ways[`${this.shown.columns} ${this.shown.exact}`];
  }

  account({ step, row, col }) {
    return this.way.accounts[step]?.[row]?.[col];
  }

  /** All that the board draws, as the server would send it. */
  data() {
    const { board } = this.way;
    const panel = this.picked && this.account(this.picked);
    const trail = this.trail.map((place) => ({ ...place, label: this.account(place).cell }));
    return { ...board, stage: this.stage, picked: this.picked, panel: panel && { ...panel, trail }, ack: this.ack,
      can: {}, errors: [], said: "" };
  }

  answer({ mount, list }) {
    for (const event of list.filter(({ seq }) => seq > this.seq)) {
      this.seq = event.seq;
      if (event.kind === "pick") this.pick(event);
      else if (event.kind === "back") this.back(event.index);
      else if (event.kind === "stage") this.stage = event.to;
    }
    this.ack = { mount, seq: this.seq };
    this.board.update(this.data());
  }

  pick({ step, row, col, via }) {
    if (!this.account({ step, row, col })) return;
    this.trail = via === "operand" && this.picked ? [...this.trail, this.picked] : via === "operand" ? this.trail : [];
    this.lookAt({ step, row, col });
  }

  back(index) {
    const place = this.trail[index];
    this.trail = this.trail.slice(0, index);
    this.lookAt(place);
  }

  /** Picks a cell; in the stepper, goes to a step that shows it: the one that makes it, else the first that reads it. */
  lookAt(place) {
    this.picked = place;
    const { equations } = this.way.board;
    const shows = ({ terms }) => terms.some(({ name }) => name === place.step);
    if (this.stage === "all" || equations.some((one) => one.step === this.stage && shows(one))) return;
    const whole = place.step.split("@")[0];
    this.stage = (equations.find((one) => one.step === whole) ?? equations.find(shows))?.step ?? "all";
  }

  show({ columns, exact }) {
    this.shown = { columns: columns ? columns === "true" : this.shown.columns, exact: exact ? exact === "true" : this.shown.exact };
    this.mark();
    this.board.update(this.data());
  }

  mark() {
    for (const node of this.switches) {
      const [[name, value]] = Object.entries(node.dataset);
      node.setAttribute("aria-pressed", String(String(this.shown[name]) === value));
    }
  }
}

const board = document.querySelector(".board");
try {
  new Answers(board, await unpacked(document.getElementById("numbers").textContent));
} catch (error) {
  board.textContent = "This file could not be opened: it was cut off on its way, or this browser is older than 2023. "
    + "Ask for it once more, or open it in another browser.";
  throw error;
}
