"""A small collection with catalogue and claims, and the archive that one ingest makes of it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.commands import Ended, acousma, dump, typed
from tests.sounds import noise_below, stroke, table, tone, write

CATALOGUE = [
    "file,title,creator,year",
    "bell.wav,Bell,A. Maker,1975",
    "звук и тишина.flac,Звук и тишина,Мастер,1961",
    "deep/Étude nº 1.aiff,Étude nº 1,Ä. Ünlü,",
    "hiss.ogg,Hiss,A. Maker,2001",
]
CLAIMS = [
    "file,start,end,concepts,agent",
    "bell.wav,0,0.6,Attack-decay; bright,Ada",
    "hiss.ogg,0,2,spectralNote,Ada",
    "hiss.ogg,0,2,spectralNoise,Bo",
]


@dataclass(frozen=True)
class House:
    """A small collection and the archive made of it.

    Parameters
    ----------
    sounds, catalogue, claims, archive : Path
    output : str
        What the ingest said.
    quads : list of str
        All quads, sorted.
    """

    sounds: Path
    catalogue: Path
    claims: Path
    archive: Path
    output: str
    quads: list[str]

    def copy(self, target: Path) -> Path:
        """Return a copy of the archive."""
        shutil.copytree(self.archive, target, symlinks=True)
        return target

    def again(self, archive: Path, **changes: str) -> Ended:
        """Run the same ingest again."""
        return acousma(
            "ingest", self.sounds, "--catalogue", self.catalogue, "--claims", self.claims, "--store", archive, **changes
        )


def build(folder: Path) -> House:
    """Make the sounds and the tables, and ingest them."""
    sounds = folder / "sounds of the house"
    write(sounds / "bell.wav", np.stack([stroke(700), stroke(705)], axis=1))
    write(sounds / "звук и тишина.flac", tone(220, 1.5))
    write(sounds / "deep" / "Étude nº 1.aiff", stroke(300, 6.0))
    write(sounds / "hiss.ogg", noise_below(9_000, 2.0))
    catalogue, claims = table(sounds / "works.csv", CATALOGUE), table(sounds / "heard.csv", CLAIMS)
    archive = folder / "archive"
    done = typed("ingest", sounds, "--catalogue", catalogue, "--claims", claims, "--store", archive)
    assert done.returncode == 0, done.stderr
    return House(sounds, catalogue, claims, archive, done.stdout, dump(archive, folder / "quads.nq"))
