PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo docs test test-slow test-min dist test-dist check golden fuzz bench bench-baseline bench-scaling \
	bench-sizes bench-alpha bench-control bench-looks bench-vectors bench-report clean

# $(call install,EXTRA) installs fastkq with an extra into the virtual environment, which is made if missing.
define install
$(PYTHON) -c 'import sys; sys.exit("fastkq needs Python 3.11 or newer; call make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
$(PYTHON) -m venv .venv
$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'
endef

# One stamp per extra. A change of pyproject.toml installs the extra again.
.venv/demo-installed: pyproject.toml
	$(call install,demo)
	touch $@

# dev includes demo.
.venv/installed: pyproject.toml
	$(call install,dev)
	touch .venv/demo-installed $@

# The extras docs, bench and fuzz are installed beside dev.
.venv/%-installed: .venv/installed
	$(call install,$*)
	touch $@

demo: .venv/demo-installed
	$(BIN)/python bench/demo.py

# The API reference: the public modules, without the private modules below them, and the specification of
# .fkq. fastkq imports its names on first use, but pdoc lists only imported names, so all are imported first.
PUBLIC = errors metrics pillow estimator compare cli
SPECIFICATION = $(addprefix formats.,fkq fkq.packed fkq.version_2 fkq.header fkq.parts fkq.context fkq.palette_values)

docs: .venv/docs-installed
	$(BIN)/python -c 'from fastkq import *; from pdoc.__main__ import cli; cli()' --docformat numpy \
		--output-directory build/docs fastkq $(addprefix fastkq.,$(PUBLIC)) '!fastkq\.\w+\.' \
		$(addprefix fastkq.,runtime.progress $(SPECIFICATION))

# Two workers. Without -p no:benchmark, pytest-benchmark warns about pytest-xdist; no test needs it.
PARALLEL = -n 2 -p no:benchmark

test: .venv/installed
	$(BIN)/python -m tests.helpers.compile_kernels
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-slow: .venv/installed
	$(BIN)/python -m pytest $(PARALLEL) -m slow

# All tests with the minimum versions that pyproject.toml allows.
.venv-min/installed: pyproject.toml tests/helpers/minimum_versions.py
	$(PYTHON) -m venv .venv-min
	.venv-min/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[dev]' $$($(PYTHON) -m tests.helpers.minimum_versions)
	touch $@

test-min: .venv-min/installed
	.venv-min/bin/python -m pytest $(PARALLEL)

# The sdist, and the wheel built from it.
dist: .venv/installed
	rm -rf dist
	$(BIN)/python -m build --quiet

# All tests on the wheel, in its own virtual environment and without the source of fastkq beside the tests.
test-dist: dist
	rm -rf build/dist && mkdir -p build/dist
	tar -xzf dist/fastkq-*.tar.gz -C build/dist --strip-components=1
	rm -r build/dist/fastkq
	$(PYTHON) -m venv build/dist/.venv
	build/dist/.venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[dev]"
	cd build/dist && .venv/bin/python -m pytest $(PARALLEL)

check: .venv/installed
	$(BIN)/ruff check fastkq tests bench
	$(BIN)/ruff format --check fastkq tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writes the missing files of tests/data and never replaces an existing one.
golden: .venv/installed
	$(BIN)/python -m tests.helpers.golden_files

# The fuzzer stops when it has reached both numbers. make fuzz SECONDS=60 INPUTS=10000 is a short run.
SECONDS = 600
INPUTS = 1000000

fuzz: .venv/fuzz-installed
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --inputs $(INPUTS)

# python -m bench --help lists the suites. Each has a target; that of the suite engine is bench.
bench: .venv/bench-installed
	$(BIN)/python -m bench engine

bench-baseline: .venv/bench-installed
	$(BIN)/python -m bench engine --write-baseline

bench-looks: .venv/bench-installed
	$(BIN)/python -m bench looks --sheets

bench-scaling bench-sizes bench-alpha bench-control bench-vectors bench-report: .venv/bench-installed
	$(BIN)/python -m bench $(@:bench-%=%)

clean:
	rm -rf .venv .venv-min build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks .import_linter_cache
