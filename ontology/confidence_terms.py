"""Concepts of the vocabulary that name what a confidence was derived from."""

from enum import StrEnum

__all__ = ["ConfidenceKind"]


class ConfidenceKind(StrEnum):
    """What a confidence value was derived from (concept ids)."""

    RULE_MARGIN = "ruleMargin"
    VERBALISED = "verbalisedConfidence"
    TOKEN_PROBABILITY = "tokenProbability"
    AGREEMENT_OF_RUNS = "agreementOfRuns"
    AGREEMENT_OF_PROMPTS = "agreementOfPrompts"
    CALIBRATED = "calibratedProbability"
    KNOWN_BY_SYNTHESIS = "knownBySynthesis"
    CLASSIFIER_SCORE = "classifierScore"
    RELATIVE_SCORE = "relativeScore"
    LIKELIHOOD_RATIO = "likelihoodRatio"
    LINKED_TEXT = "linkedText"
    LABEL_SIMILARITY = "labelSimilarity"
    TAG_SCORE = "tagScore"
