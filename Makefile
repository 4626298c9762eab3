# make nano   set up, train, measure and report the nano recipe
# make test   set up and run the tests
# make check  set up, lint and type-check
# make llama  build llama.cpp (minutes) and test GGUF export with it; CHECKPOINT=FOLDER, or the embedded base
# make bench  set up, and time against transformers, TRL and plain Python processes

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 2

.PHONY: nano nano-base test check format llama bench clean
.DEFAULT_GOAL := nano

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

nano: $(VENV)/installed
	$(BIN)/reasoncore run recipes/nano.toml

nano-base: $(VENV)/installed
	$(BIN)/reasoncore run recipes/nano-base.toml

test: $(VENV)/installed-dev
	$(BIN)/pytest

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

llama: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt 'llama-cpp-python[server]>=0.3.16'
	REASONCORE_CHECKPOINT=$(CHECKPOINT) $(BIN)/pytest -m llama_cpp -rA tests/unit/test_llama_cpp.py

bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/rollout.py
	$(BIN)/python benchmarks/rl_step.py
	$(BIN)/python benchmarks/sft.py
	$(BIN)/python benchmarks/sandbox.py --site

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
