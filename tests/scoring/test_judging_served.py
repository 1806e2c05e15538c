"""A real OpenAI-compatible server as a judge: `transformers serve` with a tiny taught model."""

from __future__ import annotations

import json

import pytest
from judge_server import legal
from serving import serve, teach_chats

from mhx.endpoint import Completion
from mhx.judging import Item, JudgeSettings, judge, open_judge, rubric_of, worded
from mhx.judging.aggregate import scores
from mhx.shelves import discover, shipped_root

RUBRIC = "compassionate_refusal"
ITEMS = [Item("good", "I can't do that here."), Item("prose", "No.")]


class Recorder:
    """A judge that only notes what it is asked."""

    family, signature, remote = "", "recorder", False

    def __init__(self, name):
        self.name, self.chats = name, []

    def complete(self, chats, progress=None):
        self.chats += chats
        return [Completion(None, "empty") for _ in chats]

    def close(self):
        pass


@pytest.mark.slow
def test_a_served_model_rates_and_its_prose_is_no_rating(tmp_path):
    shelves = discover(cwd=shipped_root())
    manifest, rubric = rubric_of(RUBRIC, shelves)
    words = [worded(manifest, "en", shelves)]
    folder = tmp_path / "model"
    folder.mkdir()
    recorder = Recorder(str(folder))
    judge(ITEMS, words, [recorder], JudgeSettings())
    answers = [json.dumps(legal(recorder.chats[0].messages[0]["content"], 1)), "I'd rather not."]
    teach_chats(folder, [(chat.messages, answer)
                         for chat, answer in zip(recorder.chats, answers, strict=True)])
    with serve(folder) as url:
        one = open_judge(f"openai:{folder}@{url}")
        judged = judge(ITEMS, words, [one], JudgeSettings())
        one.close()
    rated = scores(["good", "prose"], judged.ratings, rubric)
    found = {(row.unit, row.score): row for row in rated}
    assert {found["good", name].value for name in manifest.scores} == {1.0}
    assert {found["prose", name].status for name in manifest.scores} == {"unparsable"}
    assert judged.spent[str(folder)].asked == 2
