"""Judges asked about texts: tasks, rounds, ratings; what was spent; nothing made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from mhx.contracts import Status
from mhx.corpus.names import NameFinder
from mhx.corpus.privacy import hidden
from mhx.endpoint import Chat, Completion
from mhx.errors import MhxError, UsageError
from mhx.judging.answers import Reading, read
from mhx.judging.families import families_of
from mhx.judging.judges import Judge
from mhx.judging.modes import MODES, Mode, combined
from mhx.judging.prompt import Item, chat_of
from mhx.judging.rubrics import Worded
from mhx.schema.rubric import REASON

Say = Callable[[str], None]


@dataclass(frozen=True)
class JudgeSettings:
    """`mode` of :data:`mhx.judging.MODES`; `repeats` of each judge; `seed` of all draws.

    `temperature` None is the mode's own. `skip_family`: a judge does not rate its own family.
    """

    mode: str = "single"
    repeats: int = 1
    seed: int = 0
    temperature: float | None = None
    skip_family: bool = True

    @property
    def way(self) -> Mode:
        """The mode. Raises UsageError for an unknown one."""
        if self.mode not in MODES:
            raise UsageError(f"unknown mode {self.mode!r}", f"one of {', '.join(MODES)}")
        return MODES[self.mode]


@dataclass(frozen=True)
class Rating:
    """What one judge said of one item of a text in one repeat; `value` None with the reason."""

    unit: str
    judge: str
    repeat: int
    item: str
    value: str | None
    status: Status
    detail: str
    presented: str


@dataclass
class Spent:
    """Calls: planned before, then by what came of them; tokens as the server counts them.

    `unsent`: parameters (temperature, seed, …) that the server refuses, so that some answer was
    drawn without them.
    """

    planned: int = 0
    asked: int = 0
    cached: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unsent: tuple[str, ...] = ()

    def add(self, done: Completion) -> None:
        """Count a completion."""
        self.cached += done.cached
        self.asked += not done.cached
        self.failed += done.text is None
        self.unsent = tuple(sorted({*self.unsent, *done.unsent}))
        if not done.cached:
            self.tokens_in += done.tokens_in
            self.tokens_out += done.tokens_out


@dataclass(frozen=True)
class Judged:
    """All ratings, what they cost by judge, and which judges were left out of which texts."""

    ratings: list[Rating]
    spent: dict[str, Spent]
    excluded: dict[str, int] = field(default_factory=dict)
    down: dict[str, str] = field(default_factory=dict)


@dataclass
class _Task:
    """A text, a judge, a repeat: its seats' readings and remarks, the last round's."""

    item: Item
    judge: Judge
    repeat: int
    worded: Worded
    seats: list[dict[str, Reading]]
    remarks: list[str]


def calls(items: int, judges: int, settings: JudgeSettings) -> int:
    """Calls that judging costs at most; answers in the cache cost none."""
    return items * judges * settings.repeats * settings.way.calls


def judge(
    items: Sequence[Item],
    presentations: Sequence[Worded],
    judges: Sequence[Judge],
    settings: JudgeSettings,
    say: Say | None = None,
    finder: NameFinder | None = None,
) -> Judged:
    """Ratings of every item by every judge, `settings.repeats` times.

    Of `presentations` (one rubric in one or several languages) each repeat draws one. A judge
    that cannot be reached costs its ratings (status missing, named in `down`). Before a text goes
    to another machine its personal data is replaced, names by `finder`.

    Raises MhxError where no judge at all can be used, UsageError for two judges of one name.
    """
    names = [one.name for one in judges]
    if len(set(names)) < len(names):
        raise UsageError("two judges of one name", "name each once; --repeats asks again")
    spent = {one.name: Spent() for one in judges}
    excluded: dict[str, int] = {}
    down: dict[str, str] = {}
    ratings: list[Rating] = []
    errors: list[MhxError] = []
    for one in judges:
        own = [item for item in items if settings.skip_family and same_family(one, item.by)]
        if own:
            excluded[one.name] = len(own)
        skipped = {item.unit for item in own}
        rated = [item for item in items if item.unit not in skipped]
        if one.remote:
            rated = [_screened(item, finder) for item in rated]
        tasks = list(_tasks(rated, presentations, one, settings))
        spent[one.name].planned = len(tasks) * settings.way.calls
        try:
            _ask(tasks, one, settings, spent[one.name], say)
        except MhxError as error:
            errors.append(error)
            down[one.name] = str(error)
            for task in tasks:
                gone = Reading(None, "missing", "unreachable")
                task.seats = [dict.fromkeys(_item_ids(task.worded), gone)]
        ratings += [rating for task in tasks for rating in _ratings(task)]
    if errors and len(errors) == len(judges):
        raise MhxError([problem for error in errors for problem in error.problems])
    return Judged(ratings, spent, excluded, down)


def same_family(one: Judge, by: str) -> bool:
    """Whether a judge shares a family with the model that wrote a text; unknown is not the same."""
    shown = families_of(one.name)
    own = shown if one.family in shown else {one.family} - {""}  # a family that was given stands
    return bool(by) and (one.name == by or bool(own & (families_of(by) or {by.lower()})))


def _tasks(
    items: Sequence[Item], presentations: Sequence[Worded], one: Judge, settings: JudgeSettings
) -> Iterator[_Task]:
    for item in items:
        for repeat in range(1, settings.repeats + 1):
            draw = Random(f"{settings.seed}:{item.unit}:{one.name}:{repeat}:language")
            yield _Task(item, one, repeat, draw.choice(list(presentations)), [], [])


def _ask(
    tasks: Sequence[_Task], one: Judge, settings: JudgeSettings, spent: Spent, say: Say | None
) -> None:
    """All rounds of all tasks: a round's chats go out together."""
    mode = settings.way
    for number in range(1, mode.rounds + 1):
        places = [(task, seat) for task in tasks for seat in range(mode.seats)]
        wanted = [(task, seat) for task, seat in places if number == 1 or _rated(task)]
        chats = [_chat(task, seat, number, settings) for task, seat in wanted]
        if say is not None and chats:
            say(f"  {one.name}: round {number} of {mode.rounds}, {len(chats)} calls")
        answers = one.complete(chats) if chats else []
        found: dict[int, list[tuple[dict[str, Reading], str]]] = {}
        for (task, _), done in zip(wanted, answers, strict=True):
            spent.add(done)
            found.setdefault(id(task), []).append(read(done, task.worded.rubric))
        for task in tasks:
            if id(task) in found:
                task.seats = [readings for readings, _ in found[id(task)]]
                task.remarks = [remark for _, remark in found[id(task)]]


def _rated(task: _Task) -> bool:
    """Whether the last round left any rating that the next one could read."""
    return any(one.value is not None for seat in task.seats for one in seat.values())


def _chat(task: _Task, seat: int, number: int, settings: JudgeSettings) -> Chat:
    mode, phrases = settings.way, task.worded.phrases
    told: Mapping[str, str] = {}
    asks = ""
    if number > 1:
        told = _told(task, leave_out=seat if mode.debates else None)
        asks = phrases.debate if mode.debates else phrases.correct
    key = f"{settings.seed}:{task.item.unit}:{task.judge.name}:{task.repeat}:{seat}:{number}"
    heat = mode.temperature if settings.temperature is None else settings.temperature
    draw = Random(key)
    return chat_of(task.item, task.worded, draw=draw, temperature=heat,
                   seed=draw.randrange(2**31), reason=mode.debates, others=told, asks=asks)


def _told(task: _Task, leave_out: int | None) -> Mapping[str, str]:
    """Ratings of the last round as text, by reader; a debater does not read its own."""
    out: dict[str, str] = {}
    for place, readings in enumerate(task.seats):
        given = {name: one.value for name, one in readings.items() if one.value is not None}
        if place == leave_out or not given:
            continue
        if task.remarks[place]:
            given[REASON] = task.remarks[place]
        out[f"#{len(out) + 1}"] = json.dumps(given, ensure_ascii=False)
    return out


def _ratings(task: _Task) -> Iterator[Rating]:
    for name in _item_ids(task.worded):
        final = combined([seat[name] for seat in task.seats])
        yield Rating(task.item.unit, task.judge.name, task.repeat, name, final.value, final.status,
                     final.detail, task.worded.tag)


def _item_ids(worded: Worded) -> list[str]:
    return [item.id for item in worded.rubric.items]


def _screened(item: Item, finder: NameFinder | None) -> Item:
    """The item as it may leave this machine: personal data replaced as when a corpus is loaded."""
    texts = (item.response, item.prompt, item.context)
    response, prompt, context = hidden(texts, [finder] if finder else [])
    return Item(item.unit, response, prompt, context, item.by)
