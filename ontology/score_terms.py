"""Concepts of the vocabulary that scores of describers name."""

from enum import StrEnum

__all__ = ["ListeningCondition", "ScoreMetric"]


class ScoreMetric(StrEnum):
    """What a score of a describer says (concept ids)."""

    BALANCED_ACCURACY = "balancedAccuracy"
    COVERAGE = "answerCoverage"
    KAPPA = "cohenKappa"
    CALIBRATION_ERROR = "calibrationError"
    BRIER = "brierScore"
    RISK_AREA = "riskArea"
    FALSE_CLAIMS = "falseClaimRate"
    INFORMATION = "answerInformation"
    FLIPS = "flipRate"
    AGREEMENT = "answerAgreement"
    DEVIATION = "shareDeviation"
    PASSED = "controlsPassed"


class ListeningCondition(StrEnum):
    """What was done to sounds, or to a question about them, before a describer answered (concept ids)."""

    CLEAN = "conditionClean"
    NOISE20 = "conditionNoise20"
    NOISE10 = "conditionNoise10"
    NOISE0 = "conditionNoise0"
    REVERB = "conditionReverb"
    CODEC = "conditionCodec"
    CLIP = "conditionClip"
    BAND8K = "conditionBand8k"
    MONO = "conditionMono"
    SILENCE = "controlSilence"
    SWAP = "controlSwap"
    BANDWIDTH = "controlBandwidth"
    REVERSAL = "controlReversal"
    ORDER = "controlOrder"
    PROMPT = "controlPrompt"
    LEVEL = "controlLevel"
    BATCH = "controlBatch"
    ALL = "controlAll"
