"""Answers of a model that got stuck: the same words over and over, to the end."""

__all__ = ["repeated_end"]

MOST_WORDS = 40
"""Longest phrase that is looked for."""

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
    spaced = text.casefold().split()
    words = spaced if len(spaced) >= LEAST_WORDS else list("".join(spaced))
    glue = " " if words is spaced else ""
    for length in range(1, min(MOST_WORDS, len(words) // LEAST_TIMES) + 1):
        same = 0
        while same + length < len(words) and words[-1 - same] == words[-1 - same - length]:
            same += 1
        whole = (same + length) // length
        if whole >= LEAST_TIMES and same + length >= LEAST_WORDS:
            first = len(words) - (same + length)
            return glue.join(words[first : first + length]), whole
    return None
