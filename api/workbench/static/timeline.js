// The timeline of a recording: overview, ruler, waveform, spectrogram, measured curves and layers of claims on one time.
import { ask, bench, failed, player, say } from "./bench.js";
import { Layers } from "./layers.js";
import { pickers } from "./picker.js";
import { send } from "./saying.js";
import { Curves } from "./curves.js";
import { Tiles, colours, clock } from "./tiles.js";
import { picture } from "./picture.js";

const place = document.getElementById("timeline");
const words = JSON.parse(place.dataset.words);
const { recording, title } = place.dataset;
const duration = Number(place.dataset.duration);
const heard = place.dataset.heard === "yes";
const frame = place.querySelector(".view");
const find = (selector) => place.querySelector(selector);
const strips = Object.fromEntries([...place.querySelectorAll("canvas[data-strip]")].map((one) => [one.dataset.strip, one]));
const SHORTEST = 0.05;

const view = { start: 0, end: Math.max(duration, SHORTEST), get length() { return this.end - this.start; } };
const part = { start: null, end: null, get is() { return this.start !== null; } };
let wide = 0;
let asked = false;

const tiles = heard ? new Tiles(recording, duration, () => redraw()) : null;
const layers = new Layers(strips.layers, words, () => redraw());
const curves = new Curves(find(".curves"), recording, words, () => redraw());
const xOf = (time) => (time - view.start) / view.length * wide;
const timeOf = (x) => Math.min(duration, Math.max(0, view.start + x / wide * view.length));
export const scene = { view, part, layers, curves, strips, words, title, xOf, get wide() { return wide; } };

// --- drawing ------------------------------------------------------------------------------------------------------
function pen(canvas, high) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    canvas.style.height = `${high}px`;
  }
  const made = canvas.getContext("2d");
  made.setTransform(ratio, 0, 0, ratio, 0, 0);
  made.clearRect(0, 0, wide, high);
  return made;
}

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

function draw() {
  wide = frame.clientWidth;
  const tint = colours();
  drawOverview(tint);
  drawRuler(tint);
  for (const name of ["wave", "spectrum"]) strips[name].hidden = !heard;
  if (heard) { drawWave(tint); drawSpectrum(tint); }
  curves.draw({ view, wide, xOf, tint, pen });
  layers.draw({ view, wide, xOf, tint, pen });
  drawHead();
}

function shadePart(pencil, high, tint) {
  if (!part.is) return;
  const from = xOf(part.start);
  pencil.fillStyle = tint.part;
  pencil.fillRect(from, 0, Math.max(1.5, xOf(part.end) - from), high);
}

function drawOverview(tint) {
  const high = 36;
  const pencil = pen(strips.overview, high);
  const whole = (time) => time / duration * wide;
  if (tiles) tiles.wave(pencil, { start: 0, end: duration }, wide, high, tint.quiet);
  else layers.dense(pencil, duration, wide, high, tint);
  pencil.fillStyle = tint.shade;
  pencil.fillRect(0, 0, whole(view.start), high);
  pencil.fillRect(whole(view.end), 0, wide, high);
  pencil.strokeStyle = tint.accent;
  pencil.lineWidth = 2;
  pencil.strokeRect(whole(view.start) + 1, 1, Math.max(3, whole(view.end) - whole(view.start) - 2), high - 2);
}

export function ticks(length, most) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  return steps.find((step) => length / step <= most) || 7200;
}

function drawRuler(tint) {
  const high = 22;
  const pencil = pen(strips.ruler, high);
  const step = ticks(view.length, wide / 90);
  pencil.font = "11px system-ui, sans-serif";
  pencil.fillStyle = tint.quiet;
  pencil.strokeStyle = tint.line;
  pencil.lineWidth = 1;
  for (let time = Math.ceil(view.start / step) * step; time <= view.end + 1e-9; time += step) {
    const x = xOf(time);
    pencil.beginPath();
    pencil.moveTo(x + 0.5, 0);
    pencil.lineTo(x + 0.5, high);
    pencil.stroke();
    pencil.fillText(clock(time, step), x + 4, 15);
  }
  shadePart(pencil, high, tint);
}

function drawWave(tint) {
  const high = 76;
  const pencil = pen(strips.wave, high);
  tiles.wave(pencil, view, wide, high, tint.sound);
  shadePart(pencil, high, tint);
}

function drawSpectrum(tint) {
  const high = wide < 500 ? 180 : 240;
  const pencil = pen(strips.spectrum, high);
  tiles.spectrum(pencil, view, wide, high, tint);
  const model = chosenModel();
  if (model) veil(pencil, model, high, tint);
  pencil.font = "10px system-ui, sans-serif";
  for (const hertz of [50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000]) {
    const y = high * (1 - tiles.rowOf(hertz));
    if (y < 12 || y > high - 2) continue;
    const text = hertz < 1000 ? `${hertz} Hz` : `${hertz / 1000} kHz`;
    if (tiles.axis === "linear" && hertz < 2000 && hertz !== 1000) continue;
    pencil.fillStyle = tint.behind;
    pencil.fillRect(2, y - 9, pencil.measureText(text).width + 4, 12);
    pencil.fillStyle = tint.before;
    pencil.fillText(text, 4, y);
  }
  shadePart(pencil, high, tint);
}

function veil(pencil, model, high, tint) {
  const rows = [[0, high * (1 - tiles.rowOf(model.high))], [high * (1 - tiles.rowOf(model.low)), high]];
  for (const [top, bottom] of rows) {
    if (bottom - top < 1) continue;
    pencil.fillStyle = tint.veil;
    pencil.fillRect(0, top, wide, bottom - top);
    pencil.save();
    pencil.beginPath();
    pencil.rect(0, top, wide, bottom - top);
    pencil.clip();
    pencil.strokeStyle = tint.hatch;
    pencil.lineWidth = 1;
    pencil.beginPath();
    for (let x = -high; x < wide; x += 9) { pencil.moveTo(x, bottom); pencil.lineTo(x + high, bottom - high); }
    pencil.stroke();
    pencil.restore();
  }
}

const line = find(".head-line");
function drawHead() {
  const own = player.part.sound === soundAddress() || player.part.heardFrom === recording;
  const time = player.part.heardFrom === recording ? player.part.offset + player.audio.currentTime : player.audio.currentTime;
  line.hidden = !own || player.audio.currentTime === 0 && player.audio.paused;
  line.style.left = `${xOf(time)}px`;
}

// --- moving -------------------------------------------------------------------------------------------------------
function show(start, end) {
  const length = Math.min(Math.max(end - start, Math.min(SHORTEST, duration)), duration);
  view.start = Math.min(Math.max(0, start), duration - length);
  view.end = view.start + length;
  layers.seen(view);
  redraw();
  remember();
}

let remembered = 0;
function remember() {
  clearTimeout(remembered);
  remembered = setTimeout(() => {
    const there = new URLSearchParams();
    if (view.length < duration - 1e-6) there.set("t", `${view.start.toFixed(3)},${view.end.toFixed(3)}`);
    if (part.is) there.set("part", `${part.start.toFixed(3)},${part.end.toFixed(3)}`);
    const text = there.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }, 300);
}

function zoom(factor, about = (view.start + view.end) / 2) {
  const length = Math.min(duration, Math.max(SHORTEST, view.length * factor));
  const share = (about - view.start) / view.length;
  show(about - share * length, about - share * length + length);
}

function mark(start, end) {
  if (start === null) { part.start = part.end = null; } else {
    part.start = Math.max(0, Math.min(start, end));
    part.end = Math.min(duration, Math.max(start, end));
  }
  find('[data-part="start"]').value = part.is ? part.start.toFixed(3) : "";
  find('[data-part="end"]').value = part.is ? part.end.toFixed(3) : "";
  for (const name of ["play-part", "loop-part", "clear", "part"]) find(`[data-do="${name}"]`).disabled = !part.is;
  redraw();
  remember();
}

function grasp(canvas, { onTap, whole }) {
  let from = null;
  let moved = false;
  const at = (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    return whole ? Math.min(duration, Math.max(0, x / wide * duration)) : timeOf(x);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = { time: at(event), x: event.clientX };
    moved = false;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    if (Math.abs(event.clientX - from.x) > 4) moved = true;
    if (!moved) return;
    if (whole) show(at(event) - view.length / 2, at(event) + view.length / 2);
    else mark(from.time, at(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from && !moved) onTap(at(event), event);
    else if (from && !whole && part.is) {
      say(words.selected.replace("{start}", clock(part.start, 0.001)).replace("{end}", clock(part.end, 0.001)));
      if (find('[data-set="heard"]').checked) prepareHeard();
    }
    from = null;
  });
  canvas.addEventListener("pointercancel", () => { from = null; });
}

grasp(strips.overview, { whole: true, onTap: (time) => show(time - view.length / 2, time + view.length / 2) });
for (const name of ["ruler", "wave", "spectrum"]) grasp(strips[name], { onTap: (time) => playFrom(time) });
frame.addEventListener("wheel", (event) => {
  const x = event.clientX - frame.getBoundingClientRect().left;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoom(1.0015 ** event.deltaY, timeOf(x));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = (event.deltaX || event.deltaY) / wide * view.length;
    show(view.start + by, view.end + by);
  }
}, { passive: false });
frame.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = view.length / (event.shiftKey ? 2 : 8);
  const does = {
    " ": toggle, ArrowLeft: () => show(view.start - step, view.end - step), ArrowRight: () => show(view.start + step, view.end + step),
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), Home: () => show(0, duration),
    l: () => part.is && playPart(true), Escape: () => mark(null), n: () => choose(layers.beside(1)), b: () => choose(layers.beside(-1)),
  }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

// --- sound --------------------------------------------------------------------------------------------------------
const soundAddress = () => new URL(`audio/${recording}`, bench).href;
const page = location.pathname;

function playFrom(time) {
  if (heard) player.play({ sound: soundAddress(), start: time, end: duration, title, page });
}

function playPart(loop = false) {
  if (!heard || !part.is) return;
  player.looping = loop;
  if (find('[data-set="heard"]').checked) { playHeard(); return; }
  player.play({ sound: soundAddress(), start: part.start, end: part.end, title, page });
}

function toggle() {
  if (!player.audio.paused) player.pause();
  else if (part.is) playPart(player.looping);
  else playFrom(view.start);
}

function chosenModel() {
  const option = find('[data-set="model"]').selectedOptions[0];
  return option && option.value ? { id: option.value, name: option.textContent, low: Number(option.dataset.low), high: Number(option.dataset.high), channels: Number(option.dataset.channels) } : null;
}

function heardAddress() {
  const model = chosenModel();
  if (!model || !part.is || part.end - part.start > 60 || part.end - part.start < 0.05) return null;
  const address = new URL(`heard/${recording}`, bench);
  address.search = new URLSearchParams({ model: model.id, start: part.start.toFixed(3), end: part.end.toFixed(3) });
  return address.href;
}

function prepareHeard() { const address = heardAddress(); if (address) ask(address).catch(failed); }

function playHeard() {
  const address = heardAddress();
  if (!address) { say(words.too_long); return; }
  player.play({ sound: address, start: 0, end: part.end - part.start, title: `${title} – ${chosenModel().name}`, page, heardFrom: recording, offset: part.start });
}

document.addEventListener("acousma:time", () => {
  drawHead();
  const own = player.part.sound === soundAddress();
  const time = player.audio.currentTime;
  if (own && !player.audio.paused && (time > view.end || time < view.start) && !player.looping) {
    show(time - view.length * 0.1, time + view.length * 0.9);
  }
});
document.addEventListener("acousma:playing", (event) => {
  find('[data-do="play"]').textContent = event.detail.playing ? words.pause : words.play;
});

// --- claims -------------------------------------------------------------------------------------------------------
const chosen = find("[data-chosen]");
const aspects = find('[data-set="aspects"]');
function choose(claim, sounding = true) {
  layers.chosen = claim;
  if (claim && !layers.isDrawn(claim)) { aspects.checked = true; layers.unfold(true); }
  redraw();
  if (!claim) { chosen.hidden = true; return; }
  chosen.hidden = false;
  chosen.replaceChildren();
  const add = (name, text, more = {}) => chosen.append(Object.assign(document.createElement(name), { textContent: text, ...more }));
  add("strong", claim.concept.label);
  add("span", `${clock(claim.start, 0.1)}–${clock(claim.end, 0.1)}`);
  add("span", `${claim.aspect.label} · ${claim.confidence.toFixed(2)} · ${claim.agent.name}`);
  for (const one of claim.verdicts.length ? claim.verdicts : ["unassessed"]) add("span", words[one] || one, { className: `verdict ${one}` });
  add("a", words.open_claim, { href: new URL(`claim/${claim.path}`, bench).href });
  if (claim.start < view.start || claim.end > view.end) {
    const length = Math.max(view.length, (claim.end - claim.start) * 1.4);
    const middle = (claim.start + claim.end) / 2;
    show(middle - length / 2, middle + length / 2);
  }
  mark(claim.start, claim.end);
  if (sounding && heard) player.play({ sound: soundAddress(), start: claim.start, end: claim.end, title: `${claim.concept.label} – ${title}`, page });
}
layers.onChoose = (claim) => choose(claim);

const filters = {};
for (const field of place.querySelectorAll("[data-filter]")) {
  field.addEventListener("input", () => {
    filters[field.dataset.filter] = field.value;
    layers.filter(filters);
    count();
  });
}
function count() {
  find("output[data-count]").textContent = words.shown.replace("{shown}", layers.shown.length).replace("{all}", layers.claims.length);
}

// --- controls -----------------------------------------------------------------------------------------------------
const deeds = {
  play: toggle, in: () => zoom(0.5), out: () => zoom(2), whole: () => show(0, duration),
  part: () => part.is && show(part.start - 0.05 * (part.end - part.start), part.end + 0.05 * (part.end - part.start)),
  "play-part": () => playPart(false), "loop-part": () => playPart(true), clear: () => { choose(null); mark(null); },
  png: () => picture(scene, "png").catch(failed), svg: () => picture(scene, "svg").catch(failed),
};
place.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) deeds[button.dataset.do]?.();
});
for (const name of ["start", "end"]) {
  find(`[data-part="${name}"]`).addEventListener("change", () => {
    const start = Number(find('[data-part="start"]').value || 0);
    const end = Number(find('[data-part="end"]').value || duration);
    if (end > start) mark(start, end);
  });
}
find('[data-set="axis"]').addEventListener("change", (event) => { if (tiles) { tiles.axis = event.target.value; redraw(); } });
find('[data-set="floor"]').addEventListener("input", (event) => { if (tiles) { tiles.floor = Number(event.target.value); redraw(); } });
find('[data-set="model"]').addEventListener("change", () => {
  const model = chosenModel();
  const box = find('[data-set="heard"]');
  box.disabled = !model || !heard;
  if (!model) box.checked = false;
  const text = find("[data-veil]");
  text.hidden = !model;
  if (model) {
    const channels = model.channels === 1 ? words.veil_mono : words.veil_stereo.replace("{count}", model.channels);
    text.textContent = words.veil.replace("{name}", model.name).replace("{low}", model.low).replace("{high}", model.high).replace("{channels}", channels);
  }
  redraw();
});
aspects.addEventListener("change", () => layers.unfold(aspects.checked));
if (matchMedia("(max-width: 34rem)").matches) find("[data-more-tools]").open = false;
find('[data-set="heard"]').addEventListener("change", (event) => { if (event.target.checked) { if (part.is) prepareHeard(); else say(words.too_long); } });
for (const box of place.querySelectorAll("[data-curve]")) {
  box.addEventListener("change", () => curves.toggle(box.dataset.curve, box.checked).catch(failed));
}
find("[data-more-curves]")?.addEventListener("change", (event) => curves.only(event.target.value).catch(failed));
new ResizeObserver(redraw).observe(frame);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { tiles?.recolour(); redraw(); });

// --- beginning ----------------------------------------------------------------------------------------------------
function opened() {
  const there = new URLSearchParams(location.hash.slice(1));
  const times = (name) => (there.get(name) || "").split(",").map(Number);
  const [start, end] = times("t");
  if (end > start) show(start, end); else show(0, duration);
  const [from, to] = times("part");
  if (to > from) mark(from, to); else mark(null);
}
const loaded = async () => {
  const told = await (await ask(`workbench/layers/${recording}`)).json();
  layers.take(told);
  return told;
};

const byEar = place.querySelector("[data-by-ear] form");
if (byEar) {
  pickers(byEar);
  byEar.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!part.is) { say(words.mark_first); find('[data-part="start"]').focus(); return; }
    const button = byEar.querySelector("button.button");
    button.disabled = true;
    try {
      const { concept, confidence } = Object.fromEntries(new FormData(byEar));
      const fields = { recording: byEar.dataset.iri, start: part.start.toFixed(3), end: part.end.toFixed(3), concept, confidence };
      if (!(await send(byEar.dataset.drafts, "claim", fields, words.name_first))) return;
      say(words.claimed.replace("{concept}", concept));
      byEar.elements.concept.value = "";
      await loaded();
      layers.filter(filters);
      count();
    } catch (error) { failed(error); } finally { button.disabled = false; }
  });
}

if (duration > 0) {
  opened();
  window.addEventListener("hashchange", opened);
  loaded().then((told) => {
    for (const [name, items] of [["agent", told.agents.map((one) => one.name)], ["aspect", told.aspects.map((one) => one.label)]]) {
      const select = find(`[data-filter="${name}"]`);
      [...items.entries()].sort((one, other) => one[1].localeCompare(other[1])).forEach(([number, label]) => select.add(new Option(label, number)));
    }
    const models = find('[data-set="model"]');
    for (const agent of told.agents) {
      const option = agent.envelope && [...models.options].find((one) => one.value === agent.envelope.id);
      if (option) models.insertBefore(option, models.options[1]);
    }
    layers.listInto(document.querySelector("[data-list]"), { recording, heard, choose });
    layers.seen(view);
    count();
    if (told.cut) say(words.cut.replace("{count}", told.claims.length));
    redraw();
    place.dataset.ready = "yes";
  }).catch(failed);
}
