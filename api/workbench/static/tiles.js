// Tiles of waveform and spectrogram, fetched as they are seen. At scale s a column lasts 2^s / FINEST seconds.
import { ask } from "./bench.js";

export const COLUMNS = 512;
export const FINEST = 256;
const LOW = 30;
const HIGH = 20000;
const DEEPEST = -110;
const MOST = 160;

/** Write a time; `step` says how finely. */
export function clock(time, step = 1) {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  const rounded = Number(time.toFixed(digits));
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor(rounded / 60) % 60;
  const seconds = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

let known = null;
/** The colours of the page as they are now. */
export function colours() {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  known = {
    dark, ink: of("--ink"), quiet: of("--quiet"), line: of("--line"), accent: of("--accent"), tint: of("--tint"), paper: of("--paper"),
    sound: of("--sound"), good: of("--good"), bad: of("--bad"), open: of("--open-mark"), beyond: of("--beyond"),
    layers: [0, 1, 2, 3, 4, 5].map((number) => of(`--layer-${number}`)),
    shade: dark ? "rgb(21 24 26 / 62%)" : "rgb(251 250 246 / 66%)", part: dark ? "rgb(134 203 207 / 24%)" : "rgb(29 85 96 / 20%)",
    veil: dark ? "rgb(10 12 14 / 72%)" : "rgb(251 250 246 / 74%)", hatch: dark ? "rgb(240 166 124 / 55%)" : "rgb(138 59 18 / 45%)",
    behind: dark ? "rgb(21 24 26 / 70%)" : "rgb(251 250 246 / 75%)", before: of("--ink"),
    stops: dark
      ? [[21, 24, 26], [28, 52, 74], [32, 104, 122], [92, 168, 118], [226, 194, 94], [255, 246, 214]]
      : [[251, 250, 246], [200, 222, 220], [108, 172, 180], [38, 104, 124], [40, 48, 92], [24, 14, 40]],
  };
  return known;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { known = null; });

function ramp(stops, floor) {
  const table = new Uint8ClampedArray(256 * 3);
  const bottom = 255 * (floor - DEEPEST) / -DEEPEST;
  for (let grey = 0; grey < 256; grey += 1) {
    const share = Math.min(1, Math.max(0, (grey - bottom) / (232 - bottom))) * (stops.length - 1);
    const index = Math.min(stops.length - 2, Math.floor(share));
    for (let part = 0; part < 3; part += 1) {
      table[3 * grey + part] = stops[index][part] + (share - index) * (stops[index + 1][part] - stops[index][part]);
    }
  }
  return table;
}

export class Tiles {
  constructor(recording, duration, changed) {
    Object.assign(this, { recording, duration, changed, kept: new Map(), current: "log", bottom: -95, version: 0 });
  }

  get axis() { return this.current; }
  set axis(name) { this.current = name; }
  get floor() { return this.bottom; }
  set floor(decibels) { this.bottom = decibels; this.version += 1; }
  recolour() { this.version += 1; }

  /** Share of the height, from below, at which a frequency lies. */
  rowOf(hertz) {
    const within = (share) => Math.min(1, Math.max(0, share));
    if (this.current === "linear") return within(hertz / HIGH);
    const mel = (value) => Math.log10(1 + value / 700);
    if (this.current === "mel") return within(mel(hertz) / mel(HIGH));
    return within(Math.log(Math.max(hertz, LOW) / LOW) / Math.log(HIGH / LOW));
  }

  scaleFor(view, wide, lowest) {
    const wanted = Math.log2((view.end - view.start) / Math.max(wide, 1) * FINEST);
    return Math.max(lowest, Math.min(14, Math.round(wanted)));
  }

  /** Yield the tiles of a view that are there, coarser ones where a tile is on its way. */
  *over(kind, view, scale) {
    const length = COLUMNS * 2 ** scale / FINEST;
    const last = Math.min(this.duration, view.end);
    for (let number = Math.floor(view.start / length); number * length < last; number += 1) {
      const tile = this.get(kind, scale, number);
      if (tile.data) yield { tile, start: number * length, length };
      else for (let above = scale + 1; above <= 14; above += 1) {
        const longer = COLUMNS * 2 ** above / FINEST;
        const over = Math.floor(number * length / longer);
        const other = this.kept.get(this.key(kind, above, over));
        if (other?.data) { yield { tile: other, start: over * longer, length: longer, from: number * length, to: (number + 1) * length }; break; }
      }
    }
  }

  key(kind, scale, number) { return `${kind}:${kind === "tile" ? this.current : ""}:${scale}:${number}`; }

  get(kind, scale, number) {
    const key = this.key(kind, scale, number);
    let tile = this.kept.get(key);
    if (tile) { this.kept.delete(key); this.kept.set(key, tile); return tile; }
    tile = { data: null };
    this.kept.set(key, tile);
    while (this.kept.size > MOST) this.kept.delete(this.kept.keys().next().value);
    const load = kind === "tile" ? this.loadSpectrum(scale, number) : this.loadWave(scale, number, tile, key);
    load.then((data) => { tile.data = data; this.changed(); }).catch(() => { tile.failed = true; });
    return tile;
  }

  async loadSpectrum(scale, number) {
    const answer = await ask(`workbench/tile/${this.recording}?s=${scale}&n=${number}&y=${this.current}`);
    const image = await createImageBitmap(await answer.blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const pencil = canvas.getContext("2d", { willReadFrequently: true });
    pencil.drawImage(image, 0, 0);
    const { data } = pencil.getImageData(0, 0, image.width, image.height);
    const grey = new Uint8Array(image.width * image.height);
    for (let index = 0; index < grey.length; index += 1) grey[index] = data[4 * index];
    return { grey, wide: image.width, high: image.height, canvas, pencil, version: -1 };
  }

  async loadWave(scale, number, tile, key) {
    const answer = await ask(`workbench/peaks/${this.recording}?s=${scale}&n=${number}`);
    if (answer.headers.get("X-Acousma-Estimate")) setTimeout(() => { if (this.kept.get(key) === tile) { this.refresh(tile, scale, number); } }, 4000);
    return new Int8Array(await answer.arrayBuffer());
  }

  async refresh(tile, scale, number) {
    try {
      const answer = await ask(`workbench/peaks/${this.recording}?s=${scale}&n=${number}`);
      tile.data = new Int8Array(await answer.arrayBuffer());
      this.changed();
      if (answer.headers.get("X-Acousma-Estimate")) setTimeout(() => this.refresh(tile, scale, number), 6000);
    } catch { /* the estimate stays */ }
  }

  coloured(data, tint) {
    if (data.version === this.version) return data.canvas;
    const table = ramp(tint.stops, this.bottom);
    const image = data.pencil.createImageData(data.wide, data.high);
    for (let index = 0; index < data.grey.length; index += 1) {
      const from = 3 * data.grey[index];
      image.data[4 * index] = table[from];
      image.data[4 * index + 1] = table[from + 1];
      image.data[4 * index + 2] = table[from + 2];
      image.data[4 * index + 3] = 255;
    }
    data.pencil.putImageData(image, 0, 0);
    data.version = this.version;
    return data.canvas;
  }

  spectrum(pencil, view, wide, high, tint) {
    const length = view.end - view.start;
    pencil.imageSmoothingEnabled = true;
    for (const { tile, start, length: long, from, to } of this.over("tile", view, this.scaleFor(view, wide, 0))) {
      const canvas = this.coloured(tile.data, tint);
      const first = from ?? start;
      const last = Math.min(to ?? start + long, this.duration);
      const x = (first - view.start) / length * wide;
      const across = (last - first) / length * wide;
      pencil.drawImage(canvas, (first - start) / long * COLUMNS, 0, (last - first) / long * COLUMNS, canvas.height, x, 0, across + 0.6, high);
    }
  }

  wave(pencil, view, wide, high, colour) {
    const length = view.end - view.start;
    const middle = high / 2;
    pencil.fillStyle = colour;
    pencil.beginPath();
    for (const { tile, start, length: long, from, to } of this.over("peaks", view, this.scaleFor(view, wide, -7))) {
      const across = long / COLUMNS / length * wide;
      for (let column = 0; column < COLUMNS; column += 1) {
        const time = start + column * long / COLUMNS;
        if (time >= this.duration || (from !== undefined && (time < from || time >= to))) continue;
        const x = (time - view.start) / length * wide;
        if (x + across < 0 || x > wide) continue;
        const top = middle - tile.data[2 * column + 1] / 127 * (middle - 1);
        const bottom = middle - tile.data[2 * column] / 127 * (middle - 1);
        pencil.rect(x, top, Math.max(across, 0.5), Math.max(1, bottom - top));
      }
    }
    pencil.fill();
  }
}
