"""Looking after a running server: numbers for Prometheus (:mod:`api.operation.metrics`)."""
