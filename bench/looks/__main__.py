"""`python -m bench.looks measure | report | sheets`: scores and times, the README's table, contact sheets."""

import argparse

from bench.looks import run, sheets, tables
from bench.looks.results import Looks
from bench.report import rewrite_readme


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.looks", description=__doc__)
    parser.add_argument("what", choices=("measure", "report", "sheets"))
    what = parser.parse_args().what
    if what == "measure":
        run.measure()
        print("\n" + tables.markdown(Looks.read()))
    elif what == "report":
        rewrite_readme("looks", tables.markdown(Looks.read()))
    else:
        sheets.draw()


if __name__ == "__main__":
    main()
