# Two commands: `make lab` opens the course, `make test` runs every test. `make demo` works without a browser.
PYTHON ?= python3
VENV ?= .venv
LOWEST_PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := $(VENV)/bin

.PHONY: lab test demo quick lowest figures clean

lab: $(VENV)/.lab
	$(BIN)/heparin-pk lab

demo: $(VENV)/.lab
	$(BIN)/heparin-pk demo

test: $(VENV)/.test
	$(BIN)/python tests/install_chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests heparin_pk
	$(BIN)/python -m pytest --nbval-lax notebooks

quick: $(VENV)/.test
	$(BIN)/python -m pytest -q -m "not slow"

# The quick tests with the lowest version of every dependency that pyproject.toml allows. These have wheels for Python 3.11.
lowest:
	$(MAKE) PYTHON=$(LOWEST_PYTHON) VENV=.venv-lowest AT="--constraint tests/lowest-versions.txt" .venv-lowest/.test
	.venv-lowest/bin/python -m pytest -q -m "not slow and not browser"

figures: $(VENV)/.lab
	$(BIN)/python figures/make_figures.py

clean:
	rm -rf $(VENV) .venv-lowest demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("heparin_pk needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.lab: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[lab,fast]"
	$(BIN)/python -c "from heparin_pk.widgets.scenes import compile_loops; compile_loops()"
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(AT) --editable ".[test]"
	@touch $@ $(VENV)/.lab
