"""The figures of README.md and bench/RESULTS.md, and the code that draws them.

A figure whose packages or programs are not installed is left as it is.
"""

from importlib.util import find_spec

from bench.figures import photograph, time_against_error
from bench.suites.engine import Run


def draw(run: Run | None) -> None:
    """Draw all figures; that of time against error only from a run on the Kodak images."""
    if find_spec("matplotlib") is None:
        print("matplotlib is not installed: the sheet of china.jpg and the plot are left as they are")
    else:
        photograph.draw_sheet()
        if run is not None and "kodak" in run.sets():
            time_against_error.draw(run)
    if all(map(find_spec, photograph.SIDE_BY_SIDE_PACKAGES)):
        photograph.draw_side_by_side()
    else:
        packages = " or ".join(photograph.SIDE_BY_SIDE_PACKAGES)
        print(f"{packages} is not installed: side-by-side.png is left as it is")
    if photograph.can_draw_page():
        photograph.draw_page()
    else:
        print("Chromium, chromedriver or selenium is not installed: report.png is left as it is")
