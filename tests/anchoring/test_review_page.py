"""The review form in a real browser: what a reviewer reads, changes, decides and saves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, Browser

from mhx.reviewing.answers import Answer
from mhx.reviewing.dialogues import Line, Reviewable
from mhx.reviewing.page import write_page
from mhx.reviewing.records import read_saved
from mhx.schema import Participant, Plan

SLOT = "{{service:suicide_adult}}"
TURNS = (
    ("seeker", "I have not slept for three nights.", "سه شب است که نخوابیده‌ام."),
    ("supporter", "That wears a person down.", "این آدم را از پا درمی‌آورد."),
    ("supporter", f"If it gets too much, call {SLOT}.", f"اگر خیلی سخت شد، زنگ بزن: {SLOT}."),
)


def reviewable(name: str, **changes: Any) -> Reviewable:
    lines = tuple(
        Line(f"{turn}.{part}", turn, role, source, text, text, "memory:exact")
        for (turn, part), (role, source, text) in zip(((0, 0), (1, 0), (1, 1)), TURNS, strict=True))
    plan = Plan(dialogue=name, seeker=Participant(), supporter=Participant(),
                seeker_to_supporter="shoma", supporter_to_seeker="shoma")
    fields: dict[str, Any] = {
        "id": name, "row": 1, "topic": "sleep", "risk": "indirect", "split": "train",
        "decision": "review", "plan": plan, "lines": lines,
        "reasons": ({"code": "length", "segment": 1, "severity": "review",
                     "message": "3.1 times <b>the</b> usual length ratio"},)}
    return Reviewable(**{**fields, **changes})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@dataclass
class Form:
    """One form in the browser."""

    browser: Browser
    path: Path
    found: list[Reviewable]
    saves: int = 0

    def open(self) -> None:
        self.browser.open(self.path)
        self.browser.until("document.getElementById('place').textContent !== ''")

    def text(self, id: str) -> str:
        return str(self.browser.ask(f"document.getElementById('{id}').textContent"))

    def write(self, number: int, text: str) -> None:
        """Replace the translation of a segment, as typing does."""
        self.browser.ask(
            f"(area => {{ area.focus(); area.select(); }})"
            f"(document.querySelectorAll('textarea[lang]')[{number}])")
        self.browser.type(text)

    def decide(self, verdict: str) -> None:
        self.browser.click(f"input[value={verdict}]")

    def chosen(self) -> str | None:
        found: str | None = self.browser.ask(
            "document.querySelector('input[name=verdict]:checked')?.value ?? null")
        return found

    def save(self) -> list[Answer]:
        self.browser.click("#save")
        self.saves += 1
        folder = self.path.parent / str(self.saves)
        folder.mkdir()
        return read_saved(self.browser.saved(folder))


@pytest.fixture
def form(browser: Browser, tmp_path: Path) -> Form:
    found = [reviewable("first"), reviewable("second", risk="none", reasons=())]
    path = tmp_path / "review.html"
    write_page(path, found, run=f"fa/{tmp_path.name}#000000000000", lang="fa", source="en")
    opened = Form(browser, path, found)
    opened.open()
    return opened


def test_the_translation_runs_from_right_to_left_beside_its_source(form: Form) -> None:
    ask = form.browser.ask
    assert form.text("place") == "1 of 2: first"
    assert ask("[...document.querySelectorAll('textarea[lang]')].map(one => one.value)") == [
        text for _, _, text in TURNS]
    assert ask("[...document.querySelectorAll('textarea[lang]')].every(one => "
               "getComputedStyle(one).direction === 'rtl' && one.lang === 'fa')")
    assert ask("[...document.querySelectorAll('.source')].every(one => "
               "getComputedStyle(one).direction === 'ltr')")
    assert ask("document.querySelectorAll('.role').length") == 2  # one a turn
    why = ask("document.querySelector('.why').textContent")
    assert why == "length: 3.1 times <b>the</b> usual length ratio"


def test_what_is_decided_is_saved_and_read(form: Form) -> None:
    better = "این آدم را خسته می‌کند."
    form.write(1, better)
    form.decide("accept")
    assert "with 1 change" in form.text("edited")
    form.browser.ask("document.getElementById('comment').focus()")
    form.browser.type("سبک شد")
    form.browser.click("#next")
    form.decide("reject")
    first, second = form.save()
    assert (first.dialogue, first.text_sha256, first.verdict, first.comment) == (
        "first", form.found[0].text_sha256, "accept", "سبک شد")
    assert [(one.at, one.target) for one in first.given] == [("1.0", better)]
    assert (second.dialogue, second.verdict, second.given) == ("second", "reject", ())


def test_a_dialogue_with_a_lost_service_is_not_accepted(form: Form) -> None:
    form.write(2, "اگر خیلی سخت شد، زنگ بزن.")
    assert f"Keep {SLOT}" in form.browser.ask(
        "document.querySelector('.fault:not([hidden])').textContent")
    form.decide("accept")
    assert form.chosen() is None
    form.write(2, f"زنگ بزن: {SLOT}.")
    form.decide("accept")
    assert form.chosen() == "accept"
    form.write(2, " ")  # what is spoiled afterwards is no longer accepted
    assert form.chosen() is None
    form.decide("escalate")
    assert form.chosen() == "escalate"


def test_a_reload_loses_nothing_and_a_text_put_back_is_no_change(form: Form) -> None:
    form.write(0, "سه شب است نخوابیده‌ام.")
    form.decide("accept")
    form.open()
    assert form.chosen() == "accept"
    assert form.browser.ask("document.querySelector('textarea').value") == "سه شب است نخوابیده‌ام."
    assert "1 of 2 open" in form.text("status")
    form.write(0, TURNS[0][2])
    (answer,) = form.save()
    assert (answer.verdict, answer.given) == ("accept", ())


def test_a_saved_file_is_loaded_again_and_another_forms_is_refused(form: Form) -> None:
    form.decide("reject")
    form.browser.click("#save")
    (form.path.parent / "kept").mkdir()
    path = form.browser.saved(form.path.parent / "kept")
    form.browser.click("#delete")
    form.browser.click("#really")
    assert form.chosen() is None
    mine = json.dumps(form.path.parent.name)
    assert not form.browser.ask(f"Object.keys(localStorage).some(key => key.includes({mine}))")
    form.browser.give_file("#file", path)
    form.browser.until("document.getElementById('status').textContent.includes('1 answers loaded')")
    assert form.chosen() == "reject"
    other = form.path.parent / "other.json"
    other.write_text(json.dumps({"run": "pl/x#1", "answers": []}), encoding="utf-8")
    form.browser.give_file("#file", other)
    form.browser.until("document.getElementById('status').textContent.includes('not saved from')")


def test_nothing_is_fetched_and_it_fits_a_phone(form: Form) -> None:
    for width, phone in ((1280, False), (390, True)):
        form.browser.size(width, 844, phone=phone)
        form.open()
        assert form.browser.ask("document.documentElement.scrollWidth") <= width
        assert form.browser.ask("Math.min(...[...document.querySelectorAll('button')]"
                                ".filter(one => one.offsetWidth).map(one => one.offsetHeight))"
                                ) >= 44  # WCAG 2.2, 2.5.5
    assert {one["params"]["request"]["url"].partition(":")[0] for one in form.browser.events
            if one["method"] == "Network.requestWillBeSent"} <= {"file", "blob"}
    bad = ("Log.entryAdded", "Runtime.exceptionThrown")
    assert [one for one in form.browser.events if one["method"] in bad] == []
