"""Answers of a model that got stuck: the same words over and over, to the end."""

__all__ = ["repeated_end"]

MOST_WORDS = 40
"""Longest phrase that is looked for."""

LONGEST_MEAN_WORD = 12
"""Characters; text of longer words is taken for one without spaces."""

LEAST_TIMES = 4
LEAST_WORDS = 12
"""A phrase must fill this much, so that "ding, ding, ding, ding" is still an answer."""


def repeated_end(text: str) -> tuple[str, int] | None:
    """Return the phrase that a text ends with at least four times in a row, and how often; None if it does not.

    The last repetition may be cut off. Where a text has no spaces, characters count instead of words.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> repeated_end("A bell. " + "It rings on and " * 9 + "it rings")
    ('it rings on and', 9)
    >>> repeated_end("A bell that rings and rings.")
    """
    words, glue = text.casefold().split(), " "
    if len("".join(words)) > LONGEST_MEAN_WORD * len(words):
        words, glue = list("".join(words)), ""
    found = _repeated_end(words) or _repeated_end(words[:-1], words[-1] if words else "")
    return None if found is None else (glue.join(found[0]), found[1])


def _repeated_end(words: list[str], cut: str = "") -> tuple[list[str], int] | None:
    """Return the phrase that these words end with, before one that is cut off, and how often."""
    for length in range(1, min(MOST_WORDS, len(words) // LEAST_TIMES) + 1):
        same = 0
        while same + length < len(words) and words[-1 - same] == words[-1 - same - length]:
            same += 1
        whole = (same + length) // length
        if whole >= LEAST_TIMES and same + length >= LEAST_WORDS and words[-length].startswith(cut):
            first = len(words) - (same + length)
            return words[first : first + length], whole
    return None
