"""Whether the IRIs of an archive begin as the settings say."""

from pyoxigraph import Literal

from api.listing import plain
from ontology.terms import MLS
from store import Store

__all__ = ["other_base"]


def other_base(store: Store, base: str) -> str | None:
    """Return the base of a run in an archive whose IRIs begin otherwise than with `base`; None if there is none.

    Parameters
    ----------
    store : Store
    base : str
        `Settings.base_iri`.
    """
    made = f"?run a <{MLS.Run}> FILTER(!STRSTARTS(STR(?run), ?_base))"
    others = store.rows(f"SELECT ?run WHERE {{ {made} }} LIMIT 1", {"_base": Literal(base)}).rows
    return plain(others[0][0]).rpartition("run/")[0] if others else None
