"""The sound of recordings for pages: who may hear it, its pictures in tiles, and what a model hears of it.

Modules
-------
rights      who may hear the sound of a recording
sight       pictures of a file, piece by piece: waveform and spectrogram
gallery     pictures made in other processes and kept beside the archive
"""
