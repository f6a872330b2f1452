// Measured curves: what is stored of a property, as steps over the spans on which it was measured.
import { ask } from "./bench.js";

const HIGH = 72;

export class Curves {
  constructor(place, recording, words, changed) {
    Object.assign(this, { place, recording, words, changed, shown: new Map(), known: new Map(), other: "" });
  }

  async toggle(id, on) {
    if (!on) { this.shown.get(id)?.canvas.remove(); this.shown.delete(id); this.changed(); return; }
    if (!this.known.has(id)) this.known.set(id, await (await ask(`workbench/curve/${this.recording}?property=${encodeURIComponent(id)}`)).json());
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.place.append(canvas);
    const told = this.known.get(id);
    const values = told.values.map((one) => one[2]);
    let [low, high] = [Math.min(...values), Math.max(...values)];
    if (!(high > low)) { low -= 0.5; high += 0.5; }
    const log = (told.unit === "Hz" || told.unit === "s") && low > 0;
    this.shown.set(id, { canvas, told, low, high, log });
    this.changed();
  }

  async only(id) {
    if (this.other) await this.toggle(this.other, false);
    this.other = id;
    if (id) await this.toggle(id, true);
  }

  share({ low, high, log }, value) {
    return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  draw({ view, wide, xOf, tint, pen }) {
    for (const curve of this.shown.values()) {
      const pencil = pen(curve.canvas, HIGH);
      pencil.fillStyle = tint.line;
      pencil.fillRect(0, HIGH - 1, wide, 1);
      for (const [start, end, value, kind] of curve.told.values) {
        if (end < view.start || start > view.end || kind === "wholeRecording") continue;
        const y = 18 + (HIGH - 26) * (1 - this.share(curve, value));
        const [left, right] = [xOf(start), xOf(end)];
        const passage = kind === "fixedWindow";
        pencil.fillStyle = passage ? tint.accent : tint.layers[3];
        pencil.fillRect(left, y - (passage ? 1 : 1.5), Math.max(2, right - left - 1), passage ? 2 : 3);
      }
      pencil.font = "11px system-ui, sans-serif";
      pencil.fillStyle = tint.ink;
      const number = (value) => Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
      const unit = curve.told.unit === "1" ? "" : ` ${curve.told.unit.replace(/[{}]/g, "")}`;
      const text = curve.told.values.length ? `${curve.told.label}: ${number(curve.low)} – ${number(curve.high)}${unit}` : `${curve.told.label}: ${this.words.curve_empty}`;
      pencil.fillText(text, 6, 12, wide - 12);
    }
  }
}
