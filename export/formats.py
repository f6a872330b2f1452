"""The formats that can be exported, by name."""

from export import mei
from export.options import Format
from ontology.errors import InputError

__all__ = ["FORMATS", "find_format"]

_ALL = (
    Format("mei", ".mei", "MEI 5.1 with a placeholder body, for notation software", mei.write),
    Format("mei-recording", ".mei", "MEI 5.1 of the recording only, for archives", mei.write_recording),
)
FORMATS = {one.name: one for one in _ALL}
"""The formats by name, in the order in which they are listed."""


def find_format(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    InputError
        With the names that there are.
    """
    found = FORMATS.get(name.casefold())
    if found is None:
        raise InputError(f"{name!r} is no format that can be exported", "one of " + ", ".join(FORMATS))
    return found
