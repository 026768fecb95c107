# Every target makes the virtual environment that it needs, and makes it again when what it was made from has changed.
# Python 3.11 and a package index are all that is needed.

PYTHON ?= python3.11
TESTS ?= -m "not slow" --few 1
DEMO := .venv-demo
DEV := .venv-dev

# Two processes; whoever is done takes what the other one has left.
PYTEST := $(DEV)/bin/python -m pytest -n 2 --dist worksteal

.PHONY: demo quick test soak coverage lint docs notebooks bench clean
.DELETE_ON_ERROR:

demo: $(DEMO)/made  ## install the package, price what gold could be promised in the example network retail_us, write the report
	$(DEMO)/bin/ctsopt run price_of_gold -o demo

quick: $(DEV)/made  ## with every commit: what is quick, and of many cases alike one that the seed of the day draws
	$(PYTEST) -m "not slow" --few 1

test: $(DEV)/made  ## before a change is taken: the test suite, fast and slow, and the examples in docstrings
	$(PYTEST)

soak: $(DEV)/made  ## the long run, for hours: every case, hundreds of seeds, other environments, whole packs
	$(DEV)/bin/python -m tools.soak

coverage: $(DEV)/made  ## lines and branches that make quick runs; those that every test runs: make coverage TESTS=
	$(PYTEST) $(TESTS) --budget 0 --cov --cov-report=term:skip-covered

lint: $(DEV)/made  ## style, types, layers
	$(DEV)/bin/ruff check
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

docs: $(DEV)/made  ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 $(DEV)/bin/mkdocs build --strict

notebooks: $(DEV)/made  ## run the notebooks from top to bottom, and keep what they print
	$(DEV)/bin/python -m tools.notebooks

bench: $(DEV)/made  ## time every phase beside other tools
	$(DEV)/bin/python -m benchmarks

clean:
	rm -rf $(DEMO) $(DEV) build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

# What is installed is the package itself, so a change of any of its files installs it anew.
$(DEMO)/made: pyproject.toml README.md LICENSE NOTICE $(shell find src models scenarios -type f -not -name '*.pyc')
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check '.[report]'
	touch $@

# Installed as a link to src/: only a change of the dependencies installs anew.
$(DEV)/made: pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
