# Each target does its own set-up: the first one makes .venv with the core, its leaves and what the checks need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LEAVES := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml backends/*/pyproject.toml))

.DEFAULT_GOAL := help

help: ## Show the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

$(VENV)/.installed: pyproject.toml $(addsuffix /pyproject.toml,$(LEAVES))
	@$(PYTHON) -c 'import sys; sys.exit("toolverify needs Python 3.11 or later: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' $(addprefix -e ./,$(LEAVES))
	@touch $@

install: $(VENV)/.installed ## Make .venv with everything in editable form.

demo: install ## Score a bundled sample with the paper's reward, and show the summary.
	@mkdir -p demo
	$(BIN)/toolverify score examples/completions.jsonl --profile tool-n1 --out demo/verdicts.jsonl
	@echo "a verdict for each line: demo/verdicts.jsonl"

test: install ## Run all tests, with branch coverage of the core.
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered

lint: install ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install ## Measure speed, hostile inputs and memory, and check the figures.
	$(BIN)/python benchmarks/check_figures.py

dist: install ## Build the wheels of the core and of every leaf into dist/.
	rm -rf dist
	for project in . $(LEAVES); do $(BIN)/python -m build --wheel --outdir dist $$project || exit 1; done

clean: ## Remove what the other targets made.
	rm -rf $(VENV) .venv-trl dist demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

test-trl: ## Run the contract tests of backends/trl with TRL itself, in .venv-trl.
	$(PYTHON) -m venv .venv-trl
	.venv-trl/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-trl/bin/python -m pip install --quiet --disable-pip-version-check -e '.[testing]' -e ./plugins/tool-n1 -e ./plugins/toolrl -e './backends/trl[train]' pytest torch==2.13.0
	.venv-trl/bin/python -m pytest -o addopts='--import-mode=importlib -ra --strict-markers' -o filterwarnings=default backends/trl/tests

.PHONY: help install demo test test-trl lint bench dist clean
