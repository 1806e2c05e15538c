"""The page in a browser without a window: nothing wider than the screen, tables that sort."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from io import BytesIO

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
    "google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
# A window is at least 500 pixels wide, so a phone is a frame in one; it tells what it measured.
FRAME = """<!doctype html><iframe src="{name}.html" style="width:{width}px;height:900px;border:0">
</iframe><script>addEventListener("message", (event) => {{
  document.documentElement.dataset.probe = event.data;
}});</script>"""
PROBE = """<script>
addEventListener("load", () => {
  const wide = [];
  for (const one of document.body.querySelectorAll("*")) {
    const inside = one.closest(".scroll table, .scroll img");
    if (!inside && one.getBoundingClientRect().right > innerWidth + 1) wide.push(one.outerHTML);
  }
  const table = document.querySelector("#tab-contrasts table");
  const heads = [...table.tHead.rows[0].cells], rows = () => [...table.tBodies[0].rows];
  const column = heads.findIndex((head) => head.textContent.trim() === "gap");
  const read = () => rows().map((row) => row.cells[column].dataset.v).join(",");
  const button = heads[column].querySelector("button"), states = [read()];
  button.focus();
  for (let press = 0; press < 3; press++) {
    button.click();
    states.push((heads[column].ariaSort ?? "none") + ":" + read());
  }
  parent.postMessage(JSON.stringify({
    inner: innerWidth, scroll: document.documentElement.scrollWidth, wide, states,
    focus: document.activeElement === button,
    images: [...document.images].map((one) => one.naturalWidth),
  }), "*");
});
</script>"""


def browser(folder, page, width, height, *options):
    return subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}", *options,
         page.as_uri()],
        cwd=folder, capture_output=True, text=True, timeout=180, check=True).stdout


@pytest.fixture(scope="module")
def probed(real, both, tmp_path_factory):
    """Pages, and the same ones with a script that measures them."""
    folder = tmp_path_factory.mktemp("browser")
    for name, report in (("one", real), ("two", both)):
        text = report.read("index.html")
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
        text = text.replace("</body>", f"{PROBE}</body>")
        (folder / f"{name}-probe.html").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["one", "two"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen_and_tables_sort(probed, name, width):
    frame = probed / f"{name}-{width}.html"
    frame.write_text(FRAME.format(name=f"{name}-probe", width=width), encoding="utf-8")
    text = browser(probed, frame, width + 100, 1000, "--dump-dom")
    found = json.loads(unescape(re.search(r'data-probe="([^"]*)"', text)[1]))
    assert found["inner"] == width
    assert found["scroll"] <= width, found["wide"][:3]
    assert found["wide"] == []
    assert all(found["images"])
    assert found["focus"]
    before, up, down, again = found["states"]
    values = [float(one) for one in before.split(",")]
    assert [float(one) for one in up.partition(":")[2].split(",")] == sorted(values)
    assert [float(one) for one in down.partition(":")[2].split(",")] == sorted(values, reverse=True)
    assert (up.partition(":")[0], down.partition(":")[0]) == ("ascending", "descending")
    assert again == f"none:{before}"


@pytest.mark.parametrize(("width", "height"), [(390, 1600), (1280, 1600)])
def test_the_screen_is_not_blank(probed, width, height):
    from matplotlib.image import imread

    shot = probed / f"{width}.png"
    browser(probed, probed / "one.html", width, height, f"--screenshot={shot}")
    pixels = imread(BytesIO(shot.read_bytes()))[:, :, :3]
    assert pixels.shape[:2] == (height, width)
    ink = (pixels.min(axis=2) < 0.6).mean()
    assert 0.01 < ink < 0.5
    rows = (pixels.min(axis=2) < 0.6).any(axis=1)
    assert rows[height // 2 :].mean() > 0.2  # the lower half too


def test_a_printed_page_has_no_buttons_and_is_a_pdf(probed):
    shot = probed / "page.pdf"
    browser(probed, probed / "one.html", 1280, 1000, f"--print-to-pdf={shot}")
    assert shot.read_bytes().startswith(b"%PDF")
