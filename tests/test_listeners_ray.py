"""Ray describes recordings as one process does: the same graph, whatever was done where."""

import re
import subprocess
from pathlib import Path

import pytest

from ingest.on_ray import processor_share
from tests.commands import command, dump, environment
from tests.sounds import noise_below, stroke, write
from tests.tiny_models import save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"


@pytest.mark.parametrize("processors", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("actors", [1, 2, 7])
def test_actors_leave_a_processor_for_reading(processors: int, actors: int) -> None:
    share = processor_share(processors, actors)
    assert 0 < share <= 1
    assert share * actors <= max(processors - 1, 0.5)


@pytest.mark.ray
@pytest.mark.slow
def test_two_actors_on_ray_make_the_graph_that_one_process_makes(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    model = save("qwen2-audio", tmp_path)
    for number in range(3):
        write(tmp_path / "sounds" / f"{number}.wav", stroke(300 + 100 * number, 1.5))
    write(tmp_path / "sounds" / "hiss.wav", noise_below(9000, 2.5))
    (tmp_path / "sounds" / "broken.wav").write_bytes(b"RIFFnothing")

    def ingest(archive: str, *more: str) -> list[str]:
        ended = subprocess.run(
            command(
                "ingest", tmp_path / "sounds", "--store", tmp_path / archive, "--window", "1", "--describer",
                "transformers", "--model", model, "--questions", SMALL, *more,
            ),
            capture_output=True, text=True, env=environment(HF_HUB_OFFLINE="1"), timeout=600, check=False,
        )  # fmt: skip
        assert ended.returncode == 1, ended.stderr
        assert "broken.wav cannot be decoded" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert re.search(r"recordings\W+4\b", ended.stdout)
        return dump(tmp_path / archive, tmp_path / f"{archive}.nq")

    alone = ingest("alone")
    assert ingest("together", "--engine", "ray", "--processes", "2") == alone
