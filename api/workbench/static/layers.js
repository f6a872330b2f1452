// Layers of claims: one per agent, in it a lane per aspect, in a lane as many rows as claims overlap.
import { glyph, hasGlyph } from "./glyphs.js";
import { bench } from "./bench.js";
import { clock } from "./tiles.js";

const ROW = 20;
const HEAD = 22;
const NAME = 14;
const PAGE = 50;
const FIRST = 5; // aspects of an agent that are shown at first: archetypes, those with glyphs, then the most frequent
const LEADING = "morphologicalArchetype";

export const edgeOf = (verdicts, tint) => {
  const has = (name) => verdicts.includes(name);
  if (has("rejected")) return { colour: tint.bad, dash: [], cross: true };
  if (has("accepted")) return { colour: tint.good, dash: [], tick: true };
  if (has("contradicted")) return { colour: tint.bad, dash: [] };
  if (has("supported")) return { colour: tint.good, dash: [] };
  if (has("beyondEnvelope")) return { colour: tint.beyond, dash: [5, 3] };
  if (has("undecided")) return { colour: tint.open, dash: [2, 2] };
  return { colour: tint.quiet, dash: [3, 3], thin: true };
};

export class Layers {
  constructor(canvas, words, changed) {
    Object.assign(this, { canvas, words, changed, claims: [], shown: [], agents: [], lanes: [], chosen: null, onChoose: () => {}, view: null, high: 60, page: 0, all: false, narrowed: false });
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const claim = this.at(event.clientX - box.left, event.clientY - box.top);
      if (claim) this.onChoose(claim);
    });
    canvas.addEventListener("mousemove", (event) => {
      const box = canvas.getBoundingClientRect();
      const claim = this.at(event.clientX - box.left, event.clientY - box.top);
      canvas.title = claim ? `${claim.concept.label} (${claim.confidence.toFixed(2)}, ${(claim.verdicts.length ? claim.verdicts : ["unassessed"]).map((one) => words[one] || one).join(", ")})` : "";
    });
  }

  take(told) {
    this.agents = told.agents;
    this.claims = told.claims.map(([path, agent, aspect, concept, start, end, confidence, verdicts]) => ({
      path, start, end, confidence, verdicts, agentNumber: agent, aspectNumber: aspect,
      agent: told.agents[agent], aspect: told.aspects[aspect], concept: told.concepts[concept],
    }));
    this.filter({});
  }

  filter({ agent = "", aspect = "", verdict = "", confidence = "0", word = "" }) {
    const sought = word.trim().toLocaleLowerCase();
    this.narrowed = aspect !== "" || verdict !== "" || sought !== "";
    this.shown = this.claims.filter((claim) =>
      (agent === "" || claim.agentNumber === Number(agent)) && (aspect === "" || claim.aspectNumber === Number(aspect))
      && (verdict === "" || (verdict === "unassessed" ? claim.verdicts.length === 0 : claim.verdicts.includes(verdict)))
      && claim.confidence >= Number(confidence)
      && (sought === "" || claim.concept.label.toLocaleLowerCase().includes(sought)));
    this.arrange();
    this.page = 0;
    this.list();
    this.changed();
  }

  arrange() {
    const groups = new Map();
    for (const claim of this.shown) {
      const key = `${claim.agentNumber}:${claim.aspectNumber}`;
      if (!groups.has(key)) groups.set(key, { agent: claim.agentNumber, aspect: claim.aspect, claims: [], ends: [], longest: 0 });
      const lane = groups.get(key);
      let row = lane.ends.findIndex((end) => end <= claim.start + 1e-9);
      if (row < 0) row = lane.ends.length;
      lane.ends[row] = claim.end;
      claim.row = row;
      lane.longest = Math.max(lane.longest, claim.end - claim.start);
      lane.claims.push(claim);
    }
    const person = (lane) => (this.agents[lane.agent].person ? 0 : 1);
    const drawn = (lane) => (lane.aspect.id === LEADING ? -1 : lane.claims.some((claim) => hasGlyph(claim.concept.id)) ? 0 : 1);
    const lanes = [...groups.values()].sort((one, other) => person(one) - person(other) || one.agent - other.agent
      || drawn(one) - drawn(other) || other.claims.length - one.claims.length);
    const counts = new Map();
    for (const lane of lanes) { lane.place = counts.get(lane.agent) || 0; counts.set(lane.agent, lane.place + 1); }
    this.folded = !this.all && !this.narrowed && Math.max(0, ...counts.values()) > FIRST;
    this.lanes = this.folded ? lanes.filter((lane) => lane.place < FIRST) : lanes;
    let y = 0;
    let agent = null;
    for (const lane of this.lanes) {
      lane.first = lane.agent !== agent;
      const { name } = this.agents[lane.agent];
      const all = counts.get(lane.agent);
      lane.head = this.folded && all > FIRST ? this.words.aspects_shown.replace("{name}", name).replace("{shown}", FIRST).replace("{all}", all) : name;
      if (lane.first) { y += HEAD; agent = lane.agent; }
      lane.top = y + NAME;
      lane.rows = lane.ends.length;
      y = lane.top + lane.rows * ROW + 3;
    }
    this.high = Math.max(40, y + 4);
  }

  /** Show all aspects, or the first of each agent. */
  unfold(all) {
    this.all = all;
    this.arrange();
    this.changed();
  }

  /** Whether a claim is in a lane that is drawn. */
  isDrawn(claim) {
    return this.lanes.some((lane) => lane.agent === claim.agentNumber && lane.aspect === claim.aspect);
  }

  /** The claim after or before the chosen one; without one the first that is seen. */
  beside(step) {
    const drawn = this.folded ? this.shown.filter((claim) => this.isDrawn(claim)) : this.shown;
    if (!this.chosen) return drawn.find((claim) => claim.end > this.view.start) || null;
    const at = drawn.indexOf(this.chosen) + step;
    return drawn[Math.min(Math.max(0, at), drawn.length - 1)] || null;
  }

  within(lane, view) {
    const from = this.lower(lane.claims, view.start - lane.longest);
    const found = [];
    for (let number = from; number < lane.claims.length && lane.claims[number].start < view.end; number += 1) {
      if (lane.claims[number].end > view.start) found.push(lane.claims[number]);
    }
    return found;
  }

  lower(claims, time) {
    let low = 0;
    let high = claims.length;
    while (low < high) { const middle = (low + high) >> 1; if (claims[middle].start < time) low = middle + 1; else high = middle; }
    return low;
  }

  draw({ view, wide, xOf, tint, pen }) {
    const pencil = pen(this.canvas, this.high);
    this.xOf = xOf;
    this.view = view;
    pencil.textBaseline = "middle";
    for (const lane of this.lanes) {
      if (lane.first) {
        pencil.fillStyle = tint.layers[lane.agent % 6];
        pencil.fillRect(0, lane.top - NAME - HEAD + 3, wide, 2);
        pencil.font = "600 12px system-ui, sans-serif";
        pencil.fillText(lane.head, 6, lane.top - NAME - HEAD / 2 + 4, wide - 12);
      }
      pencil.fillStyle = tint.quiet;
      pencil.font = "11px system-ui, sans-serif";
      pencil.fillText(lane.aspect.label, 6, lane.top - NAME / 2, wide - 12);
      const fill = tint.layers[lane.agent % 6];
      for (const claim of this.within(lane, view)) this.bar(pencil, claim, lane, { wide, xOf, tint, fill });
    }
  }

  bar(pencil, claim, lane, { wide, xOf, tint, fill }) {
    const left = Math.max(-3, xOf(claim.start));
    const right = Math.min(wide + 3, xOf(claim.end));
    const across = Math.max(1.5, right - left - 1);
    const top = lane.top + claim.row * ROW;
    pencil.globalAlpha = 0.16 + 0.34 * claim.confidence;
    pencil.fillStyle = fill;
    pencil.fillRect(left, top, across, ROW - 3);
    pencil.globalAlpha = 1;
    const edge = edgeOf(claim.verdicts, tint);
    pencil.strokeStyle = edge.colour;
    if (across < 5) { pencil.fillStyle = edge.colour; pencil.fillRect(left, top + ROW - 5, across, 2); } else {
      pencil.lineWidth = edge.thin ? 1 : 1.6;
      pencil.setLineDash(edge.dash);
      pencil.strokeRect(left + 0.8, top + 0.8, across - 1.6, ROW - 4.6);
      pencil.setLineDash([]);
    }
    if (edge.cross && across > 8) { pencil.beginPath(); pencil.moveTo(left + 2, top + 2); pencil.lineTo(left + across - 2, top + ROW - 6); pencil.stroke(); }
    let inside = Math.max(left, 0) + 4;
    pencil.fillStyle = tint.ink;
    if (across > 16 && hasGlyph(claim.concept.id)) { glyph(pencil, claim.concept.id, inside, top + 3, 12, ROW - 10); inside += 15; }
    if (right - inside > 30) {
      pencil.font = "11px system-ui, sans-serif";
      const room = right - inside - 4;
      let text = claim.concept.label;
      if (pencil.measureText(text).width > room) {
        while (text.length > 3 && pencil.measureText(`${text}…`).width > room) text = text.slice(0, -1);
        text = `${text}…`;
      }
      pencil.fillText(text, inside, top + ROW / 2 - 1);
    }
    if (claim === this.chosen) { pencil.strokeStyle = tint.ink; pencil.lineWidth = 2; pencil.strokeRect(left - 1, top - 1, across + 2, ROW - 1); }
  }

  /** Where there is no sound: how many claims there are along the whole time. */
  dense(pencil, duration, wide, high, tint) {
    const bins = new Uint16Array(Math.max(1, Math.ceil(wide / 3)));
    for (const claim of this.shown) {
      const from = Math.floor(claim.start / duration * bins.length);
      const to = Math.min(bins.length - 1, Math.floor(claim.end / duration * bins.length));
      for (let bin = from; bin <= to; bin += 1) bins[bin] += 1;
    }
    const most = Math.max(1, ...bins);
    pencil.fillStyle = tint.quiet;
    bins.forEach((count, bin) => pencil.fillRect(bin * 3, high - count / most * (high - 4), 2, count / most * (high - 4)));
  }

  at(x, y) {
    if (!this.view) return null;
    const lane = this.lanes.find((one) => y >= one.top && y < one.top + one.rows * ROW);
    if (!lane) return null;
    const row = Math.floor((y - lane.top) / ROW);
    const near = this.within(lane, this.view).filter((claim) => claim.row === row);
    return near.find((claim) => x >= this.xOf(claim.start) - 2 && x <= Math.max(this.xOf(claim.end), this.xOf(claim.start) + 4)) || null;
  }

  // --- the table of what is seen ----------------------------------------------------------------------------------
  listInto(body, context) {
    this.body = body;
    this.context = context;
    if (!body) return;
    const pages = document.querySelector("[data-pages]");
    pages.addEventListener("click", (event) => {
      const button = event.target.closest("[data-page]");
      if (!button) return;
      this.page += Number(button.dataset.page);
      this.list();
    });
  }

  seen(view) {
    this.view = view;
    clearTimeout(this.later);
    this.later = setTimeout(() => { this.page = 0; this.list(); }, 150);
  }

  list() {
    if (!this.body || !this.view) return;
    const { start, end } = this.view;
    const seen = this.shown.filter((claim) => claim.end > start && claim.start < end);
    const pages = Math.max(1, Math.ceil(seen.length / PAGE));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const some = seen.slice(this.page * PAGE, (this.page + 1) * PAGE);
    this.body.replaceChildren(...some.map((claim) => this.lineOf(claim)));
    const text = this.words.list_words.replace("{from}", seen.length ? this.page * PAGE + 1 : 0)
      .replace("{to}", this.page * PAGE + some.length).replace("{all}", seen.length);
    document.querySelector("[data-list-words]").textContent = text;
    const turn = document.querySelector("[data-pages]");
    turn.hidden = pages === 1;
    turn.querySelector('[data-page="-1"]').disabled = this.page === 0;
    turn.querySelector('[data-page="1"]').disabled = this.page === pages - 1;
    turn.querySelector("[data-page-words]").textContent = `${this.page + 1} / ${pages}`;
  }

  lineOf(claim) {
    const make = (name, more = {}, ...inside) => { const one = Object.assign(document.createElement(name), more); one.append(...inside); return one; };
    const play = make("button", { type: "button", className: "play" });
    play.setAttribute("aria-label", this.words.play_span.replace("{title}", claim.concept.label).replace("{start}", clock(claim.start, 0.1)).replace("{end}", clock(claim.end, 0.1)));
    if (this.context.heard) {
      Object.assign(play.dataset, { sound: new URL(`audio/${this.context.recording}`, bench).href, start: claim.start, end: claim.end, title: claim.concept.label, page: location.pathname });
      play.addEventListener("click", () => this.context.choose(claim, false));
    }
    const link = make("a", { href: new URL(`claim/${claim.path}`, bench).href, textContent: claim.concept.label });
    const verdicts = (claim.verdicts.length ? claim.verdicts : ["unassessed"]).flatMap((one) => [make("span", { className: `verdict ${one}`, textContent: this.words[one] || one }), " "]);
    const line = make("tr", {}, make("td", {}, ...(this.context.heard ? [play] : [])),
      make("td", { className: "when", textContent: `${clock(claim.start, 0.1)}–${clock(claim.end, 0.1)}` }), make("td", {}, link),
      make("td", { textContent: claim.aspect.label }), make("td", { textContent: claim.confidence.toFixed(2) }),
      make("td", { textContent: claim.agent.name }), make("td", {}, ...verdicts));
    line.classList.toggle("is-chosen", claim === this.chosen);
    return line;
  }
}
