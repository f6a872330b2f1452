"""Listening models as describers: one interface, and an adapter for each kind of model.

Conventions
-----------
A listener takes batches of sounds that were cut out of recordings, mono, at its own sample rate, and says for each what
it heard: descriptions word for word, and claims. It knows nothing of files or of the store. The libraries that run
models are imported when a listener is opened (`ingest.listeners.opening`), not before.
"""
