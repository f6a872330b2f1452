"""The IRIs of terms of vocabularies that only exports write; the others stand in :mod:`ontology.terms`."""

__all__ = ["MAO", "NP", "NPX"]


class MAO:
    """Music Annotation Ontology."""

    NS = "https://w3id.org/music-annotation/1.0#"
    Extract = NS + "Extract"
    MusicalMaterial = NS + "MusicalMaterial"
    Selection = NS + "Selection"
    comparing = NS + "comparing"
    setting = NS + "setting"


class NP:
    """Nanopublications."""

    NS = "http://www.nanopub.org/nschema#"
    Nanopublication = NS + "Nanopublication"
    hasAssertion = NS + "hasAssertion"
    hasProvenance = NS + "hasProvenance"
    hasPublicationInfo = NS + "hasPublicationInfo"


class NPX:
    """Nanopublications, further terms."""

    NS = "http://purl.org/nanopub/x/"
    hasSignature = NS + "hasSignature"
