"""Choice of k by keyboard, click, table, plot and address."""

import numpy as np
import pytest

from tests.compare.html.browsing import KS

pytestmark = pytest.mark.slow  # starts a browser

CHOICES = {
    "by the keyboard": lambda view, k: view.press(
        "input[name=k]:checked", "\ue014" if k > view.chosen() else "\ue012"
    ),
    "by a click": lambda view, k: view.run(f"document.querySelector('input[value=\"{k}\"]').click()"),
    "in the table": lambda view, k: view.driver.find_element("css selector", f"th a[href='#k={k}']").click(),
    "in the plot": lambda view, k: view.driver.find_element(
        "css selector", f"svg a[href='#k={k}'] circle + circle"
    ).click(),
    "in the address": lambda view, k: view.open(f"#k={k}"),
}


@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_choosing_k_updates_the_whole_page(view, choose):
    for k in (12, 5, 2):
        choose(view, k)
        view.settle()
        row = view.rows[KS.index(k)]
        assert view.chosen() == k
        assert view.sees(300)
        assert view.run("return at('badge').textContent") == f"{k} colors"
        caption = view.run("return at('caption').textContent")
        assert caption.startswith(f"{k} colors: {row.fkq_bytes:,} bytes as .fkq")
        marked = view.run("return [...document.querySelectorAll('[aria-current]')].map(e => e.textContent)")
        assert len(marked) == 2
        assert f"{row.fkq_bytes:,}" in marked[0]
        assert f"{row.fkq_bytes:,}" in marked[1]
        names = view.run("return [...document.querySelectorAll('#palette code')].map(e => e.textContent)")
        assert names == [f"#{bytes(color).hex()}" for color in row.compressed.palette]
        widths = view.run(
            "return [...document.querySelectorAll('#strip i')].map(e => e.getBoundingClientRect().width)"
        )
        shares = np.bincount(row.compressed.indices.reshape(-1)) / row.compressed.indices.size
        assert widths == pytest.approx((600 * shares).tolist(), abs=0.1)
        assert view.run("return location.hash") == f"#k={k}"


def test_the_palette_is_copied_as_text(view):
    view.run(
        "const writeText = async (text) => { window.text = text; };"
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText } });"
    )
    view.run("at('copy').click()")
    view.settle()
    names = [f"#{bytes(color).hex()}" for color in view.rows[1].compressed.palette]
    assert view.run("return window.text") == "\n".join(names)
    assert view.run("return at('copied').textContent") == "copied"
