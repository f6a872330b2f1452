"""Annotations of a recording that clients sent as plain Web Annotations: neither claims nor descriptions of a run.

Conventions
-----------
The target is the recording itself, or a stretch of it by a media fragment (``t=12.5,17.25``); a target without a
fragment of time is the whole recording. A stretch within a stretch (``oa:refinedBy``) has no place in exports and is
left, with the reason.

Source
------
Web Annotation Data Model, 3.2 and 4; Media Fragments URI 1.0, 4.2.1.
"""

import re
from decimal import Decimal

from ontology.terms import ACM, DC, DCTERMS, FOAF, OA, PROV, RDF

__all__ = ["SENT", "times_in"]

_T = re.compile(r"(?:^|[#&?])t=(?:npt:)?(\d+(?:\.\d+)?)?(?:,(\d+(?:\.\d+)?))?(?:&|$)")
_KINDS = f"<{ACM.Claim}> <{ACM.Description}> <{ACM.MeasurementAnnotation}> <{ACM.Assessment}>"

SENT = f"""SELECT DISTINCT ?annotation ?span ?fragment ?finer ?body ?words ?language ?maker ?name ?type ?created
WHERE {{
  {{ SELECT DISTINCT ?annotation ?span WHERE {{
    {{ {{ SELECT DISTINCT ?span WHERE {{ ?span <{OA.hasSource}> ?_recording }} }} ?annotation <{OA.hasTarget}> ?span }}
    UNION {{ ?annotation <{OA.hasTarget}> ?_recording BIND(?_recording AS ?span) }}
    FILTER NOT EXISTS {{ VALUES ?kind {{ {_KINDS} }} ?annotation a ?kind }} }} }}
  ?annotation a <{OA.Annotation}>
  OPTIONAL {{ ?span <{OA.hasSelector}> ?selector OPTIONAL {{ ?selector <{RDF.value}> ?fragment }}
    OPTIONAL {{ ?selector <{OA.NS}refinedBy> ?finer }} }}
  OPTIONAL {{ ?annotation <{OA.hasBody}> ?body
    OPTIONAL {{ ?body <{RDF.value}> ?words }} OPTIONAL {{ ?body <{DC.language}> ?language }} }}
  OPTIONAL {{ ?annotation <{DCTERMS.creator}> ?maker OPTIONAL {{ ?maker <{FOAF.name}> ?name }}
    OPTIONAL {{ ?maker a ?type FILTER(?type = <{PROV.Person}>) }} }}
  OPTIONAL {{ ?annotation <{DCTERMS.created}> ?created }} }}"""
"""Asks for them, by ``?_recording``."""


def times_in(fragment: str, duration: Decimal) -> tuple[Decimal, Decimal] | None:
    """Return the times of a media fragment; those of the recording without one, None where it cannot be read.

    Examples
    --------
    >>> times_in("t=12.5,17", Decimal(60)), times_in("", Decimal(60))
    ((Decimal('12.5'), Decimal('17')), (Decimal('0'), Decimal('60')))
    >>> times_in("t=1:02", Decimal(60)) is None
    True
    """
    if "t=" not in fragment:
        return Decimal(0), duration
    found = _T.search(fragment)
    if found is None or (found[1] is None and found[2] is None):
        return None
    return Decimal(found[1] or 0), Decimal(found[2]) if found[2] else duration
