# make site   environment, hfreader, and the site for BERT and GPT-2 in site/
# make test   environment (if needed) and the whole test suite
PYTHON ?= python3
BIN := .venv/bin

.PHONY: site test lint browser bench clean
.DELETE_ON_ERROR:

site: .venv/.hfreader
	$(BIN)/hfreader build --models bert,gpt2

test: .venv/.dev browser lint
	$(BIN)/python -m pytest

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The browser tests drive Chromium: the system's, Debian's package, or the one Playwright brings.
browser: .venv/.dev
	@sh tests/browser/install.sh $(BIN)/playwright

bench: .venv/.dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .[bench]
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/sizes.py
	$(BIN)/python benchmarks/analysis.py

.venv/.hfreader: pyproject.toml constraints.txt | .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: .venv/.hfreader
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .[dev]
	@touch $@

.venv:
	$(PYTHON) -m venv .venv

clean:
	rm -rf .venv
	git clean -fdXq site
