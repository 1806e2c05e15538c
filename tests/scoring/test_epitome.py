"""The epitome measure: cue lists by sentence, and its measured agreement with human labels."""

import functools
import importlib.util
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError
from mhx.files import hash_file, load_model, write_yaml
from mhx.schema import EmpathyCues
from mhx.scoring import MECHANISMS, open_measure
from mhx.shelves import discover, shipped_root

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data/epitome"
SHELVES = discover(cwd=shipped_root())
WITH_CUES = [
    name for name in SHELVES.names("languages")
    if (SHELVES.get("languages", name).folder / "empathy_cues.yaml").is_file()
]
EPITOME = SHELVES.module(SHELVES.get("eval", "epitome"), "measure.py")
ORIGIN = {"kind": "model", "name": "test", "reviewed_by": None}


def opened(folder, lang="en"):
    return open_measure("epitome", MeasureSettings(lang, folder), SHELVES)[1]


def english():
    return SHELVES.get("languages", "en").folder


@pytest.fixture
def toy(tmp_path):
    """A measure whose cues are plain words, so that only its own behavior is seen."""
    lists = {"weak": ["weakly"], "strong": ["strongly"], "veto": ["never"]}
    cues = {"origin": ORIGIN} | dict.fromkeys(MECHANISMS, lists)
    write_yaml(tmp_path / "empathy_cues.yaml", cues)
    return opened(tmp_path)


def scores(measure, *texts):
    frame = pl.DataFrame(
        {"unit": [str(number) for number in range(len(texts))], "response": list(texts)},
        schema={"unit": pl.String, "response": pl.String},
    )
    return measure.score(frame)


# ---------------------------------------------------------------- behavior

@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Nothing here.", 0),
        ("Weakly so.", 1),
        ("Strongly so.", 2),
        ("Weakly and strongly so.", 2),
        ("Strongly so. Weakly so.", 2),  # the best sentence counts, in any order
        ("Weakly so. Strongly so.", 2),
        ("Never strongly so.", 0),
        ("Strongly so, never mind.", 0),  # a veto counts after the cue too
        ("Never mind. Strongly so.", 2),  # but only in its own sentence
        ("Never mind! Weakly so?", 1),
        ("never mind\nweakly so", 1),
        ("Never strongly so. Weakly so.", 1),
        ("STRONGLY SO", 2),
        ("...", 0),
    ],
)
def test_levels(toy, text, level):
    assert {toy.level(text, mechanism) for mechanism in MECHANISMS} == {level}


def test_a_cue_does_not_reach_over_a_sentence_end(tmp_path):
    cues = {"weak": ["one.{0,9}two"], "strong": [r"two\?"]}
    write_yaml(tmp_path / "empathy_cues.yaml", {"origin": ORIGIN} | dict.fromkeys(MECHANISMS, cues))
    measure = opened(tmp_path)
    got = [measure.level(text, "explorations") for text in ("one two.", "one. two.", "one. two?")]
    assert got == [1, 0, 2]


@pytest.mark.parametrize("mark", ["؟", "…", "?!"])
def test_sentences_end_with_the_marks_of_other_scripts(toy, mark):
    assert toy.level(f"never{mark} strongly so", "interpretations") == 2


def test_an_empty_response_is_missing_not_zero(toy):
    frame = scores(toy, "", "  \n", None, "Nothing here.")
    missing = frame.filter(pl.col("unit") != "3")
    assert set(missing["status"]) == {"missing"} and missing["score"].null_count() == 9
    there = frame.filter(pl.col("unit") == "3")
    assert set(there["status"]) == {"scored"} and there["score"].to_list() == [0.0, 0.0, 0.0]


def test_the_frame_is_long_and_carries_the_cues_in_its_signature(toy):
    frame = scores(toy, "Weakly so.")
    assert frame.columns == ["unit", "measure", "score", "status", "scorer"]
    assert frame["measure"].to_list() == list(MECHANISMS)  # the toy cues hold no flags
    digest = hash_file(toy.settings.language_folder / "empathy_cues.yaml")[:12]
    assert set(frame["scorer"]) == {toy.signature} and f"cues:{digest}" in toy.signature
    assert toy.summary(frame) == {}


def test_a_language_without_cues_is_an_error_that_says_what_to_write(tmp_path):
    with pytest.raises(MhxError, match=r"xx brings no empathy cues.*write empathy_cues\.yaml"):
        opened(tmp_path, "xx")


def test_a_mechanism_without_a_cue_is_an_error(tmp_path):
    cues = {name: {"weak": ["a"]} for name in MECHANISMS} | {"explorations": {"veto": ["b"]}}
    write_yaml(tmp_path / "empathy_cues.yaml", {"origin": ORIGIN} | cues)
    with pytest.raises(MhxError, match="explorations has no cue"):
        opened(tmp_path)


# ---------------------------------------------------------------- the English cues

@pytest.mark.parametrize(
    ("mechanism", "text", "level"),
    [
        # the rater wording of Can AI Relate, after Sharma et al.
        ("emotional_reactions", "Everything will be fine.", 1),
        ("emotional_reactions", "I feel really sad for you.", 2),
        ("interpretations", "I understand how you feel.", 1),
        ("interpretations", "This must be terrifying.", 2),
        ("explorations", "What happened?", 1),
        ("explorations", "Are you feeling alone right now?", 2),
        # and what must not count
        ("emotional_reactions", "Sorry for the late answer.", 0),
        ("emotional_reactions", "Go to bed earlier.", 0),
        ("interpretations", "I don't understand.", 0),
        ("interpretations", "Go to bed earlier.", 0),
        ("interpretations", "I'm so sorry you feel this way.", 0),
        ("explorations", "You know?", 0),
        ("explorations", "Go to bed earlier.", 0),
        ("explorations", "Nobody asks what you want.", 0),
    ],
)
def test_english_cues(mechanism, text, level):
    measure = opened(english())
    assert measure.level(text, mechanism) == level
    assert measure.level(text.replace("'", "’"), mechanism) == level  # the curly apostrophe


@pytest.mark.parametrize("lang", WITH_CUES)
def test_cues_of_a_language_load_and_are_linear(lang):
    folder = SHELVES.get("languages", lang).folder
    measure = opened(folder, lang)
    start = time.perf_counter()
    for text in ("what how why do you ", "i just really ", "sorry ", "a", "you "):
        for mechanism in MECHANISMS:
            measure.level((text * 20_000)[:20_000], mechanism)  # no sentence end in it
    assert time.perf_counter() - start < 20


def test_english_has_fifteen_to_forty_cues_a_mechanism_none_twice():
    cues = load_model(english() / "empathy_cues.yaml", EmpathyCues)
    for mechanism in MECHANISMS:
        lists = getattr(cues, mechanism)
        every = [*lists.weak, *lists.strong, *lists.veto]
        assert 15 <= len(every) <= 40 and len(set(every)) == len(every)


# ---------------------------------------------------------------- agreement

@pytest.mark.parametrize("lang", [name for name in WITH_CUES if name != "en"])
def test_agreement_is_unknown_without_human_labels(lang):
    assert opened(SHELVES.get("languages", lang).folder, lang).agreement() == {}


def test_agreement_of_english_is_shown():
    stored = opened(english()).agreement()
    assert [row["mechanism"] for row in stored["rows"]] == list(MECHANISMS)
    for row in stored["rows"]:
        assert row["kappa_low"] < row["kappa_quadratic"] < row["kappa_high"]
        assert sum(row["levels"].values()) == row["n"] == stored["n"]
        assert 0 < row["f1_macro"] < 1 and 0 < row["f1_binary"] < 1
    assert "test half" in stored["data"] and "2009.08441" in stored["source"]


def test_agreement_measured_on_other_cues_is_not_shown(tmp_path):
    for name in ("empathy_cues.yaml", "empathy_agreement.json"):
        shutil.copy(english() / name, tmp_path / name)
    assert opened(tmp_path).agreement() == opened(english()).agreement() != {}
    with (tmp_path / "empathy_cues.yaml").open("a", encoding="utf-8") as handle:
        handle.write("# one more line\n")
    assert opened(tmp_path).agreement() == {}


@functools.cache
def bench():
    path = ROOT / "bench/epitome_agreement.py"
    if not path.is_file():
        pytest.skip(f"{path} is not here: run the tests in a checkout")
    spec = importlib.util.spec_from_file_location("epitome_agreement", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_split_is_a_hash_of_the_id_pair():
    halves = [bench().half_of(f"s{number}", f"r{number}") for number in range(400)]
    assert 160 < halves.count("dev") < 240 and set(halves) == {"dev", "test"}
    assert bench().half_of("1", "23") == "dev" and bench().half_of("12", "3") == "test"


def test_repeated_pairs_are_removed_and_counted(tmp_path):
    frame = pl.DataFrame({
        "sp_id": ["a", "a", "a", "b", "b"], "rp_id": ["1", "1", "2", "3", "3"],
        "response_post": ["x", "x", "y", "z", "z"], "level": [2, 0, 1, 1, 1],
    })
    frame.write_csv(tmp_path / "interpretations-reddit.csv")
    kept, removed, differing = bench().read(tmp_path, "interpretations")
    assert kept["level"].to_list() == [2, 1, 1] and (removed, differing) == (2, 1)


def test_macro_f1_by_hand():
    human, made = pl.Series([0, 0, 1, 2]).to_numpy(), pl.Series([0, 1, 1, 1]).to_numpy()
    # level 0: 2*1/(2+1), level 1: 2*1/(1+3), level 2: none made
    assert bench().macro_f1(human, made, (0, 1, 2)) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


def test_missing_data_is_an_error_with_the_path(tmp_path):
    with pytest.raises(MhxError, match=r"emotional-reactions-reddit\.csv"):
        bench().agreement(tmp_path, SHELVES)


@pytest.mark.skipif(
    not DATA.is_dir(), reason="real data not on this machine"
)
def test_the_stored_agreement_is_what_is_measured_now():
    stored = json.loads((english() / "empathy_agreement.json").read_text(encoding="utf-8"))
    now = bench().agreement(DATA, SHELVES)
    assert stored["cues_sha256"] == now["cues_sha256"] and stored["note"] == now["note"]
    assert stored["data_sha256"] == now["data_sha256"]
    assert stored["not_measured"] == now["not_measured"]
    for old, new in zip(stored["rows"], now["rows"], strict=True):
        assert old["human_by_cues"] == new["human_by_cues"]
        for one, two in zip(old["baselines"], new["baselines"], strict=True):
            assert (one["baseline"], one["fitted"]) == (two["baseline"], two["fitted"])
            for name, gain in one["gain"].items():
                assert gain == pytest.approx(two["gain"][name], abs=1e-6)
        assert (old["mechanism"], old["n"], old["levels"]) == (
            new["mechanism"], new["n"], new["levels"])
        for name in ("kappa_quadratic", "kappa_low", "kappa_high", "f1_binary", "f1_macro",
                     "accuracy"):
            assert old[name] == pytest.approx(new[name], abs=1e-9, rel=0)


# ---------------------------------------------------------------- baselines, hiding, staleness

def stored_with(tmp_path, **changes):
    """A copy of the English cues with an agreement changed at the top, or in one row's gains."""
    shutil.copy(english() / "empathy_cues.yaml", tmp_path / "empathy_cues.yaml")
    stored = json.loads((english() / "empathy_agreement.json").read_text(encoding="utf-8"))
    stored |= changes
    (tmp_path / "empathy_agreement.json").write_text(json.dumps(stored), encoding="utf-8")
    return tmp_path


def problems(folder):
    return [one.what for one in EPITOME.check(folder)]


def rows_with(mechanism, baseline, statistic, low):
    rows = json.loads((english() / "empathy_agreement.json").read_text(encoding="utf-8"))["rows"]
    for row in rows:
        for base in row["baselines"]:
            if (row["mechanism"], base["baseline"]) == (mechanism, baseline):
                base["gain"][statistic]["low"] = low
    return rows


def test_english_beats_the_majority_and_the_length_of_a_response():
    for row in opened(english()).agreement()["rows"]:
        assert [base["baseline"] for base in row["baselines"]] == ["majority", "length"]
        for base in row["baselines"]:
            for name in ("kappa_quadratic", "accuracy"):
                gain = base["gain"][name]
                assert 0 < gain["low"] < gain["value"] < gain["high"]
                assert gain["value"] == pytest.approx(row[name] - base[name], abs=1e-12)
    assert opened(english()).hidden == frozenset()


@pytest.mark.parametrize("baseline", ["majority", "length"])
@pytest.mark.parametrize("statistic", ["kappa_quadratic", "accuracy"])
@pytest.mark.parametrize(("low", "status"), [(-0.01, "hidden"), (0.0, "hidden"), (0.01, "scored")])
def test_a_mechanism_that_does_not_beat_a_baseline_is_hidden(
    tmp_path, baseline, statistic, low, status
):
    rows = rows_with("interpretations", baseline, statistic, low)
    measure = opened(stored_with(tmp_path, rows=rows))
    frame = scores(measure, "I know exactly how you feel. Me too.")
    found = dict(frame.select("measure", "status").iter_rows())
    assert found["interpretations"] == status
    assert {found[name] for name in set(found) - {"interpretations"}} == {"scored"}
    hidden = frame.filter(pl.col("status") == "hidden")
    assert hidden["score"].null_count() == hidden.height
    assert measure.agreement()["rows"] == rows  # why it is hidden is still shown
    assert problems(tmp_path) == []  # a poor scorer is no fault of the plugin


def test_an_agreement_without_baselines_hides_its_mechanism(tmp_path):
    rows = [{"mechanism": "explorations", "kappa_quadratic": 0.9}]
    assert opened(stored_with(tmp_path, rows=rows)).hidden == {"explorations"}


def test_changed_cues_or_data_fail_the_check_and_void_the_agreement(tmp_path):
    assert problems(stored_with(tmp_path)) == []
    digests = opened(tmp_path).agreement()["data_sha256"]
    stored_with(tmp_path, data_sha256=digests | {"explorations": "0" * 64})
    assert problems(tmp_path) == ["the agreement of explorations was measured on another file"]
    assert opened(tmp_path).agreement() == {}
    stored_with(tmp_path, data_sha256={})
    assert problems(tmp_path) == ["the agreement does not say which data it was measured on"]
    stored_with(tmp_path)
    with (tmp_path / "empathy_cues.yaml").open("a", encoding="utf-8") as handle:
        handle.write("# one more line\n")
    assert problems(tmp_path) == ["the agreement was measured on other cues"]
    (tmp_path / "empathy_agreement.json").unlink()
    assert problems(tmp_path) == []  # not measured is said, and no fault


def test_kappa_and_accuracy_are_those_of_the_published_table():
    # Fleiss, Levin & Paik 2003, table 18.1: 75 1 4 / 5 4 1 / 0 0 10; agreed: .89
    counts = np.array([75, 1, 4, 5, 4, 1, 0, 0, 10.0])
    kappa, accuracy = bench().kappa_and_accuracy(counts)
    human, made = np.repeat(np.divmod(np.arange(9), 3), counts.astype(int), axis=1)
    apart, off = ((human - made) ** 2).mean(), human.mean() - made.mean()
    # quadratic kappa is the concordance coefficient of the levels (Fleiss & Cohen 1973, n for n-1)
    ccc = 1 - apart / (human.var() + made.var() + off**2)
    assert accuracy == pytest.approx(0.89) and kappa == pytest.approx(ccc, abs=1e-12)
    assert bench().kappa_and_accuracy(np.array([5.0, *[0] * 8])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("rising", [True, False])
def test_the_length_baseline_finds_thresholds_that_are_there(rising):
    words = np.arange(1, 61)
    levels = (words >= 20).astype(int) + (words >= 40)
    rule = bench().fit_length(words, levels if rising else 2 - levels)
    assert (rule.low, rule.high, rule.rising) == (20, 40, rising)


def test_gains_over_oneself_are_nothing_and_over_noise_all():
    rng = np.random.default_rng(0)
    human, noise = rng.integers(0, 3, 400), rng.integers(0, 3, 400)
    none, all_ = bench().gains(human, noise, noise), bench().gains(human, human, noise)
    assert none["accuracy"] == none["kappa_quadratic"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    # the cues are always right, so the gain is the noise's error: share of binomial error
    error = float((human != noise).mean())
    half = 1.96 * (error * (1 - error) / 400) ** 0.5
    assert all_["accuracy"]["value"] == pytest.approx(error)
    assert all_["accuracy"]["low"] == pytest.approx(error - half, abs=0.012)
    assert all_["accuracy"]["high"] == pytest.approx(error + half, abs=0.012)


def test_data_that_are_not_the_published_files_are_refused(tmp_path):
    frame = pl.DataFrame({"sp_id": ["a"], "rp_id": ["1"], "response_post": ["x"], "level": [2]})
    frame.write_csv(tmp_path / "emotional-reactions-reddit.csv")
    with pytest.raises(MhxError, match="not the published file"):
        bench().agreement(tmp_path, SHELVES)
