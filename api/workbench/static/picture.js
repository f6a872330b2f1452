// The timeline as a picture for a paper: PNG at twice the size, or SVG in which claims and words stay outlines and text.
import { colours, clock } from "./tiles.js";
import { edgeOf } from "./layers.js";
import { glyphPath, hasGlyph } from "./glyphs.js";

const escaped = (text) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function picture(scene, kind) {
  const { strips, curves, layers, view, wide, title } = scene;
  const tint = colours();
  const seen = [strips.ruler, strips.wave, strips.spectrum].filter((one) => !one.hidden);
  const canvases = [...seen, ...[...curves.shown.values()].map((one) => one.canvas)];
  const heights = canvases.map((one) => one.getBoundingClientRect().height);
  const above = 30 + heights.reduce((sum, one) => sum + one, 0);
  const high = above + layers.high;
  const words = `${title}, ${clock(view.start, 0.1)}–${clock(view.end, 0.1)}`;
  const name = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "recording"}`;
  if (kind === "png") {
    const canvas = Object.assign(document.createElement("canvas"), { width: wide * 2, height: high * 2 });
    const pencil = canvas.getContext("2d");
    pencil.scale(2, 2);
    pencil.fillStyle = tint.paper;
    pencil.fillRect(0, 0, wide, high);
    pencil.fillStyle = tint.ink;
    pencil.font = "600 14px system-ui, sans-serif";
    pencil.fillText(words, 4, 19);
    let y = 30;
    canvases.forEach((one, number) => { pencil.drawImage(one, 0, y, wide, heights[number]); y += heights[number]; });
    pencil.drawImage(strips.layers, 0, y, wide, layers.high);
    save(await new Promise((resolve) => canvas.toBlob(resolve, "image/png")), `${name}.png`);
    return;
  }
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high.toFixed(0)}" viewBox="0 0 ${wide} ${high.toFixed(0)}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${tint.paper}"/>`, `<text x="4" y="19" font-size="14" font-weight="600" fill="${tint.ink}">${escaped(words)}</text>`];
  let y = 30;
  canvases.forEach((one, number) => {
    out.push(`<image x="0" y="${y}" width="${wide}" height="${heights[number]}" preserveAspectRatio="none" href="${one.toDataURL("image/png")}"/>`);
    y += heights[number];
  });
  for (const lane of layers.lanes) {
    if (lane.first) {
      const colour = tint.layers[lane.agent % 6];
      out.push(`<rect x="0" y="${y + lane.top - 33}" width="${wide}" height="2" fill="${colour}"/><text x="6" y="${y + lane.top - 18}" font-weight="600" fill="${colour}">${escaped(lane.head)}</text>`);
    }
    out.push(`<text x="6" y="${y + lane.top - 3}" fill="${tint.quiet}">${escaped(lane.aspect.label)}</text>`);
    for (const claim of layers.within(lane, view)) {
      const left = Math.max(0, scene.xOf(claim.start));
      const across = Math.max(1.5, Math.min(wide, scene.xOf(claim.end)) - left - 1);
      const top = y + lane.top + claim.row * 20;
      const edge = edgeOf(claim.verdicts, tint);
      out.push(`<rect x="${left.toFixed(1)}" y="${top}" width="${across.toFixed(1)}" height="17" fill="${tint.layers[lane.agent % 6]}" fill-opacity="${(0.16 + 0.34 * claim.confidence).toFixed(2)}" stroke="${edge.colour}" stroke-dasharray="${edge.dash.join(" ")}"/>`);
      const shape = across > 16 && hasGlyph(claim.concept.id);
      if (shape) out.push(`<path d="${glyphPath(claim.concept.id, left + 4, top + 3, 12, 10)}z" fill="${tint.ink}"/>`);
      const letters = Math.floor((across - (shape ? 22 : 8)) / 5.6);
      if (letters > 3) out.push(`<text x="${(left + (shape ? 19 : 4)).toFixed(1)}" y="${top + 12}" fill="${tint.ink}">${escaped(claim.concept.label.length > letters ? `${claim.concept.label.slice(0, letters - 1)}…` : claim.concept.label)}</text>`);
    }
  }
  out.push("</svg>");
  save(new Blob([out.join("\n")], { type: "image/svg+xml" }), `${name}.svg`);
}
