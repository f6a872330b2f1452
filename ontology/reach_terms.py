"""Concepts of the vocabulary that name why a listener could not have heard something."""

from enum import StrEnum

__all__ = ["ReachReason"]


class ReachReason(StrEnum):
    """Why a listener could not have heard what a concept is about (concept ids)."""

    BAND = "bandNotCarried"
    CHANNELS = "channelsNotCarried"
    STEP = "stepTooCoarse"
    INPUT = "inputTooShort"
    MEASURED_LOSS = "measuredLoss"
