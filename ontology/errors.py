"""Every error that Acousma raises on purpose, in one tree.

::

    AcousmaError
    ├── InputError            something a person gave cannot be used
    │   ├── AudioError        a sound file
    │   ├── CatalogueError    a catalogue of works
    │   ├── ClaimsError       a table of claims
    │   ├── ImportFileError   a file with what a model or a person said, of another program
    │   ├── VocabularyError   a row of the vocabulary or of the measurement rules
    │   ├── CorpusError       a corpus folder, or a file in it
    │   ├── ListenerError     a listening model, its questions, or what it is to run on
    │   ├── MappingError      a mapping to another vocabulary
    │   ├── ParameterError    a parameter of a stored question
    │   └── UnknownName       a name that stands for nothing (question, work, run, concept)
    ├── StoreError            the store cannot do what was asked
    │   ├── StoreMissing      there is no archive at this place
    │   ├── StoreLocked       another process is writing
    │   └── StoreUnreachable  a remote server does not answer as it should
    │       └── StoreForbidden  it does not let who asks do this
    ├── QueryError            a query was not answered
    │   ├── QuerySyntaxError  it is not SPARQL
    │   ├── QueryRefused      it is too long, too deep, or asks for the network
    │   ├── QueryTimeout      it took longer than allowed
    │   ├── QueryTooLarge     its answer is larger than allowed
    │   └── QueryLost         the process that evaluated it ended
    └── ValidationError       the stored data break a shape

A message says what was found, what was expected and what to do next.
"""

__all__ = [
    "AcousmaError",
    "AudioError",
    "CatalogueError",
    "ClaimsError",
    "CorpusError",
    "ImportFileError",
    "InputError",
    "ListenerError",
    "MappingError",
    "ParameterError",
    "QueryError",
    "QueryLost",
    "QueryRefused",
    "QuerySyntaxError",
    "QueryTimeout",
    "QueryTooLarge",
    "StoreError",
    "StoreForbidden",
    "StoreLocked",
    "StoreMissing",
    "StoreUnreachable",
    "UnknownName",
    "ValidationError",
    "VocabularyError",
]


class AcousmaError(Exception):
    """Anything that Acousma raises on purpose.

    Parameters
    ----------
    found : str
        What was found, naming the file, value or query it speaks of.
    expected : str, optional
        What would have been right.
    advice : str, optional
        What the reader can do next.

    Examples
    --------
    >>> str(AudioError("a.wav is empty (0 bytes)", "a sound file", "copy it again from its source"))
    'a.wav is empty (0 bytes). Expected: a sound file. To do: copy it again from its source.'
    """

    def __init__(self, found: str, expected: str | None = None, advice: str | None = None) -> None:
        super().__init__(found, expected, advice)
        self.found = found
        self.expected = expected
        self.advice = advice

    def __str__(self) -> str:
        parts = [self.found]
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.advice:
            parts.append(f"To do: {self.advice}")
        return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)


class InputError(AcousmaError):
    """Something a person gave cannot be used."""


class AudioError(InputError):
    """A sound file cannot be used."""


class CatalogueError(InputError):
    """A catalogue of works cannot be used, or one of its rows cannot."""


class ClaimsError(InputError):
    """A table of claims cannot be used, or one of its rows cannot."""


class ImportFileError(InputError):
    """A file of another program, to be imported, cannot be used, or something in it cannot."""


class VocabularyError(InputError):
    """A row of the vocabulary or of the measurement rules breaks a rule."""


class MappingError(InputError):
    """A table of mappings to another vocabulary breaks a rule, or one of its rows does."""


class CorpusError(InputError):
    """A corpus folder cannot be used, or a file in it is not what was made."""


class ListenerError(InputError):
    """A listening model cannot be used, or the questions that it is to be asked cannot."""


class ParameterError(InputError):
    """A parameter of a stored question is missing, unknown or of the wrong type."""


class UnknownName(InputError):
    """A name stands for nothing in this archive."""


class StoreError(AcousmaError):
    """The store cannot do what was asked."""


class StoreMissing(StoreError):
    """There is no archive at this place."""


class StoreLocked(StoreError):
    """Another process is writing to this archive."""


class StoreUnreachable(StoreError):
    """A remote SPARQL server does not answer as it should."""


class StoreForbidden(StoreUnreachable):
    """A remote SPARQL server does not let who asks do this: it is read-only, or wants another user."""


class QueryError(AcousmaError):
    """A query was not answered."""


class QuerySyntaxError(QueryError):
    """The text is not SPARQL 1.1."""


class QueryRefused(QueryError):
    """The text is too long, too deeply nested, or would reach the network or change the store."""


class QueryTimeout(QueryError):
    """The query took longer than its limit and was stopped."""


class QueryBusy(QueryTimeout):
    """There was no room for the query beside the others; it can be sent again a little later."""


class QueryTooLarge(QueryError):
    """The answer is larger than its limit; nothing of it is returned."""


class QueryLost(QueryError):
    """The process that evaluated the query ended; the archive is unharmed."""


class ValidationError(AcousmaError):
    """The stored data break a shape of ``ontology/shapes.ttl``."""
