PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo docs test test-slow test-min test-dist dist check golden fuzz bench bench-baseline bench-scaling \
	bench-sizes bench-alpha bench-control bench-looks bench-vectors bench-report clean

# $(call install,EXTRA): add what an extra needs to the virtual environment, which is made if there is none.
define install
$(PYTHON) -c 'import sys; sys.exit("fastkq needs Python 3.11 or newer; call make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
$(PYTHON) -m venv .venv
$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'
endef

# One stamp for each extra: installed anew when the dependencies change.
.venv/demo-installed: pyproject.toml
	$(call install,demo)
	touch $@

# dev includes demo.
.venv/installed: pyproject.toml
	$(call install,dev)
	touch .venv/demo-installed $@

.venv/docs-installed: .venv/installed
	$(call install,docs)
	touch $@

.venv/bench-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	touch $@

demo: .venv/demo-installed
	$(BIN)/python bench/demo.py

# The API reference in build/docs: the public modules and the specification of .fkq. The names of fastkq
# itself are imported lazily, so they are imported first.
PUBLIC = errors metrics pillow estimator compare cli
SPECIFIED = runtime.progress $(addprefix formats.,fkq fkq.packed fkq.header fkq.palette_values fkq.context)

docs: .venv/docs-installed
	$(BIN)/python -c 'from fastkq import *; from pdoc.__main__ import cli; cli()' --docformat numpy \
		--output-directory build/docs fastkq $(addprefix fastkq.,$(PUBLIC)) '!fastkq\.\w+\.' \
		$(addprefix fastkq.,$(SPECIFIED))
# Two workers; pytest-benchmark warns beside pytest-xdist, and no test uses it.
PARALLEL = -n 2 -p no:benchmark

test: .venv/installed
	$(BIN)/python -m tests.helpers.compile_kernels
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-slow: .venv/installed
	$(BIN)/python -m pytest $(PARALLEL) -m slow

# The least versions that pyproject.toml allows, of everything fastkq runs with.
.venv-min/installed: pyproject.toml tests/helpers/minimum_versions.py
	$(PYTHON) -m venv .venv-min
	.venv-min/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[dev]' $$($(PYTHON) -m tests.helpers.minimum_versions)
	touch $@

test-min: .venv-min/installed
	.venv-min/bin/python -m pytest

# The sdist, and the wheel that is built of it.
dist: .venv/installed
	rm -rf dist
	$(BIN)/python -m build --quiet

# What is handed out, in a virtual environment of its own, tested where the package's source is not.
test-dist: dist
	rm -rf build/dist && mkdir -p build/dist
	tar -xzf dist/fastkq-*.tar.gz -C build/dist --strip-components=1
	rm -r build/dist/fastkq
	$(PYTHON) -m venv build/dist/.venv
	build/dist/.venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[dev]"
	cd build/dist && .venv/bin/python -m pytest

check: .venv/installed
	$(BIN)/ruff check fastkq tests bench
	$(BIN)/ruff format --check fastkq tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

# The files of tests/data that are missing; those that are there are never written over.
golden: .venv/installed
	$(BIN)/python -m tests.helpers.golden_files

.venv/fuzz-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
	touch $@

# At least so long and so many: make fuzz SECONDS=60 INPUTS=10000 for a shorter run.
SECONDS = 600
INPUTS = 1000000

fuzz: .venv/fuzz-installed
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --inputs $(INPUTS)

# python -m bench --help lists the suites; each is one of the targets below.
bench: .venv/bench-installed
	$(BIN)/python -m bench engine

bench-baseline: .venv/bench-installed
	$(BIN)/python -m bench engine --write-baseline

bench-looks: .venv/bench-installed
	$(BIN)/python -m bench looks --sheets

bench-scaling bench-sizes bench-alpha bench-control bench-vectors bench-report: .venv/bench-installed
	$(BIN)/python -m bench $(@:bench-%=%)

clean:
	rm -rf .venv .venv-min build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks
