"""The form in a real browser: what a rater sees, presses and saves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from anchors_table import HIDDEN, export, table
from browser import CHROMIUM, Browser

from mhx.anchoring import Exported, read_key, read_ratings
from mhx.schema.anchors_form import AnchorKey

READING = 12.0  # seconds that a rater looks at a text
SHOWN = "!document.getElementById('rating').hidden"
ENDED = "!document.getElementById('finished').hidden"
RATERS = {"r1": ["en", "fa"], "r2": ["fa", "en"]}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@dataclass
class Page:
    """One form in the browser, and its rater."""

    browser: Browser
    done: Exported
    key: AnchorKey
    rater: str = "r1"
    saves: int = 0

    def begin(self) -> None:
        self.browser.open(self.done.form, f"#{self.rater}")
        self.browser.ask("document.getElementById('rater').focus()")
        self.browser.press("Enter")
        self.browser.until(SHOWN)

    @property
    def order(self) -> list[str]:
        return next(one.order for one in self.key.raters if one.id == self.rater)

    def text(self, id: str) -> str:
        return str(self.browser.ask(f"document.getElementById('{id}').textContent"))

    def press(self, key: str, code: str = "") -> None:
        """A key after some reading; waits for what it does."""
        before = self.text("place")
        self.browser.later(READING)
        self.browser.press(key, code)
        self.browser.until(f"document.getElementById('place').textContent !== {json.dumps(before)}"
                           f" || {ENDED}")

    def save(self, selector: str = "#save") -> Path:
        self.browser.click(selector)
        self.saves += 1
        folder = self.done.form.parent / str(self.saves)
        folder.mkdir()
        path = self.browser.saved(folder)
        assert path.name in self.text("status")
        return path


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Page:
    browser.size(1280, 900)
    browser.events.clear()
    done = export(tmp_path / "form.html", table(3), RATERS)
    browser.open(done.form)  # all files share one storage; a page without a rater writes nothing
    browser.ask("localStorage.clear()")
    return Page(browser, done, read_key(done.key))


def test_rating_by_keyboard_gives_a_file_with_exactly_these_values(page: Page) -> None:
    texts = {row["reply"]: row for row in table(3).iter_rows(named=True)}
    ways = {"en": [("0", "Unidentified"), ("1", "Numpad1"), ("é", "Digit2")],  # é: a French layout
            "fa": [("۰", "Digit0"), ("۱", "Unidentified"), ("س", "KeyS")]}  # س: a Persian one
    results = {"en": [0, 1, 2], "fa": [0, 1, None]}
    expected: dict[tuple[str, str], int | None] = {}
    page.begin()
    for step in range(6):
        row = texts[page.text("reply")]
        assert page.text("message") == row["post"]
        assert page.text("place").startswith(f"{step + 1} of 6")
        assert ("left" in page.text("place")) == (step == 5)  # after five there is a usual time
        tag, direction = row["lang"], {"en": "ltr", "fa": "rtl"}[row["lang"]]
        assert page.browser.ask("[document.getElementById('text').lang, getComputedStyle("
                                "document.getElementById('reply')).direction]") == [tag, direction]
        digits = page.browser.ask("[...document.querySelectorAll('#levels .digit')]"
                                  ".map(one => one.textContent)")
        assert digits == (["۰", "۱", "۲"] if tag == "fa" else ["0", "1", "2"])
        shown = page.browser.ask("document.body.innerText + document.title")
        for hidden in (*map(str, HIDDEN.values()), "scenario", row["anchor"]):
            assert hidden not in shown
        number = sum(one == tag for _, one in expected)
        expected[row["anchor"], tag] = results[tag][number]
        page.press(*ways[tag][number])
    assert page.browser.ask(ENDED)
    assert page.text("summary") == "5 rated, 1 skipped, 0 open."
    path = page.save("#save-end")
    assert path.name.startswith("ratings-r1-20")
    frame = read_ratings([path], page.done.key)
    assert {(one["item"], one["language"]): one["rating"] for one in frame.rows(named=True)
            } == expected
    assert frame["status"].to_list().count("skipped") == 1
    assert frame["seconds"].to_list() == pytest.approx([READING] * 6, abs=5)


def test_a_reload_loses_nothing_and_a_rating_can_be_changed(page: Page) -> None:
    page.begin()
    page.press("2", "Digit2")
    page.press("1", "Digit1")
    page.browser.click("#remark summary")
    page.browser.click("#note")
    page.browser.type("20 words")  # digits in a note rate nothing
    page.browser.press("0", "Digit0")
    page.browser.reload()
    assert page.browser.ask(SHOWN) is False
    page.begin()
    assert page.text("place").startswith("3 of 6")
    assert page.browser.ask("document.getElementById('note').value") == "20 words0"
    assert "2 not yet saved to a file" in page.text("kept")
    page.press("ArrowLeft")
    assert page.browser.ask("document.querySelector('#levels [aria-pressed=true] .digit')"
                            ".textContent") in ("1", "۱")
    page.press("0", "Digit0")
    assert page.text("place").startswith("3 of 6")  # back to the first open text
    page.press("2", "Digit2")
    ratings = json.loads(page.save().read_text(encoding="utf-8"))["ratings"]
    assert [(one["code"], one["value"], one["note"]) for one in ratings] == [
        (page.order[0], 2, ""), (page.order[1], 0, ""), (page.order[2], 2, "20 words0")]


def test_deleted_here_and_loaded_from_the_file_again(page: Page) -> None:
    page.begin()
    page.press("2", "Digit2")
    page.press("s", "KeyS")
    path = page.save()
    page.press("1", "Digit1")
    page.browser.click("#delete")
    assert page.text("sure-text").startswith("1 ratings are in no file yet")
    page.browser.click("#keep")
    assert page.browser.ask("localStorage.length") == 1
    page.browser.click("#delete")
    page.browser.click("#really")
    assert page.browser.ask("localStorage.length") == 0
    assert page.browser.ask("!document.getElementById('start').hidden")
    page.browser.give_file("#file", path)
    page.browser.until(SHOWN)
    assert page.text("place").startswith("3 of 6")
    assert "2 ratings loaded" in page.text("status")
    for _ in range(4):
        page.press("1", "Digit1")
    again = page.save("#save-end")
    frame = read_ratings([path, again], page.done.key)  # the second holds the first
    assert frame["rating"].to_list() == [2, None, 1, 1, 1, 1]


def test_the_time_left_comes_from_the_time_taken(page: Page, tmp_path: Path) -> None:
    long = export(tmp_path / "long.html", table(30), RATERS)
    page = Page(page.browser, long, read_key(long.key))
    page.begin()
    for _ in range(6):
        page.browser.later(60 - READING)
        page.press("1", "Digit1")
    assert page.text("place") == "7 of 60, about 54 minutes left"


def test_the_mouse_rates_and_a_double_click_rates_once(page: Page) -> None:
    page.begin()
    page.browser.later(READING)
    page.browser.click("#levels button:nth-child(3)")
    page.browser.click("#levels button:nth-child(3)")
    assert page.text("place").startswith("2 of 6")
    assert page.browser.ask("document.querySelectorAll('[aria-pressed=true]').length") == 0
    page.browser.later(READING)
    page.browser.click("#skip")
    for _ in range(4):
        page.browser.click("#next")
    assert page.text("summary") == "1 rated, 1 skipped, 4 open."
    assert page.text("end") == "You are at the end of the list."
    page.browser.click("#skipped")
    assert page.text("place").startswith("2 of 6")
    page.browser.click("#back")
    assert page.text("place").startswith("1 of 6")
    ratings = json.loads(page.save().read_text(encoding="utf-8"))["ratings"]
    assert [(one["value"], one["skipped"]) for one in ratings] == [(2, False), (None, True)]


def test_a_browser_that_keeps_nothing_says_so(page: Page) -> None:
    page.begin()
    page.browser.ask("Storage.prototype.setItem = () => { throw new Error('blocked'); }")
    page.press("1", "Digit1")
    assert page.text("kept").startswith("This browser keeps nothing: save to a file")
    frame = read_ratings([page.save()], page.done.key)
    assert frame["status"].to_list().count("rated") == 1


def test_an_unknown_code_and_a_file_of_another_form_are_refused(page: Page, tmp_path: Path) -> None:
    page.browser.open(page.done.form, "#r7")
    page.browser.click("#enter button")
    assert "knows no such code" in page.text("wrong")
    other = tmp_path / "other.json"
    for content, message in (
        ("{", "not a file that was saved from this form"),
        (json.dumps({"form": "0", "ratings": []}), "not a file that was saved from this form"),
        (json.dumps({"form": page.key.sha256, "rater": "x", "ratings": []}), "knows no rater"),
    ):
        other.write_text(content, encoding="utf-8")
        page.browser.ask("document.getElementById('status').textContent = ''")
        page.browser.give_file("#file", other)
        page.browser.until("document.getElementById('status').textContent !== ''")
        assert message in page.text("status")
    assert not page.browser.ask(SHOWN)
    page.rater = "R2"  # upper and lower case are one
    page.begin()
    other.write_text(json.dumps({"form": page.key.sha256, "rater": "r1", "ratings": []}),
                     encoding="utf-8")
    page.browser.give_file("#file", other)
    page.browser.until("document.getElementById('status').textContent.includes('of rater r1')")


def test_nothing_is_fetched_and_nothing_goes_wrong(page: Page) -> None:
    page.begin()
    for _ in range(6):
        page.press("1", "Digit1")
    page.save("#save-end")
    page.browser.ask("1")
    asked = {one["params"]["request"]["url"].partition(":")[0] for one in page.browser.events
             if one["method"] == "Network.requestWillBeSent"}
    assert asked <= {"file", "blob"}
    bad = ("Log.entryAdded", "Runtime.exceptionThrown")
    assert [one for one in page.browser.events if one["method"] in bad] == []
    # refused by the page's policy, not for want of a network
    assert page.browser.ask("""Promise.race([
      new Promise(done => addEventListener("securitypolicyviolation",
        event => done(event.effectiveDirective))),
      fetch("http://localhost:9/").catch(() => new Promise(done => setTimeout(done, 2000, "sent"))),
    ])""") == "connect-src"


CONTRASTS = """
(() => {
  const luminance = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = one => {
    const found = one && getComputedStyle(one).backgroundColor;
    if (!one) return "rgb(255,255,255)";
    return found === "rgba(0, 0, 0, 0)" ? behind(one.parentElement) : found;
  };
  return [...document.querySelectorAll("body *")]
    .filter(one => one.offsetWidth && !one.disabled
      && [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim()))
    .map(one => {
      const both = [luminance(getComputedStyle(one).color), luminance(behind(one))];
      const [low, high] = both.sort((a, b) => a - b);
      return [one.className || one.id || one.tagName, (high + .05) / (low + .05)];
    });
})()
"""  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize(("width", "phone"), [(1280, False), (390, True), (320, True)])
def test_it_is_readable_and_touchable_at_every_width(page: Page, width: int, phone: bool) -> None:
    page.browser.size(width, 844, phone=phone)
    page.browser.open(page.done.form)
    page.browser.until("!document.getElementById('start').hidden")
    seen = set()

    def look() -> None:
        assert page.browser.ask("document.documentElement.scrollWidth") <= width
        assert [one for one in page.browser.ask(CONTRASTS) if one[1] < 4.5] == []
        sizes = page.browser.ask("[...document.querySelectorAll('button, #rater')].map(one => "
                                 "one.getBoundingClientRect()).filter(one => one.width)"
                                 ".map(one => Math.min(one.width, one.height))")
        assert min(sizes) >= 44  # WCAG 2.2, 2.5.5

    look()
    page.begin()
    while len(seen) < 2:
        look()
        tag = page.browser.ask("document.getElementById('text').lang")
        digit, label = page.browser.ask(
            "['.digit', '.label'].map(one => document.querySelector('#levels ' + one)"
            ".getBoundingClientRect().x)")
        assert (digit > label) == (tag == "fa")
        seen.add(tag)
        page.press("1", "Digit1")
    page.press("ArrowLeft")
    look()  # with an answer chosen


def test_a_screen_reader_finds_a_name_for_everything(page: Page) -> None:
    page.begin()
    page.browser.click("#remark summary")
    tree: list[dict[str, Any]] = page.browser.call("Accessibility.getFullAXTree")["nodes"]
    found = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in tree
             if not one["ignored"]]
    for role, name in found:
        if role in ("button", "textbox", "progressindicator", "group", "DisclosureTriangle"):
            assert name or role == "group", role
    assert ("group", page.text("question")) in found
    assert sum(role == "button" and name[0] in "012۰۱۲" for role, name in found) == 3
    assert page.browser.ask("document.activeElement.tagName") in ("H1", "SUMMARY")


def test_the_second_of_two_windows_takes_over_what_the_first_gave(page: Page) -> None:
    page.begin()
    page.press("2", "Digit2")
    stored = page.browser.ask("JSON.stringify([Object.keys(localStorage)[0], "
                              "localStorage[Object.keys(localStorage)[0]]])")
    place, value = json.loads(stored)
    value = json.loads(value)
    value["given"][page.order[4]] = {"value": 0, "seconds": 3, "skipped": False, "note": ""}
    page.browser.ask(f"dispatchEvent(new StorageEvent('storage', {{key: {json.dumps(place)}, "
                     f"newValue: {json.dumps(json.dumps(value))}}}))")
    page.press("1", "Digit1")
    frame = read_ratings([page.save()], page.done.key)
    assert frame.filter(pl.col("status") == "rated")["rating"].to_list() == [2, 1, 0]
