"""Names of chords, and the pitch classes that they stand for.

Conventions
-----------
Pitch classes are twelve marks from C upwards in semitones, ``1`` where the chord has the pitch class: those of the
quality, of the degrees added in brackets and of extended chords (the ninth of ``C:maj9``), less those that are taken
out, and the bass. ``N``, no chord, has none; ``X``, a chord that has no name, is not known, and neither is what it has.

Source
------
Harte, Sandler, Abdallah and Gómez, *Symbolic representation of musical chords*, ISMIR 2005, as ``mir_eval.chord`` reads
it.
"""

__all__ = ["pitch_classes"]


def pitch_classes(label: str) -> str | None:
    """Return the pitch classes of a chord.

    Parameters
    ----------
    label : str
        Such as ``A:min/b3``.

    Returns
    -------
    str or None
        Twelve marks; None where the label says that the chord is not known.

    Raises
    ------
    ValueError
        If it is no name of a chord.

    Examples
    --------
    >>> pitch_classes("A:min"), pitch_classes("N"), pitch_classes("X")
    ('100010000100', '000000000000', None)
    """
    from mir_eval import chord  # type: ignore[import-untyped]  # noqa: PLC0415 - it ships no types, and takes a second

    if label == chord.X_CHORD:
        return None
    try:
        root, marks, _ = chord.encode(label, reduce_extended_chords=True)
    except chord.InvalidChordException as error:
        raise ValueError(str(error)) from error
    turned = [int(marks[(place - max(root, 0)) % 12]) for place in range(12)]
    return "".join("1" if mark > 0 else "0" for mark in turned)
