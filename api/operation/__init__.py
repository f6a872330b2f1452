"""Looking after a running server and its data.

Modules
-------
metrics   numbers for Prometheus
backups   ``acousma backup`` and ``restore``
"""
