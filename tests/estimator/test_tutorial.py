"""A script as in tutorials runs on fastkq when only its import is changed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).with_name("tutorial.py").read_text()
THEIRS, OURS = "from sklearn.cluster import KMeans", "from fastkq.estimator import KMeans"


@pytest.fixture
def run(tmp_path, monkeypatch, china):
    photo = tmp_path / "china.png"
    Image.fromarray(china[::3, ::3]).save(photo)

    def run(script):
        monkeypatch.setattr("sys.argv", ["tutorial.py", str(photo), str(tmp_path / "reduced.png")])
        names = {"__name__": "__main__"}
        exec(compile(script, "tutorial.py", "exec"), names)
        return names["kmeans"], names["pixels"], np.array(Image.open(tmp_path / "reduced.png"))

    return run


def test_tutorial_runs_with_only_the_import_changed(run):
    assert SCRIPT.count(THEIRS) == 1
    theirs, pixels, _ = run(SCRIPT)
    ours, _, reduced = run(SCRIPT.replace(THEIRS, OURS))
    assert type(ours).__module__.startswith("fastkq.")
    assert ours.inertia_ <= theirs.inertia_
    colors = np.unique(reduced.reshape(-1, 3), axis=0)
    assert len(colors) == 64
    assert ((reduced.reshape(-1, 3) / 255 - pixels) ** 2).sum() == pytest.approx(ours.inertia_, rel=1e-2)
    np.testing.assert_array_equal(ours.labels_, ours.predict(pixels))


def test_tutorial_runs_on_unscaled_pixels_with_labels(run):
    changed = SCRIPT.replace(") / 255", ")").replace("* 255", "").replace("predict(pixels)", "labels_")
    assert changed.count("255") == 0
    theirs, _, _ = run(changed)
    ours, pixels, reduced = run(changed.replace(THEIRS, OURS))
    assert pixels.dtype == np.uint8
    assert ours.inertia_ <= theirs.inertia_
    assert ours.cluster_centers_.dtype == np.float64
    assert len(np.unique(reduced.reshape(-1, 3), axis=0)) == 64
