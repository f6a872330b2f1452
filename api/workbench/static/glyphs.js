// Glyphs of archetypes and of some other concepts: small outlines of how a sound goes, in a box of 1 by 1, y upwards.
const SHAPES = {
  attackImpulse: [[0.1, 0], [0.14, 1], [0.24, 0]],
  attackDecay: [[0.05, 0], [0.09, 1], [0.3, 0.42], [0.6, 0.14], [1, 0]],
  closedAttackDecay: [[0.05, 0], [0.09, 1], [0.3, 0.3], [0.5, 0]],
  openAttackDecay: [[0.05, 0], [0.09, 1], [0.45, 0.55], [1, 0.2], [1, 0]],
  graduatedContinuant: [[0, 0], [0.3, 0.8], [0.7, 0.8], [1, 0]],
  linearGraduatedContinuant: [[0, 0], [0.2, 0.8], [0.8, 0.8], [1, 0]],
  swelledGraduatedContinuant: [[0, 0], [0.3, 0.25], [0.5, 1], [0.7, 0.25], [1, 0]],
  reversedOnset: [[0, 0], [0.4, 0.12], [0.75, 0.45], [0.94, 1], [1, 0]],
  bright: [[0, 0.7], [0.5, 1], [1, 0.7], [0.5, 0.8]],
  dark: [[0, 0.3], [0.5, 0], [1, 0.3], [0.5, 0.2]],
  ascent: [[0, 0], [1, 1], [1, 0.75], [0.1, 0]],
  descent: [[0, 1], [1, 0], [0.9, 0], [0, 0.75]],
};

export const hasGlyph = (id) => id in SHAPES;

/** Draw the glyph of a concept into a box; false if it has none. */
export function glyph(pencil, id, x, y, wide, high) {
  const shape = SHAPES[id];
  if (!shape) return false;
  pencil.beginPath();
  shape.forEach(([across, up], number) => {
    const to = [x + across * wide, y + high - up * high];
    if (number) pencil.lineTo(...to); else pencil.moveTo(...to);
  });
  pencil.closePath();
  pencil.fill();
  return true;
}

/** The same as the data of an SVG path; empty if there is none. */
export function glyphPath(id, x, y, wide, high) {
  return (SHAPES[id] || []).map(([across, up], number) => `${number ? "L" : "M"}${(x + across * wide).toFixed(1)} ${(y + high - up * high).toFixed(1)}`).join("");
}
