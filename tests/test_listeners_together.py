"""Short recordings share the batches of the models that hear them, and are described as if each were alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from ingest.describe import Described, Settings, Task, describe
from ingest.listeners.base import Heard, Hearing, Identity, Sounding
from ingest.listeners.hearing import Listeners
from ingest.together import described_together, groups
from ontology.errors import AudioError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Description, Work
from ontology.vocabulary import load_vocabulary
from tests.sounds import stroke, write


class Counting:
    """A listener that notes the sizes of its batches, and says of each sound how long it is."""

    spans = frozenset({SpanKind.FIXED_WINDOW})

    def __init__(self, name: str = "counting", most: int = 100) -> None:
        self.sizes: list[int] = []
        self._name, self._most = name, most

    def identity(self) -> Identity:
        hearing = Hearing(16_000, 0, 8000, 30.0, 0.04)
        return Identity(
            "counting", self._name, None, self._name * 8, "0" * 64, "CC0-1.0", hearing, (), "cpu", "float32"
        )  # fmt: skip

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        self.sizes.append(len(batch))
        if len(batch) > self._most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [
            Heard(
                one.span, (Description(one.span, f"{len(one.samples)} samples", "open", "en"),),
                (Claim(one.span, "bright", "brightnessLevel", 0.5, ConfidenceKind.TAG_SCORE),),
            )
            for one in batch
        ]  # fmt: skip


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sounds")
    made = [write(folder / f"{number}.wav", stroke(200.0 + 40 * number, 0.4 + 0.1 * number)) for number in range(5)]
    cut_off = write(folder / "5.flac", stroke(900, 0.4), subtype="PCM_16")
    cut_off.write_bytes(cut_off.read_bytes()[:60])
    return [*made, cut_off]


def tasks(sounds: Sequence[Path], folder: Path) -> list[Task]:
    folder.mkdir()
    return [Task(path, None, Work(path.stem), (), frozenset(), folder / f"{path.stem}.nq") for path in sounds]


SETTINGS = Settings("https://example.org/")


def test_short_recordings_are_heard_in_common_batches_and_described_as_alone(
    sounds: list[Path], tmp_path: Path
) -> None:
    one, other = Counting(), Counting("another")
    wanted = tasks(sounds, tmp_path / "together")
    found = described_together(wanted, SETTINGS, load_vocabulary(), now, Listeners((one, other), batch=4, threads=1))
    assert one.sizes == other.sizes == [4, 1]
    assert isinstance(found[5], AudioError)
    alone = Listeners((Counting(), Counting("another")), threads=1)
    for task, described, single in zip(wanted[:5], found, tasks(sounds[:5], tmp_path / "alone"), strict=False):
        assert isinstance(described, Described)
        assert described.descriptions == 2
        expected = describe(single, SETTINGS, load_vocabulary(), now, alone)
        assert task.target.read_text(encoding="utf-8") == single.target.read_text(encoding="utf-8")
        assert described.graphs == expected.graphs


def test_a_batch_of_several_files_is_halved_and_the_run_says_so(sounds: list[Path], tmp_path: Path) -> None:
    tight = Counting(most=2)
    listeners = Listeners((tight,), batch=4, threads=1)
    found = described_together(tasks(sounds[:5], tmp_path / "halved"), SETTINGS, load_vocabulary(), now, listeners)
    assert tight.sizes == [4, 2, 2, 1]
    told = [notice for one in found if isinstance(one, Described) for notice in one.notices]
    assert len(told) == 1
    assert "counting: batch too large for the memory: 1, such as 2 at a time from then on." in told[0]


def test_a_listener_that_cannot_be_used_ends_all_and_closes_what_was_open(sounds: list[Path], tmp_path: Path) -> None:
    class Broken(Counting):
        def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        described_together(
            tasks(sounds[:3], tmp_path / "broken"), SETTINGS, load_vocabulary(), now, Listeners((Broken(),), threads=1)
        )  # fmt: skip


def test_files_are_grouped_up_to_what_is_sorted_by_length_at_a_time(sounds: list[Path], tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", stroke(300, 5.0))
    files = [*sounds[:3], long, *sounds[3:5]]
    assert list(groups(files, Listeners((Counting(),), batch=1), 0.5)) == [
        sounds[:3], [long], sounds[3:5]
    ]  # fmt: skip
    assert list(groups(files, Listeners(), 0.5)) == [[path] for path in files]
    assert sum(map(len, groups(sounds[:1] * 100, Listeners((Counting(),), batch=64), 5.0))) == 100
    assert max(map(len, groups(sounds[:1] * 100, Listeners((Counting(),), batch=64), 5.0))) == 64
