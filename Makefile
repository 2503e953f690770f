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
	rm -rf $(VENV) .venv-verl .venv-openrlhf .venv-trl dist demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

# torch first, and verl without its dependencies: these are the ones its reward parts import, and all of them work on a CPU.
.venv-verl/.installed: pyproject.toml $(addsuffix /pyproject.toml,$(LEAVES))
	$(PYTHON) -m venv .venv-verl
	.venv-verl/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-verl/bin/python -m pip install --quiet --disable-pip-version-check --no-deps verl==0.9.1
	.venv-verl/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 ray==2.60.0 hydra-core==1.3.8 \
		transformers==5.10.4 tensordict==0.10.0 numpy==2.4.6 datasets==5.2.0 pyarrow==26.0.1 torchdata==0.11.0 \
		codetiming==1.4.0 pylatexenc==2.11 aiohttp pillow 'pytest>=8.3' 'hypothesis>=6.100' \
		-e . -e ./plugins/tool-n1 -e ./backends/verl
	@touch $@

test-verl: .venv-verl/.installed ## Test the adapter for verl against the real verl, in .venv-verl.
	.venv-verl/bin/python -m pytest -W ignore -p no:cacheprovider backends/verl/tests

# OpenRLHF itself, on a CPU, and four older versions of it in folders of their own.
OPENRLHF_VENV := .venv-openrlhf
OPENRLHF_BIN := $(OPENRLHF_VENV)/bin
OLDER_OPENRLHF := 0.8.3 0.9.0 0.9.1 0.10.0

$(OPENRLHF_VENV)/.installed: backends/openrlhf/tests/requirements.txt backends/openrlhf/pyproject.toml
	$(PYTHON) -m venv $(OPENRLHF_VENV)
	$(OPENRLHF_BIN)/python -m pip install --quiet torch==2.13.0
	$(OPENRLHF_BIN)/python -m pip install --quiet torch==2.13.0 -r backends/openrlhf/tests/requirements.txt
	DS_BUILD_OPS=0 $(OPENRLHF_BIN)/python -m pip install --quiet --no-build-isolation --no-deps deepspeed==0.19.6
	$(OPENRLHF_BIN)/python -m pip install --quiet --no-deps openrlhf==0.11.2
	for version in $(OLDER_OPENRLHF); do $(OPENRLHF_BIN)/python -m pip install --quiet --no-deps \
	  --target $(OPENRLHF_VENV)/openrlhf-$$version openrlhf==$$version || exit 1; done
	$(OPENRLHF_BIN)/python -m pip install --quiet -e . -e ./plugins/tool-n1 -e ./plugins/toolrl -e ./backends/openrlhf
	@touch $@

test-openrlhf: $(OPENRLHF_VENV)/.installed ## Run the tests of the leaf openrlhf inside OpenRLHF's own code.
	$(OPENRLHF_BIN)/python -m pytest -n 2 -o filterwarnings= -p no:cacheprovider backends/openrlhf/tests

# TRL with torch for a CPU; on a GPU, choose the torch that fits it: make demo TORCH=torch SIZE=large DEVICE=cuda.
TORCH ?= torch==2.13.0
.venv-trl/.installed: backends/trl/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("toolverify needs Python 3.11 or later: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv-trl
	.venv-trl/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-trl/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) -e '.[testing]' \
		-e ./plugins/tool-n1 -e ./plugins/toolrl -e './backends/trl[train]' pytest
	@touch $@

SEED ?= 0
SIZE ?= tiny
DEVICE ?= cpu
demo: .venv-trl/.installed ## Train a tiny model on a CPU until it calls tools better, and draw the curve: some four minutes.
	.venv-trl/bin/toolverify demo --seed $(SEED) --size $(SIZE) --device $(DEVICE)

test-trl: .venv-trl/.installed ## Run the contract tests of backends/trl with TRL itself, in .venv-trl.
	.venv-trl/bin/python -m pytest -o addopts='--import-mode=importlib -ra --strict-markers' -o filterwarnings=default backends/trl/tests

.PHONY: help install demo test lint bench dist clean test-verl test-openrlhf test-trl
