# Acousma. `make demo` and `make test` need python3 (3.11 or later) with venv, and make.
# On Linux without a GPU, `make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu` fetches the small build of torch.

PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= $(shell echo $$(( $$(nproc) * 2 )))
BIN     := $(VENV)/bin
ARCHIVE ?= archive
ACOUSMA := ACOUSMA_STORE=$(ARCHIVE) $(BIN)/acousma
PACKAGES := ontology store queries ingest export truth api

.PHONY: help install demo test test-all check bench clean

help:           ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/installed  ## Make .venv and install Acousma into it

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Acousma needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 install") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
ifdef TORCH_INDEX
	$(BIN)/pip install --quiet --constraint constraints.txt --index-url $(TORCH_INDEX) torch
endif
	@echo "Installing Acousma and what it needs (a few minutes the first time) ..."
	$(BIN)/pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	@# on all processors, which pip does on one; libraries carry templates that are no Python
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@

demo: install   ## Ingest demo/, answer three questions, print what to type next
	@$(ACOUSMA) ingest demo --catalogue demo/catalogue.csv --claims demo/etude.score.csv
	@$(ACOUSMA) ask opens_with --param concept=attackDecay
	@$(ACOUSMA) ask concept_across_works --param concept=swelledGraduatedContinuant
	@$(ACOUSMA) ask contradicted_claims --param limit=8
	@$(ACOUSMA) agreement demo/etude.score.csv
	@$(ACOUSMA) next

test: install   ## Run the test suite, on all processors, without a browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-all: install  ## Run the test suite, the tests in Chromium, and the slow ones, which repeat for every case what it does for some
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "slow or not slow"

check: install  ## Lint, type-check, and check that generated files are current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: install  ## Measure speed against peers (takes minutes)
	$(BIN)/python -m benchmarks.features
	$(BIN)/python -m benchmarks.loading
	$(BIN)/python -m benchmarks.validating
	$(BIN)/python -m benchmarks.questions
	$(BIN)/python -m benchmarks.listening
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m benchmarks.serving

clean:          ## Remove .venv and caches; the archive stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
