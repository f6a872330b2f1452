"""The corpus: procedural sounds whose truth follows from how they were made.

Modules, each resting on those before it: `parameters` (what is drawn), `paths` and `spectra` (what parameters do),
`render` (samples), `account` (what parameters say), `logic`, `shape`, `spectrum`, `motion` (labels), `drawing`,
`scenes`, `generators` (chance), `clips` (files and what is known of them), `degrade`, `etudes`,
`items`, `archive`, `making` (folders).
"""
