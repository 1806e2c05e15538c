# Two commands: `make adapt` (install and do the main job), `make test` (the suite).
PYTHON ?= python3.11
VENV ?= .venv
LANG_TAG ?= pl
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check -q install -c constraints.txt

.PHONY: adapt install test check bench clean

adapt: $(VENV)/.installed
	$(BIN)/mhx adapt --lang $(LANG_TAG)

install: $(VENV)/.installed

# torch first and alone: a looser requirement would fetch gigabytes of CUDA packages.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) torch==2.13.0
	$(PIP) -e '.[all]'
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) -e '.[all,test]'
	touch $@

test: $(VENV)/.tested
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 --dist loadfile

check: $(VENV)/.tested
	$(BIN)/ruff check mhx languages translation eval tests bench
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py
	$(BIN)/mhx check

bench: $(VENV)/.tested
	$(BIN)/python bench/main_job.py

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache
