"""Frames: the same in memory and on disk, means where there are many, and no more memory for a longer recording."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import pairwise

import numpy as np
import pytest

from ingest import frames as frames_module
from ingest.decode import RATE, Signal
from ingest.features import ENVELOPE_HOP, SPECTRAL_HOP, Block, analyse
from ingest.frames import FINE_SECONDS, Array, Frames, Grid
from ingest.tonal import TONAL_HOP
from tests.commands import environment
from tests.sounds import noise_below, stroke

HOP = RATE // 100
"""Ten milliseconds."""


Make = Callable[[Array], Grid]


@pytest.fixture
def grid() -> Iterator[Make]:
    """Return a maker of grids, which are closed after the test."""
    with ExitStack() as stack:

        def make(rows: Array) -> Grid:
            made = stack.enter_context(closing(Grid(HOP, rows.shape[1])))
            made.append(rows)
            return made

        yield make


@pytest.fixture
def centres(grid: Make) -> Grid:
    """Return a grid of three seconds whose one value is the time of the frame's centre."""
    return grid(((np.arange(300) + 0.5) / 100).astype(np.float32)[:, None])


def sound(seconds: float) -> Iterator[Signal]:
    both = np.stack([noise_below(9_000, seconds), np.resize(stroke(300), round(seconds * RATE))])
    for first in range(0, both.shape[1], 10_000):
        yield both[:, first : first + 10_000].astype(np.float32)


# -- memory and disk -----------------------------------------------------------------------------


def test_frames_on_disk_are_those_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    with Frames(analyse(sound(6.0)), 2) as kept:
        monkeypatch.setattr(frames_module, "IN_MEMORY", 1)
        with Frames(analyse(sound(6.0)), 2) as spooled:
            for one, other in (
                (kept.spectral, spooled.spectral),
                (kept.tonal, spooled.tonal),
                (kept.envelope, spooled.envelope),
            ):
                assert one.length == other.length > 0
                assert np.array_equal(one.rows(0, one.length), other.rows(0, other.length))
                assert np.array_equal(one.between(1.3, 4.7), other.between(1.3, 4.7))
                assert np.array_equal(one.column(0), other.column(0))


@pytest.mark.parametrize("limit", [1, 1000, 1 << 20])
def test_rows_can_be_read_between_appends(grid: Make, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(frames_module, "IN_MEMORY", limit)
    rows = np.random.default_rng(0).standard_normal((300, 5)).astype(np.float32)
    table = grid(rows[:0])
    for first in range(0, 300, 50):
        table.append(rows[first : first + 50])
        assert np.array_equal(table.rows(0, first + 50), rows[: first + 50])
        assert np.array_equal(table.rows(first, first + 3), rows[first : first + 3])


def test_a_sound_that_breaks_off_leaves_no_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "IN_MEMORY", 1)
    opened: list[Grid] = []

    class Watched(Grid):
        def __init__(self, hop: int, columns: int) -> None:
            super().__init__(hop, columns)
            opened.append(self)

    def broken() -> Iterator[Block]:
        yield from analyse(sound(3.0))
        raise ValueError("the tape tore")

    monkeypatch.setattr(frames_module, "Grid", Watched)
    with pytest.raises(ValueError, match="tore"):
        Frames(broken(), 2)
    assert len(opened) == 3
    for table in opened:
        with pytest.raises(ValueError, match="closed file"):
            table.rows(0, 1)


# -- the grids -----------------------------------------------------------------------------------


def test_the_three_grids_cover_the_same_time() -> None:
    with Frames(analyse(sound(5.0)), 2) as frames:
        frames.cut(5.0)
        for table, hop in (
            (frames.spectral, SPECTRAL_HOP),
            (frames.tonal, TONAL_HOP),
            (frames.envelope, ENVELOPE_HOP),
        ):
            assert table.length == 5 * RATE // hop


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.01, 0.5, 2.994, 3.0, 99.0])
def test_cutting_keeps_the_frames_whose_centre_lies_before_the_end(centres: Grid, seconds: float) -> None:
    centres.cut(seconds)
    kept = centres.rows(0, 1000)[:, 0]
    wanted = [time for time in ((n + 0.5) / 100 for n in range(300)) if time < seconds]
    assert np.allclose(kept, wanted or [0.005])


@pytest.mark.parametrize(("first", "last", "count"), [(-5, 3, 3), (0, 0, 0), (7, 7, 0), (9, 5, 0), (298, 999, 2)])
def test_rows_outside_the_table_are_left_out(centres: Grid, first: int, last: int, count: int) -> None:
    assert centres.rows(first, last).shape == (count, 1)


# -- stretches -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.1, 0.2), (0.123, 0.456), (0.996, 1.014), (2.9, 3.0)])
def test_a_stretch_holds_the_frames_whose_centre_lies_in_it(centres: Grid, start: float, end: float) -> None:
    found = centres.between(start, end)[:, 0]
    wanted = [time for time in ((n + 0.5) / 100 for n in range(300)) if start <= time < end]
    assert np.allclose(found, wanted)


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.001), (1.004, 1.0041), (0.0, 0.0005)])
def test_a_stretch_shorter_than_a_frame_has_one(centres: Grid, start: float, end: float) -> None:
    assert len(centres.between(start, end)) == 1


def test_a_stretch_beyond_the_end_stops_there(centres: Grid) -> None:
    assert np.array_equal(centres.between(2.5, 60.0), centres.between(2.5, 3.0))


def test_neighbouring_stretches_share_no_frame_and_lose_none(centres: Grid) -> None:
    edges = np.concatenate([[0.0], np.sort(np.random.default_rng(3).uniform(0.0, 3.0, 40)), [3.0]])
    edges = edges[np.concatenate([[True], np.diff(edges) > 0.01])]
    edges[-1] = 3.0
    parts = [centres.between(start, end) for start, end in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), centres.rows(0, 300))


@pytest.mark.parametrize("seconds", [FINE_SECONDS + 1, 3 * FINE_SECONDS + 7, 10 * FINE_SECONDS])
def test_a_long_stretch_is_the_mean_of_groups_of_frames(grid: Make, seconds: float) -> None:
    count = round(seconds * 100)
    rows = np.random.default_rng(1).standard_normal((count, 3)).astype(np.float32)
    found = grid(rows).between(0.0, seconds)
    group = count // len(found)
    assert group > 1
    assert len(found) == count // group <= FINE_SECONDS * 100
    wanted = rows[: count // group * group].reshape(-1, group, 3).mean(axis=1)
    assert np.allclose(found, wanted, atol=1e-5)


def test_a_stretch_of_two_minutes_is_not_yet_coarsened(grid: Make) -> None:
    rows = np.random.default_rng(1).standard_normal((20_000, 2)).astype(np.float32)
    found = grid(rows).between(10.0, 10.0 + FINE_SECONDS - 0.01)
    assert np.array_equal(found, rows[1_000:12_999])


# -- long recordings -----------------------------------------------------------------------------

LONG = """
import resource, sys
import numpy as np, torch
from ingest.decode import RATE
from ingest.features import analyse
from ingest.frames import Frames
from ingest.measure import measure
from ingest.segment import segment
from ontology.values import Recording, seconds

torch.set_num_threads(1)
minutes = float(sys.argv[1])

def stream():
    time, chance = np.arange(5 * RATE) / RATE, np.random.default_rng(2)
    for number in range(int(minutes * 12)):
        hiss = 0.01 * chance.standard_normal((2, len(time)))
        yield (0.3 * np.sin(2 * np.pi * (200 + number) * time) * np.exp(-2 * time) + hiss).astype(np.float32)

with Frames(analyse(stream()), 2) as frames:
    frames.cut(minutes * 60)
    recording = Recording("0" * 64, RATE, 2, seconds(minutes * 60), 20_000.0)
    spans = segment(recording, frames).spans
    assert all(measure(frames, span) for span in spans[:20])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(spans))
"""


def peak_and_spans(minutes: int) -> tuple[float, int]:
    """Return the most memory (MiB) that analysing a stream of some length took, and how many spans it has."""
    done = subprocess.run(
        [sys.executable, "-c", LONG, str(minutes)], capture_output=True, text=True, check=True, env=environment()
    )
    peak, spans = done.stdout.split()
    return float(peak), int(spans)


@pytest.mark.parametrize("minutes", [10, pytest.param(30, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_recording(minutes: int) -> None:
    short, few = peak_and_spans(2)
    long, many = peak_and_spans(minutes)
    samples = minutes * 60 * RATE * 2 * 4 / 2**20
    assert many > few * minutes / 3
    assert long - short < 0.2 * samples, f"{short:.0f} MiB for 2 minutes, {long:.0f} MiB for {minutes}"
