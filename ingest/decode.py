"""Sound files in: checked once as a whole, then streamed in blocks at one rate.

Conventions
-----------
Samples are 32-bit floats with full scale 1, arrays of shape (channels, samples). Analysis runs at `RATE`; one or two
channels are kept as they are, more are averaged into one (and a notice says so), because nothing that is measured
here speaks of more than two. Files of any length are read in blocks: memory does not grow with them.
"""

import hashlib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from ontology.errors import AudioError
from ontology.values import AudioFile, Recording, seconds

__all__ = ["EXTENSIONS", "RATE", "Listening", "Scan", "Signal", "blocks", "file_sha256", "readable", "scan"]

Signal = npt.NDArray[np.float32]
"""Samples of shape (channels, samples), full scale 1."""

RATE = 48_000
"""Sample rate of all analysis, in Hz."""

MIN_SECONDS = 0.05
SILENCE = 10 ** (-90 / 20)
"""A peak below -90 dBFS counts as silence."""

_READ_FRAMES = 1 << 18
_FFT = 8192
_BANDWIDTH_DB = 80.0
"""A frequency carries sound if its strongest moment is within this many dB of the strongest of all."""

_FORMATS = {
    "wav": {"WAV", "WAVEX", "RF64"},
    "wave": {"WAV", "WAVEX", "RF64"},
    "rf64": {"RF64", "WAV"},
    "w64": {"W64"},
    "flac": {"FLAC"},
    "ogg": {"OGG"},
    "oga": {"OGG"},
    "opus": {"OGG"},
    "mp3": {"MP3", "MPEG"},
    "aif": {"AIFF"},
    "aiff": {"AIFF"},
    "aifc": {"AIFF"},
    "au": {"AU"},
    "caf": {"CAF"},
}
EXTENSIONS = frozenset(_FORMATS)
"""File name extensions that are taken up when a folder is given."""

_TRUNCATED = re.compile(r"^\s*(?:data|SSND|riff|Riff size|Data Size)\s+: (\d+) \(should be (\d+)\)", re.MULTILINE)
"""What libsndfile notes of a WAV, AIFF, Wave64, RF64 or AU file that is shorter than its header says."""
_OGG_HEADER, _OGG_LAST_PAGE = 27, 0x04
"""Bytes of an Ogg page before its table of segment lengths, and the flag of a last page (RFC 3533, clause 6)."""
_CONVERT = "convert it with another program, for instance: ffmpeg -i IN -c:a flac OUT.flac"


@dataclass(frozen=True, slots=True)
class Scan:
    """What one look over a whole file found.

    Parameters
    ----------
    path : Path
    file : AudioFile
    recording : Recording
    notices : tuple of str
        What a person should know, in whole sentences; the file is usable all the same.
    """

    path: Path
    file: AudioFile
    recording: Recording
    notices: tuple[str, ...]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 sum of a file's bytes.

    Raises
    ------
    AudioError
        If the file is missing, unreadable or empty.
    """
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise AudioError(f"{path} is empty (0 bytes)", "a sound file", "copy it again from its source")
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> AudioError:
    return AudioError(
        f"{path} cannot be read ({error.strerror})", "a readable sound file", "check its name and its permissions"
    )


def readable(name: str) -> str:
    """Return a file name as text, with a replacement character for each byte that is no UTF-8.

    Examples
    --------
    >>> readable(os.fsdecode(bytes([99, 97, 102, 233])))
    'caf�'
    """
    return os.fsencode(name).decode("utf-8", "replace")


def _open(path: Path) -> soundfile.SoundFile:
    try:
        # by descriptor, so that the content alone decides the format, and any name of the file system will do
        return soundfile.SoundFile(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise _unreadable(path, error) from error
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path} cannot be decoded as sound ({error.error_string.rstrip('.')})",
            "WAV, FLAC, OGG, MP3, AIFF or another format of libsndfile",
            f"check that it is a sound file; if it plays elsewhere, {_CONVERT}",
        ) from error


def _read(path: Path, sound: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    """Yield blocks of shape (up to 2**18, channels) at the file's own rate and channels."""
    try:
        while True:
            block = sound.read(_READ_FRAMES, dtype="float32", always_2d=True)
            if not len(block):
                return
            yield np.asarray(block, np.float32)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path} breaks off or is damaged after {sound.tell() / sound.samplerate:.1f} s "
            f"({error.error_string.rstrip('.')})",
            "a whole file",
            "copy it again from its source",
        ) from error


class _Bandwidth:
    """Strongest spectrum of a signal, from one FFT per block."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._window = np.hanning(_FFT).astype(np.float32)
        self._strongest = np.zeros(_FFT // 2 + 1, np.float32)

    def push(self, block: npt.NDArray[np.float32]) -> None:
        for start in range(0, len(block), _READ_FRAMES // 4):
            part = block[start : start + _FFT]
            if len(part) < _FFT:
                part = np.pad(part, ((0, _FFT - len(part)), (0, 0)))
            spectrum = np.fft.rfft(np.ascontiguousarray(part.T) * self._window)
            power = spectrum.real**2 + spectrum.imag**2
            np.maximum(self._strongest, power.mean(axis=0), out=self._strongest)

    def hertz(self) -> float:
        audible = self._strongest >= self._strongest.max() * 10 ** (-_BANDWIDTH_DB / 10)
        return float(np.flatnonzero(audible)[-1] * self._rate / _FFT)


@dataclass(slots=True)
class _Course:
    """What the samples so far amount to: how many frames, how loud, and whether anything moves."""

    start: npt.NDArray[np.float32] | None = None
    peak: float = 0.0
    moves: bool = False
    frames: int = 0

    def push(self, path: Path, block: npt.NDArray[np.float32], rate: int) -> None:
        peak = max(float(block.max()), -float(block.min()))
        if not math.isfinite(peak):
            finite = np.isfinite(block)
            where = (self.frames + int(np.flatnonzero(~finite.all(axis=1))[0])) / rate
            raise AudioError(
                f"{path} holds {int((~finite).sum())} samples near {where:.2f} s that are no numbers (NaN or infinite)",
                "finite samples",
                "export it again from its source, as PCM or as float without overflow",
            )
        start = self.start = block[0].copy() if self.start is None else self.start
        self.moves = self.moves or bool(np.abs(block - start).max() >= SILENCE)
        self.peak = max(self.peak, peak)
        self.frames += len(block)


class Listening:
    """One pass over a sound file: its sound goes out in blocks, and at the end it is known what the file is.

    Parameters
    ----------
    path : Path
    sha256 : str, optional
        Sum of the file's bytes, if it is known already.

    Raises
    ------
    AudioError
        If the file is missing, empty, undecodable or truncated.

    Examples
    --------
    >>> listening = Listening(Path("demo/sounds/misc_crow.flac"))
    >>> sum(block.shape[1] for block in listening.blocks()) / RATE
    0.480625
    >>> listening.finish().recording.duration
    Decimal('0.480')
    """

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        self._path = path
        self._sha256 = sha256 or file_sha256(path)
        with _open(path) as sound:
            _check_truncation(path, sound)
            self._rate, channels, self._declared = sound.samplerate, sound.channels, sound.frames
            self._format = f"{sound.format}/{sound.subtype}"
            self._notices = _notices(path, sound)
        self._channels = channels
        self.channels = channels if channels <= 2 else 1
        self._digest = hashlib.sha256(f"{self._rate} Hz, {channels} channels".encode())
        self._bandwidth = _Bandwidth(self._rate)
        self._course = _Course()

    def _whole(self) -> Iterator[npt.NDArray[np.float32]]:
        with _open(self._path) as sound:
            for block in _read(self._path, sound):
                self._course.push(self._path, block, self._rate)
                self._digest.update(block.data)
                self._bandwidth.push(block)
                yield block

    @property
    def declared_seconds(self) -> float:
        """How long the sound is, as its file says."""
        return float(self._declared / self._rate)

    def blocks(self, rate: int = RATE) -> Iterator[Signal]:
        """Yield the sound at one rate, as one or two channels; as the function `blocks` does."""
        return _at_rate(self._whole(), (self._rate, rate), self._channels)

    def finish(self) -> Scan:
        """Return what the file is, after all of it was listened to.

        Raises
        ------
        AudioError
            If the sound is shorter than the file says or than 0.05 s, silent, or constant.
        """
        path, frames, rate = self._path, self._course.frames, self._rate
        if frames < self._declared:
            raise AudioError(
                f"{path} ends after {frames / rate:.2f} s", f"{self._declared / rate:.2f} s as its header says",
                "copy it again from its source",
            )  # fmt: skip
        _check_sound(path, self._course, rate)
        recording = Recording(
            self._digest.hexdigest(), rate, self._channels, seconds(frames / rate), self._bandwidth.hertz()
        )
        return Scan(path, AudioFile(readable(path.name), self._sha256, self._format), recording, self._notices)


def scan(path: Path) -> Scan:
    """Read a whole file once and say what it is, or why it cannot be used.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Scan

    Raises
    ------
    AudioError
        If the file is missing, empty, undecodable, truncated, shorter than 0.05 s, silent, constant, or holds
        samples that are no numbers.
    """
    listening = Listening(path)
    for _ in listening._whole():
        pass
    return listening.finish()


def _check_truncation(path: Path, sound: soundfile.SoundFile) -> None:
    """Refuse a file that libsndfile would read as shorter without a word: chunks of PCM, the last Ogg page."""
    if sound.format == "OGG" and not _has_last_page(path):
        raise AudioError(
            f"{path} is truncated: the last page of its Ogg stream is not there or not whole", "a whole file",
            "copy it again from its source, or keep what is there: ffmpeg -i IN -c:a flac OUT.flac",
        )  # fmt: skip
    found = _TRUNCATED.search(sound.extra_info)
    if found and int(found[1]) > int(found[2]) and int(found[1]) < 0xFFFFFF00:
        raise AudioError(
            f"{path} is truncated: {int(found[2]):,} bytes of sound are there",
            f"{int(found[1]):,} bytes as its header says",
            "copy it again from its source, or keep what is there: ffmpeg -i IN -c:a flac OUT.flac",
        )


def _has_last_page(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 17)))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if len(page) < _OGG_HEADER or not page[5] & _OGG_LAST_PAGE:
        return False
    lengths = page[_OGG_HEADER : _OGG_HEADER + page[_OGG_HEADER - 1]]
    return len(page) >= _OGG_HEADER + page[_OGG_HEADER - 1] + sum(lengths)


def _check_sound(path: Path, course: _Course, rate: int) -> None:
    length = course.frames / rate
    if length < MIN_SECONDS:
        raise AudioError(
            f"{path} lasts {length:.3f} s", f"at least {MIN_SECONDS} s of sound", "leave it out or join it to others"
        )
    if course.peak < SILENCE:
        raise AudioError(f"{path} is silent (peak below -90 dBFS)", "a recording that sounds", "check the export")
    if not course.moves:
        raise AudioError(
            f"{path} holds a constant offset of {course.peak:.3f} and no sound", "a recording that sounds",
            "check the export",
        )  # fmt: skip


def _notices(path: Path, sound: soundfile.SoundFile) -> tuple[str, ...]:
    notices = []
    extension = path.suffix.lower().lstrip(".")
    if sound.format not in _FORMATS.get(extension, {sound.format}):
        notices.append(f"{path} is named .{extension} but holds {sound.format}; it was read as {sound.format}.")
    if sound.channels > 2:
        notices.append(
            f"{path} has {sound.channels} channels; it was measured as their mean, and nothing is said of its space."
        )
    if sound.samplerate < 32_000:
        notices.append(
            f"{path} has a rate of {sound.samplerate} Hz; "
            f"nothing above {sound.samplerate / 2000:g} kHz can be heard in it."
        )
    return tuple(notices)


def blocks(path: Path, rate: int = RATE) -> Iterator[Signal]:
    """Yield the sound of a file at one rate, as one or two channels.

    Parameters
    ----------
    path : Path
    rate : int
        Hz. Resampled by soxr at its high quality where the file's own rate differs.

    Yields
    ------
    Signal
        Shape (1 or 2, samples); lengths vary and may be 0.

    Raises
    ------
    AudioError
        If the file cannot be decoded.
    """
    with _open(path) as sound:
        yield from _at_rate(_read(path, sound), (sound.samplerate, rate), sound.channels)


def _at_rate(sound: Iterator[npt.NDArray[np.float32]], rates: tuple[int, int], channels: int) -> Iterator[Signal]:
    """Resample interleaved blocks, average more than two channels, and turn them to (channels, samples)."""
    own, wanted = rates
    measured = channels if channels <= 2 else 1
    resampler = soxr.ResampleStream(own, wanted, measured, dtype="float32", quality="HQ") if own != wanted else None
    for read in sound:
        block = read if channels <= 2 else read.mean(axis=1, keepdims=True)
        if resampler is not None:
            block = resampler.resample_chunk(block)
        yield np.ascontiguousarray(block.T)
    if resampler is not None:
        rest = resampler.resample_chunk(np.zeros((0, measured), np.float32), last=True)
        yield np.ascontiguousarray(rest.T)
