# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
FIXTURES := fixtures/project_self_evaluation/changji_2020/source

.PHONY: demo test check lint types imports wheel goldens clean

demo: $(VENV)/.installed
	$(BIN)/guibiao run $(FIXTURES) --to data/demo
	$(BIN)/guibiao show data/demo --dataset funding --limit 4
	$(BIN)/guibiao show data/demo --dataset indicators --limit 6

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q -n auto

check: lint types imports

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

wheel: $(VENV)/.installed-dev
	rm -rf dist
	$(BIN)/python -m build --wheel
	$(BIN)/python tests/wheel_run.py dist/*.whl

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Guibiao needs Python 3.11 to 3.13; 需要 Python 3.11 至 3.13（make PYTHON=python3.12 ...）")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

goldens: $(VENV)/.installed-dev
	REWRITE_GOLDENS=1 $(BIN)/python -m pytest -q tests/test_goldens.py

clean:
	rm -rf $(VENV) data dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
