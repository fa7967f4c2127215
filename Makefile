# make demo paints samples/bunny.gif; make test runs the tests. Both make what they need and repair a half-made one.

# The first Python of at least 3.10 that can make environments; PYTHON=... chooses another.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.10,$(shell $(p) -c \
	'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10) or sys.version_info > (3, 14))' 2>/dev/null && echo $(p))))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INPUTS := pyproject.toml constraints.txt

.PHONY: demo test lint bench kill scaling styles clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	@mkdir -p out
	$(BIN)/vidstyle run samples/bunny.gif --style samples/styles/cubist.png -o out/bunny_cubist.gif --overwrite
	@echo "out/bunny_cubist.gif is samples/bunny.gif, painted like samples/styles/cubist.png."
	@echo "Your own: $(BIN)/vidstyle run YOUR.gif --style PAINTING.jpg"

test: $(VENV)/.tested
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	@mkdir -p out
	$(BIN)/python benchmarks/bench.py out/bench.md

# Kills runs at random moments, resumes them, and compares the bytes.
kill: $(VENV)/.installed
	$(BIN)/python benchmarks/kill.py

# What a film costs on many machines: the table of docs/scaling.md.
scaling: $(VENV)/.installed
	$(BIN)/python benchmarks/scaling.py

# Draws samples/styles anew.
styles: $(VENV)/.installed
	$(BIN)/python samples/draw_styles.py

clean:
	rm -rf $(VENV) out

# The stamps stand inside the environment: without it, or without a working Python in it, there is no stamp.
ifneq ($(shell $(BIN)/python -c 'import pip' 2>/dev/null && echo works),works)
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "vidstyle needs Python 3.10 or newer with its venv module: install it, or give PYTHON=..."; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(INPUTS)
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@
