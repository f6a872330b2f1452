"""The page of a claim."""

from fastapi import APIRouter

from api.workbench.bench import Bench

__all__ = ["routes"]


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    return APIRouter()
