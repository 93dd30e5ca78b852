# make run     start the app                        PORT=8502 chooses the port
# make test    run every test                       ARGS="-k softmax" chooses among them
# make check   lint, and check the formatting
# make bench   print the benchmarks' ratios
#
# Each installs what it needs into .venv first, and again only when a requirements file has changed.
# PYTHON=python3.12 chooses the interpreter of a new .venv.

PYTHON ?= python3
JOBS ?= 2

python := .venv/bin/python
install := $(python) -m pip install --quiet --disable-pip-version-check

.PHONY: run test check bench

run: .venv/run.stamp
	$(python) -m streamlit run app.py $(if $(PORT),--server.port $(PORT))

# One worker runs a whole file, so that the tests of a file share their server and browser.
test: .venv/dev.stamp
	$(python) -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

check: .venv/dev.stamp
	$(python) -m ruff check
	$(python) -m ruff format --check

bench: .venv/dev.stamp
	PYTHONPATH=. $(python) benchmarks/core.py
	PYTHONPATH=. $(python) benchmarks/training.py
	PYTHONPATH=. $(python) benchmarks/latency.py

# The environment comes after the bar: once it exists, its age says nothing.
.venv/run.stamp: requirements.txt | $(python)
	$(install) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt requirements.txt | $(python)
	$(install) -r requirements-dev.txt
	@touch $@

$(python):
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo \
	    "This project needs Python 3.11 or newer, and '$(PYTHON)' is not; name one that is: make PYTHON=python3.12 ..." >&2; \
	    exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo \
	    "'$(PYTHON) -m venv' failed; on Debian and Ubuntu, the package python3-venv provides what it needs." >&2; \
	    exit 1; }
