"""Measurement against librosa: ``python -m benchmarks.features [--seconds 3600] [--rounds 3]``.

One file, one thread, CPU time of the calling process, ours and the peer's in turn. Three contests:

* decode + the seven features, frames of 2048 samples every 1024, against librosa with one STFT shared by all
  features; the results are compared first, feature by feature;
* the whole measured describer (three grids, pitch, segmentation, measurement, claims, N-Quads), as a multiple of real
  time, on two channels;
* peak memory of both of ours on a sixth of the file and on the whole of it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.material import hour_of_sound, measured, median_ratio, peak_mebibytes
from ingest.decode import Signal, blocks
from ingest.describe import Settings, Task, describe
from ingest.features import seven_features
from ingest.pipeline import now
from ontology.values import Work
from ontology.vocabulary import load_vocabulary

RATE, WINDOW, HOP, BATCH = 44_100, 2048, 1024, 128
NAMES = ("rms", "zero_crossing_rate", "centroid", "bandwidth", "rolloff", "flatness", "flux")
TOLERANCES = {"rms": 1e-4, "zero_crossing_rate": 2e-3, "centroid": 1e-4, "bandwidth": 1e-3, "rolloff": 1e-6,
              "flatness": 1e-3, "flux": 1e-3}  # fmt: skip
"""Largest difference allowed at the 99th percentile of all frames, relative to the peer's value or, where that is
smaller, to its median."""


def _batches(sound: Iterator[Signal]) -> Iterator[torch.Tensor]:
    """Cut a stream into batches of centred frames, shape (frames, WINDOW), as librosa centres them."""
    held = np.zeros(WINDOW // 2, np.float32)
    step = BATCH * HOP
    for block in sound:
        held = np.concatenate([held, block[0]])
        while len(held) >= step + WINDOW - HOP:
            yield torch.from_numpy(held[: step + WINDOW - HOP]).unfold(0, WINDOW, HOP)
            held = held[step:]
    held = np.concatenate([held, np.zeros(WINDOW // 2, np.float32)])
    if len(held) >= WINDOW:
        yield torch.from_numpy(held).unfold(0, WINDOW, HOP)


def _ours(path: Path) -> dict[str, np.ndarray]:
    window = torch.hann_window(WINDOW)
    mel: torch.Tensor | None = None
    rows = []
    with torch.inference_mode():
        for frames in _batches(blocks(path, RATE)):
            spectrum = torch.fft.rfft(frames * window)
            power = spectrum.real.square() + spectrum.imag.square()
            found, mel = seven_features(frames, power, RATE, mel)
            rows.append(torch.stack([getattr(found, name) for name in NAMES]))
    return dict(zip(NAMES, torch.cat(rows, 1).numpy(), strict=True))


def _peer(path: Path) -> dict[str, np.ndarray]:
    import librosa
    import soundfile

    sound, _ = soundfile.read(path, dtype="float32")
    magnitude = np.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP))
    centroid = librosa.feature.spectral_centroid(S=magnitude, sr=RATE)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=RATE), top_db=None)
    return {
        "rms": librosa.feature.rms(y=sound, frame_length=WINDOW, hop_length=HOP)[0],
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(sound, frame_length=WINDOW, hop_length=HOP)[0],
        "centroid": centroid[0],
        "bandwidth": librosa.feature.spectral_bandwidth(S=magnitude, sr=RATE, centroid=centroid)[0],
        "rolloff": librosa.feature.spectral_rolloff(S=magnitude, sr=RATE)[0],
        "flatness": librosa.feature.spectral_flatness(S=magnitude)[0],
        "flux": librosa.onset.onset_strength(S=mel, sr=RATE, center=False),
    }


def _decode(path: Path) -> None:
    for _ in blocks(path, RATE):
        pass


def _describe(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        task = Task(path, None, Work(path.stem), (), frozenset(), Path(folder) / "run.nq")
        describe(task, Settings("https://example.org/"), load_vocabulary(), now)


def _differences(path: Path) -> dict[str, float]:
    ours, peer = _ours(path), _peer(path)
    # the first and last frames reach beyond the sound, where the two pad differently
    inner = slice(2, min(len(ours["rms"]), len(peer["rms"])) - 2)
    found = {}
    for name in NAMES:
        reference = peer[name][inner]
        scale = np.maximum(np.abs(reference), np.median(np.abs(reference)))
        found[name] = float(np.quantile(np.abs(ours[name][inner] - reference) / scale, 0.99))
    return found


def main() -> None:
    """Run the contests, or one contestant in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("CONTESTANT", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _one(given.one[0], Path(given.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.flac" for name in ("short", "whole", "stereo", "stereo-short")}
        hour_of_sound(files["short"], given.seconds / 6)
        hour_of_sound(files["whole"], given.seconds)
        hour_of_sound(files["stereo"], given.seconds, channels=2)
        hour_of_sound(files["stereo-short"], given.seconds / 6, channels=2)
        _contest(files, given.seconds, given.rounds)


def _one(contestant: str, path: Path) -> None:
    torch.set_num_threads(1)
    if contestant == "differences":
        print(json.dumps(_differences(path)))
        return
    work = {"ours": _ours, "peer": _peer, "describer": _describe, "decode": _decode}[contestant]
    work(path.with_name("warm.flac") if path.with_name("warm.flac").exists() else path.with_name("short.flac"))
    began = time.process_time()
    work(path)
    print(json.dumps({"cpu": time.process_time() - began, "mebibytes": peak_mebibytes()}))


def _contest(files: dict[str, Path], seconds: float, rounds: int) -> None:
    hour_of_sound(files["short"].with_name("warm.flac"), 20)
    differences = measured("features", ["--one", "differences", str(files["short"])])
    print("agreement with librosa (99th percentile of the relative difference)")
    for name, value in differences.items():
        print(f"  {name:20s} {value:.1e}  {'within' if value <= TOLERANCES[name] else 'BEYOND'} {TOLERANCES[name]:.0e}")
    ours, peer, whole, decode = [], [], [], []
    for _ in range(rounds):
        ours.append(measured("features", ["--one", "ours", str(files["whole"])]))
        peer.append(measured("features", ["--one", "peer", str(files["whole"])]))
        whole.append(measured("features", ["--one", "describer", str(files["stereo"])]))
        decode.append(measured("features", ["--one", "decode", str(files["whole"])]))
    cpu = [[run["cpu"] for run in runs] for runs in (ours, peer, whole, decode)]
    print(f"seven features, {seconds:.0f} s of 44.1 kHz mono FLAC, one thread, {rounds} rounds in turn (CPU s, median)")
    print(f"  ours     {statistics.median(cpu[0]):7.2f}   {seconds / statistics.median(cpu[0]):6.0f} x real time")
    print(f"  librosa  {statistics.median(cpu[1]):7.2f}   {seconds / statistics.median(cpu[1]):6.0f} x real time")
    print(f"  librosa / ours  {median_ratio(cpu[1], cpu[0]):.2f}")
    print(f"  decoding alone {statistics.median(cpu[3]):6.2f}   {seconds / statistics.median(cpu[3]):6.0f} x real time")
    print("whole measured describer, pitch included, 44.1 kHz stereo FLAC")
    print(f"  ours     {statistics.median(cpu[2]):7.2f}   {seconds / statistics.median(cpu[2]):6.0f} x real time")
    print("peak memory, MiB, on a sixth of the sound and on the whole")
    for contestant, short, runs in (("ours", "short", ours), ("describer", "stereo-short", whole)):
        part = measured("features", ["--one", contestant, str(files[short])])
        print(f"  {contestant:10s} {part['mebibytes']:7.0f} {runs[0]['mebibytes']:7.0f}")
    print(f"  {'librosa':10s} {'':7s} {peer[0]['mebibytes']:7.0f}")
    if any(differences[name] > TOLERANCES[name] for name in NAMES):
        sys.exit("the results do not agree")


if __name__ == "__main__":
    main()
