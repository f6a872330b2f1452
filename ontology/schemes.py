"""The concept schemes of the vocabulary: one per author and theory, never merged."""

__all__ = ["SCHEMES"]

SCHEMES = {
    "polyakov": "Descriptors after Polyakov 2024",
    "smalley-framework": "Smalley: framework of spectromorphology",
    "smalley-spectral-typology": "Smalley: spectral typology",
    "smalley-morphology": "Smalley: morphology",
    "smalley-structural-function": "Smalley: structural functions",
    "smalley-motion-growth": "Smalley: motion and growth processes",
    "smalley-characteristic-motion": "Smalley: characteristic motions",
    "smalley-texture-motion": "Smalley: texture motion",
    "smalley-behaviour": "Smalley: behaviour",
    "smalley-spectral-space": "Smalley: spectral space",
    "smalley-spectral-density": "Smalley: spectral density",
    "smalley-spatiomorphology": "Smalley: spatiomorphology",
    "smalley-space-form": "Smalley: space-form",
    "smalley-indicative-fields": "Smalley: indicative fields",
    "schaeffer-typology": "Schaeffer: typology of sound objects",
    "schaeffer-morphology": "Schaeffer: morphological criteria",
    "schaeffer-listening": "Schaeffer: modes of listening",
    "schaeffer-dataset": "Label groups of the SCHAEFFER data set",
    "thoresen-aural-sonology": "Thoresen: aural sonology",
    "peeters-deruty-profiles": "Peeters and Deruty: morphological profiles",
    "mim-ust": "MIM: temporal semiotic units",
    "emmerson-language-grid": "Emmerson: language grid",
    "blackburn": "Blackburn: sound units and words",
    "acousma": "Acousma: measured descriptors and data model",
}
"""Title of each concept scheme, by the id in the table's column ``scheme``."""
