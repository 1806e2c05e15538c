"""Multiple choice: own files read, orders drawn, letters read back, accuracy, bias, topics."""

import json
from collections import Counter
from dataclasses import replace

import polars as pl
import pytest
from judge_server import serving
from serving import Said

from mhx.endpoint import Completion, Limits
from mhx.errors import MhxError, UsageError
from mhx.language import load_language
from mhx.scoring import choice_job
from mhx.scoring.choice_files import read_questions
from mhx.scoring.choice_job import Job, run_job
from mhx.scoring.choice_models import Given
from mhx.scoring.choice_result import by_topic, letters, summary, table
from mhx.scoring.choices import Question, from_shipped, letters_of, shown
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())
MHQA = "id,question,option1,option2,option3,option4,correct_option_number,topic\n"
COUNSELING = (
    "Patient Demographic,Presenting Problem,Mental Status Exam,Other Contexts,Question,Choice A,"
    "Choice B,Choice C,Choice D,Correct Answer,Competency\n"
    'A woman of 40,Low mood,Oriented,None,"What comes first?",Ask,Tell,Wait,Refer,Refer,Intake\n')


def questions(count=40, options=4, topic=lambda n: "all"):
    return [Question(f"q{n}", "en", topic(n), f"Question {n}?",
                     tuple(f"option {n} {k}" for k in range(options)), frozenset([n % options]))
            for n in range(count)]


def answered(asked, choose, orders=4):
    return [Given(one, choose(one), "scored") for question in asked
            for one in shown(question, seed=1, orders=orders)]


# ---------------------------------------------------------------- files

def test_mhqa_files_are_read(write):
    path = write("mhqa.csv", MHQA + "a,Which?,one,two,three,four,3,anxiety\n")
    (one,) = read_questions(path, language="en")
    assert (one.id, one.topic, one.options[2], one.correct) == ("a", "anxiety", "three", {2})


def test_counselingbench_files_are_read_with_the_case(write):
    (one,) = read_questions(write("cb.csv", COUNSELING), language="en")
    assert one.text.split("\n") == ["A woman of 40", "Low mood", "Oriented", "None",
                                    "What comes first?"]
    assert one.correct == {3} and one.topic == "Intake"


@pytest.mark.parametrize("record", [
    {"question": "哪些?", "options": {"A": "一", "B": "二", "C": "三"}, "answer": "AC"},
    {"question": "哪些?", "options": ["A. 一", "B. 二", "C. 三"], "answer": ["A", "C"]},
    {"question": "哪些?", "A": "一", "B": "二", "C": "三", "answer": "A, C"},
    {"question": "哪些?", "options": ["一", "二", "三"], "correct": ["一", "三"]},
])
def test_files_with_several_answers_are_read(write, record):
    for name, text in (("p.json", json.dumps([record])), ("p.jsonl", json.dumps(record))):
        (one,) = read_questions(write(name, text), language="zh")
        assert one.options == ("一", "二", "三") and one.correct == {0, 2} and not one.single


def test_class_labels_count_from_zero_only_where_a_zero_stands(write):
    rows = [{"question": f"q{n}?", "options": ["x", "y"], "label": label}
            for n, label in enumerate([0, 1])]
    path = write("z.jsonl", "\n".join(map(json.dumps, rows)))
    assert [one.correct for one in read_questions(path, language="en")] == [{0}, {1}]
    rows = [{**row, "label": row["label"] + 1} for row in rows]
    path = write("o.jsonl", "\n".join(map(json.dumps, rows)))
    assert [one.correct for one in read_questions(path, language="en")] == [{0}, {1}]


def test_every_bad_row_is_named_with_its_line(write):
    path = write("bad.csv", MHQA
                 + "a,Which?,one,two,three,four,5,x\n"
                 + 'b,"Two\nlines?",one,two,three,four,1,x\n'
                 + "c,,one,two,three,four,1,x\n"
                 + "d,Which?,one,one,three,four,1,x\n"
                 + "b,Which?,one,two,three,four,,x\n")
    with pytest.raises(MhxError) as caught:
        read_questions(path, language="en")
    assert [(one.line, one.what.split(" — ")[0]) for one in caught.value.problems] == [
        (2, "the answer '5' is no option"), (5, "an empty question"),
        (6, "two options read the same"), (7, "no correct answer")]


@pytest.mark.parametrize("record", [
    {"options": {"A": "one", "B": "", "C": "three"}}, {"options": ["one", None, "three"]},
    {"option1": "one", "option2": " ", "option3": "three"},
])
def test_an_empty_option_before_a_filled_one_is_refused(write, record):
    path = write("gap.jsonl", json.dumps({"question": "Which?", "answer": 2, **record}))
    with pytest.raises(MhxError, match="an empty option before a filled one"):
        read_questions(path, language="en")


def test_empty_options_at_the_end_are_left_out(write):
    (one,) = read_questions(write("end.csv", MHQA + "a,Which?,one,two,,,2,x\n"), language="en")
    assert one.options == ("one", "two") and one.correct == {1}


@pytest.mark.parametrize(("text", "says"), [
    ("a,b\n1,2\n", "no column with the question"),
    ("question,option1,option2\nx,y,z\n", "no column with the correct answer"),
])
def test_a_file_without_its_columns_says_which(write, text, says):
    with pytest.raises(MhxError, match=says):
        read_questions(write("c.csv", text), language="en")


# ---------------------------------------------------------------- orders and letters

def test_with_as_many_orders_as_options_each_letter_is_correct_once():
    for question in questions(5):
        orders = shown(question, seed=3, orders=4)
        assert sorted(letter for one in orders for letter in one.right) == list("ABCD")
        assert all(set(one.order) == {0, 1, 2, 3} for one in orders)
    first = [one.order for one in shown(questions(1)[0], seed=3, orders=4)]
    assert first == [one.order for one in shown(questions(1)[0], seed=3, orders=4)]
    assert len({shown(question, seed=3, orders=1)[0].order for question in questions(40)}) > 5


@pytest.mark.parametrize(("text", "found"), [
    ("B", "B"), ("b", None), ("(C)", "C"), ("B.", "B"), ("B. Because it helps.", "B"),
    ("B) the second", "B"), ("Answer: D", "D"), ("Odpowiedź: C.", "C"), ("پاسخ: D", "D"),
    ("**A**", "A"), ("The answer is (B).", "B"), ("A, C", "AC"), ("A and C", "AC"),
    ("A i D", "AD"), ("A و C", "AC"), ("A good reply asks first.", None), ("", None),
    ("I do not know.", None), ("(A) or (B)", None), ("E", None), ("Because.", None),
    ("A. PTSD", "A"), ("C. OCD", "C"), ("B. ADHD", "B"), ("A) or B", None), ("(A) lub (B)", None),
    ("(A)or(B)", None),
])
def test_letters_are_read_where_it_is_clear_which(text, found):
    expected = frozenset(found) if found else None
    assert letters_of(text, "ABCD") == expected


# ---------------------------------------------------------------- what it shows

def test_always_one_letter_is_chance_and_its_bias_is_seen():
    given = answered(questions(), lambda one: frozenset("A"))
    (row,) = summary(given)
    assert row["balanced_accuracy"] == pytest.approx(0.25) == row["chance"]
    assert row["same_in_all_orders"] == 0
    (first, *rest) = letters(given)
    assert (first["given"], first["difference"]) == (1.0, 0.75)
    assert all(one["given"] == 0 for one in rest)


def test_unbalanced_letters_do_not_help_who_says_the_most_frequent():
    asked = [shown(question, seed=1, orders=4) for question in questions(40)]
    skewed = [one for orders in asked for one in orders
              if one.right == {"A"} or (one.right == {"B"} and one.question.id.endswith("1"))]
    (row,) = summary([Given(one, frozenset("A"), "scored") for one in skewed])
    assert row["accuracy"] > 0.9 and row["balanced_accuracy"] == 0.5


def test_knowledge_of_options_is_seen_with_its_interval():
    def knows_most(one):
        return one.right if int(one.question.id[1:]) % 5 else frozenset("A")

    (row,) = summary(answered(questions(), knows_most))
    assert row["balanced_accuracy"] == pytest.approx(0.85)
    assert row["low"] < 0.85 < row["high"] and row["high"] - row["low"] > 0.05
    (row,) = summary(answered(questions(), lambda one: one.right))
    assert (row["balanced_accuracy"], row["same_in_all_orders"]) == (1.0, 1.0)
    assert 0.9 < row["low"] < 1, "forty right answers do not show perfection"


def test_an_unread_answer_costs_coverage_and_is_never_right():
    given = answered(questions(8), lambda one: one.right, orders=1)
    given[0] = Given(given[0].shown, None, "unparsable", "no letter")
    (row,) = summary(given)
    assert (row["answered"], row["coverage"], row["accuracy_all"]) == (7, 7 / 8, 7 / 8)
    assert row["accuracy"] == 1.0 and row["why"] == {"unparsable: no letter": 1}


def test_topics_are_compared_and_languages_only_by_licence():
    asked = questions(60, topic=lambda n: "crisis" if n % 2 else "ethics")
    given = answered(asked, lambda one: one.right if int(one.question.id[1:]) % 2
                     else frozenset("A"), orders=2)
    (gap,) = by_topic(table(given, "s")).contrasts
    assert {gap.group, gap.reference} == {"crisis", "ethics"} and abs(gap.gap) > 0.5
    other = pl.concat([table(given, "s"), table(given, "s").with_columns(language=pl.lit("pl"))])
    assert by_topic(other).cross_language[0].verdict == "insufficient anchors"
    assert by_topic(table(answered(questions(4), lambda one: one.right), "s")) is None


# ---------------------------------------------------------------- models

def test_the_shipped_questions_are_asked_of_the_embedded_base():
    done = run_job(Job(langs=("pl",), model="mhx-tiny", orders=1, limit=6), SHELVES)
    (row,) = done.summary()
    assert row["asked"] == 6 and row["coverage"] == 1 and "babble" in done.note
    assert "Wybierz jedną odpowiedź" in done.given[0].shown.text
    again = run_job(Job(langs=("pl",), model="mhx-tiny", orders=1, limit=6), SHELVES)
    assert again.rows.equals(done.rows)
    written = run_job(Job(langs=("pl",), model="mhx-tiny", orders=1, limit=2, method="written"),
                      SHELVES)
    assert {one.status for one in written.given} <= {"scored", "unparsable"}


def test_the_signature_holds_the_key_and_the_adapters_content(write, monkeypatch, tmp_path):
    monkeypatch.setattr("mhx.scoring.choice_job._asked", lambda *_: [])
    adapter = tmp_path / "adapter"
    adapter.mkdir()

    def signature(key, weights):
        (adapter / "weights").write_text(weights)
        path = write("mhqa.csv", MHQA + f"a,Which?,one,two,three,four,{key},x\n")
        return run_job(Job(langs=("en",), model="mhx-tiny", files=(path,), adapter=str(adapter)),
                       SHELVES).signature

    first = signature(1, "x")
    assert len({first, signature(2, "x"), signature(1, "y")}) == 3
    assert signature(1, "x") == first


def test_several_correct_options_are_asked_in_writing_alone():
    choices = load_language("en", shelves=SHELVES).choices
    several = [one for one in from_shipped(choices, "en", "Choose one.") if not one.single]
    assert several and "More than one" in shown(several[0], seed=0, orders=1)[0].text
    assert "Choose one." not in shown(several[0], seed=0, orders=1)[0].text


def test_an_endpoint_is_asked_and_a_failure_is_no_answer(write):
    path = write("mhqa.csv", MHQA + "".join(
        f"q{n},Which {n}?,one {n},two,three,four,1,t\n" for n in range(4)))

    def says(prompt):
        if "Which 3?" in prompt:
            return 500
        if "Which 2?" in prompt:
            return "As an assistant I cannot choose."
        line = next(line for line in prompt.splitlines() if ". one" in line)
        return f"{line[0]}. because"

    with serving(says) as (url, _):
        job = Job(langs=("en",), model=f"openai:m@{url}", files=(path,), orders=1,
                  method="written")
        done = run_job(replace(job, limits=Limits(retries=0)), SHELVES)
    assert Counter(one.status for one in done.given) == {"scored": 2, "unparsable": 1,
                                                        "missing": 1}
    (row,) = done.summary()
    assert row["accuracy"] == 1.0 and row["accuracy_all"] == 0.5


def test_a_letter_late_in_a_cut_off_answer_is_read(write):
    path = write("mhqa.csv", MHQA + "q,Which?,one,two,three,four,1,t\n")
    with serving(lambda prompt: Said("Well, " * 60 + "Answer: (B)", ending="length")) as (url, _):
        done = run_job(Job(langs=("en",), model=f"openai:m@{url}", files=(path,), orders=1,
                           method="written"), SHELVES)
    assert done.given[0].letters == {"B"}


def test_personal_data_of_a_users_file_does_not_leave_for_another_machine(write, monkeypatch):
    path = write("mhqa.csv", MHQA + "q,Whom does ola@example.com call?,601 234 567,b,c,d,1,t\n")
    sent = []

    class Far:
        remote = True

        def complete(self, chats):
            sent.extend(chat.messages[0]["content"] for chat in chats)
            return [Completion(None, "refused") for _ in chats]

        def close(self):
            pass

    opened = []
    monkeypatch.setattr(choice_job, "open_judge", lambda spec, **how: opened.append(how) or Far())
    job = Job(langs=("en",), model="openai:m@http://far/v1", files=(path,), method="written")
    run_job(job, SHELVES)
    assert len(sent) == 2 and opened[0]["screened"] is True
    assert not any("ola@" in text or "601 234" in text for text in sent)
    monkeypatch.setattr(choice_job, "name_finder", lambda language: None)
    run_job(job, SHELVES)
    assert opened[1]["screened"] is False, "an address that is not of this machine is refused"
    run_job(replace(job, files=()), SHELVES)
    assert opened[2]["screened"] is True


@pytest.mark.parametrize(("change", "says"), [
    ({"method": "guess"}, "unknown method"),
    ({"model": "openai:m@http://127.0.0.1:9/v1"}, "no likelihoods"),
    ({"model": "openai:m@http://127.0.0.1:9/v1", "method": "written", "adapter": "auto"},
     "no adapter of ours"),
    ({"langs": ("xx",)}, "ships no questions"),
    ({"adapter": "auto", "model": "/nowhere"}, "no adapter of pl"),
])
def test_what_cannot_be_asked_is_said(change, says, bare):
    job = Job(**{"langs": ("pl",), "model": "mhx-tiny", **change})
    with pytest.raises((MhxError, UsageError), match=says):
        run_job(job, bare)
