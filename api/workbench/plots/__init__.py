"""Pictures of data as SVG: timelines, small multiples, a map of works, profiles, and scores.

Conventions
-----------
Lengths are in units of the picture's ``viewBox``, times in seconds. Colours are classes of ``static/asking.css``, so
that a picture follows light and dark; whoever saves one gets the colours written into it (``bench.js``). No attribute
is a style, and all words are escaped.

Modules
-------
svg       elements, axes
timeline  passages in lanes
works     a map of works
profiles  coherence and differences of two sides
models    bands, scores, reliability
"""
