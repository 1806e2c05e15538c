"""Persian: orthography, sentences, address (to / shoma), names of the plan.

Small hand-made tables, no dictionary. What cannot be told from the segment alone is left alone:
speech inside quotation marks or after a verb of saying, and the seeker's general "you".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mhx.contracts import Finding
from mhx.schema import Edit, Plan, Role

ZWNJ = "\u200c"
ORTHOGRAPHY_RULE = "fa.r.language.orthography"
ADULT_AGE = 18


def _table(words: str) -> frozenset[str]:
    """A table of words, written with blanks between them."""
    return frozenset(words.split())


# ---------------------------------------------------------------- orthography: tables

_YEH, _KAF, _TATWEEL = "\u064a\u0649", "\u0643", "\u0640"
_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_LETTERS = {ord(char): "ی" for char in _YEH} | {ord(_KAF): "ک"}
_DIGITS = {ord(str(value)): digit for value, digit in enumerate(_PERSIAN_DIGITS)} | {
    0x0660 + value: digit for value, digit in enumerate(_PERSIAN_DIGITS)
}
_PERSIAN = "ء-يٱپچژکگیۀ"
_PERSIAN_LETTER = re.compile(f"[{_PERSIAN}]")
_SLOT = re.compile(r"\{\{[^}]*\}\}")
_LATIN_TOKEN = re.compile(r"[^\s{}]*[A-Za-z][^\s{}]*")

_START, _END = rf"(?<![\w{ZWNJ}])", rf"(?![\w{ZWNJ}])"
# After می with a blank: no verb begins with these words.
_NOT_VERB = r"(?!(?:و|از|که|را|رو|هم|به|در|با|تا|یا|ناب|است|بود)(?!\w))"
_MI_BLANK = re.compile(rf"{_START}((?:بر|در|وا|ور)?ن?می) {_NOT_VERB}(?=[{_PERSIAN}])")
_PLURAL = r"(?:ها(?:ی(?:ی|م|ت|ش|مان|تان|شان|مون|تون|شون)?|م|ت|ش|مون|تون|شون|مان|تان|شان)?)"
# A bare ها that closes a sentence may be the emphatic particle (گفتم ها!).
_PLURAL_BLANK = re.compile(rf"(?<=[{_PERSIAN}]) (?!ها(?: ?[.؟?!…]|$))(?={_PLURAL}{_END})")
_SUPERLATIVE_BLANK = re.compile(rf"(?<=[{_PERSIAN}]) (?=ترین(?:ها|های|م|ش)?{_END})")
# تر alone is also the word for wet, so only after these adjectives.
_GRADED = _table(
    "آروم آرام بزرگ کوچک کوچیک بد خوب سخت آسان آسون راحت زیاد کم مهم قوی ضعیف سنگین سبک بلند "
    "کوتاه دور نزدیک زود دیر جدی روشن تاریک گرم سرد تند کند شدید عمیق ساده پیچیده جوان جوون "
    "پیر امن مطمئن غمگین خسته تنها نگران عصبی شاد خوشحال بدتر دقیق واضح قدیمی جدید نرم محکم "
    "سالم مهربان مهربون"
)
_COMPARATIVE_BLANK = re.compile(
    rf"(?:(?<=[\s«(])|^)(?:{'|'.join(sorted(_GRADED))})( )(?=تر{_END})"
)
# میخوام, نمیدونم: only whole words of frequent verbs (میدان, میز, میرزا stay).
_ATTACHED_STEMS = _table(
    "خوا خواه خواست کن کرد دون دونست دانست تون توان تونست گ گفت ش شد شو ر رو رفت د داد بین "
    "دید زن زد ذار ذاشت گذار گیر گرفت خور خورد خواب خند ترس فهم مون موند کش پرس نویس شنو "
    "شناس آور"
)
_ATTACHED_MI = re.compile(
    rf"{_START}(ن?می)(?=(?:{'|'.join(sorted(_ATTACHED_STEMS))})"
    rf"(?:م|ی|ه|د|یم|ید|ین|ن|ند){_END})"
)
# Words that are as often something else (نمیرم: I do not go, or lest I die).
_NOT_ATTACHED = _table("میشی میرد نمیرم نمیری نمیره نمیرد نمیریم نمیرید نمیرین نمیرن نمیرند")
_BEFORE_MARK = rf"[{_PERSIAN}{_PERSIAN_DIGITS}0-9»)}}\u064b-\u0652\u0654{ZWNJ}]"
_MARKS = {",": "،", ";": "؛", "?": "؟"}
_MARK = re.compile(rf"(?:(?<={_BEFORE_MARK})|(?<={_BEFORE_MARK} ))(?:,(?![0-9۰-۹])|[;?])")
_BLANKS = re.compile(r"[ \t\r\n\u00a0\u2028\u2029]+")
_STRAY_ZWNJ = re.compile(rf"{ZWNJ}{{2,}}|{ZWNJ}(?=[\s.،؛:؟!?,…»)]|$)|(?:(?<=[\s«(])|^){ZWNJ}")


@dataclass(frozen=True)
class _Repair:
    """``text[start:end]`` becomes `after`; `code` says what was wrong."""

    start: int
    end: int
    after: str
    code: str


_MESSAGES = {
    "orthography.yeh": "Arabic yeh; Persian writes ی",
    "orthography.kaf": "Arabic kaf; Persian writes ک",
    "orthography.zwnj": "half-space (ZWNJ) is missing, doubled or stray",
    "orthography.digits": "Latin or Arabic digits; Persian text writes ۰-۹",
    "orthography.punctuation": "Latin mark; Persian writes ، ؛ ؟",
    "orthography.tatweel": "tatweel is ornament, not spelling",
}


# ---------------------------------------------------------------- orthography

def normalize(text: str) -> str:
    """Persian letters, digits, marks and half-spaces; slots and Latin words stay as they are."""
    text = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    out: list[str] = []
    at = 0
    for repair in _repairs(text):
        out += [text[at : repair.start], repair.after]
        at = repair.end
    return "".join([*out, text[at:]])


def _repairs(text: str) -> list[_Repair]:
    """All spelling repairs of a text in order, none overlapping."""
    if not _PERSIAN_LETTER.search(text):
        return []
    shielded = _shielded(text)
    found: list[_Repair] = []
    taken: set[int] = set()
    for repair in [*_letter_repairs(text), *_space_repairs(text)]:
        place = set(range(repair.start, max(repair.end, repair.start + 1)))
        if repair.start == repair.end:
            if repair.start not in shielded:
                found.append(repair)
        elif not place & (shielded | taken):
            taken |= place
            found.append(repair)
    return sorted(found, key=lambda item: (item.start, item.end))


def _shielded(text: str) -> set[int]:
    """Positions inside slots and inside words with Latin letters."""
    spans = [*_SLOT.finditer(text), *_LATIN_TOKEN.finditer(text)]
    return {place for match in spans for place in range(*match.span())}


def _letter_repairs(text: str) -> Iterator[_Repair]:
    """One-for-one replacements, and tatweel left out."""
    for place, char in enumerate(text):
        if ord(char) in _LETTERS:
            code = "orthography.yeh" if char in _YEH else "orthography.kaf"
            yield _Repair(place, place + 1, _LETTERS[ord(char)], code)
        elif ord(char) in _DIGITS:
            yield _Repair(place, place + 1, _DIGITS[ord(char)], "orthography.digits")
        elif char == _TATWEEL:
            yield _Repair(place, place + 1, "", "orthography.tatweel")
    for match in _MARK.finditer(text.translate(_LETTERS)):
        after = _MARKS[match.group()]
        yield _Repair(match.start(), match.end(), after, "orthography.punctuation")


def _space_repairs(text: str) -> Iterator[_Repair]:
    """Half-spaces put in for a blank or between letters, and stray ones taken out."""
    plain = text.translate(_LETTERS)  # same length, so positions hold
    for match in _MI_BLANK.finditer(plain):
        yield _Repair(match.end() - 1, match.end(), ZWNJ, "orthography.zwnj")
    for match in _PLURAL_BLANK.finditer(plain):
        if not _is_sobbing(plain, match.start()):
            yield _Repair(match.start(), match.end(), ZWNJ, "orthography.zwnj")
    for match in _SUPERLATIVE_BLANK.finditer(plain):
        yield _Repair(match.start(), match.end(), ZWNJ, "orthography.zwnj")
    for match in _COMPARATIVE_BLANK.finditer(plain):
        yield _Repair(match.start(1), match.end(1), ZWNJ, "orthography.zwnj")
    for match in _ATTACHED_MI.finditer(plain):
        if _word_at(plain, match.start()) not in _NOT_ATTACHED:
            yield _Repair(match.end(), match.end(), ZWNJ, "orthography.zwnj")
    for match in _STRAY_ZWNJ.finditer(plain):
        yield _Repair(match.start(), match.end(), _kept_zwnj(plain, match), "orthography.zwnj")


def _is_sobbing(text: str, blank: int) -> bool:
    """های های (weeping aloud) and a calling ای ها are words, not plural endings."""
    before = text[:blank].rpartition(" ")[2]
    return before in ("های", "ای", "آی", "و") or text.startswith(" های های", blank)


def _kept_zwnj(text: str, match: re.Match[str]) -> str:
    """A run of half-spaces between two letters shrinks to one; elsewhere it goes."""
    inside = match.start() > 0 and match.end() < len(text)
    between = inside and text[match.start() - 1].isalpha() and text[match.end()].isalpha()
    return ZWNJ if between else ""


def _word_at(text: str, start: int) -> str:
    match = re.compile(rf"[\w{ZWNJ}]+").match(text, start)
    return match.group() if match else ""


# ---------------------------------------------------------------- sentences

_SENTENCE_END = re.compile(r"(?:(?<=[.!?؟…۔])|(?<=[.!?؟…۔][»”\"')]))\s+|\s*\n+\s*")


def split_sentences(text: str) -> list[str]:
    """Sentences in order: after ``. ! ؟ …`` with a closing quotation mark, and at line ends."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


# ---------------------------------------------------------------- address: tables

_MARKS_ABOVE = re.compile("[\u064b-\u0652\u0670]")
_WORD = re.compile(rf"[\w{ZWNJ}\u064b-\u0652\u0654\u0670]+")
_QUOTED = re.compile(r"^[^«]*»|«[^»]*»?|“[^”]*”?|\"[^\"]*\"?|\{\{[^}]*\}\}")
# What follows a verb of saying may be somebody's words: nothing after it is judged.
_SAYING = re.compile(
    rf"{_START}(?:ن?گفت\w*|ن?می{ZWNJ}?گ(?:م|ه|ی|یم|ید|ین|ن|ند|فت\w*|وی\w*)|بگ(?:م|ه|ی|و|یم|ید|ین|ن)"
    rf"|بگویی[مد]|(?:می{ZWNJ}|ب)?(?:نوشت|نویس|پرس)\w*|پیام|جمله\w*|شعار\w*|داد ز\w+|صدا ز\w+)"
    rf"{_END}(?! مگو| بخند)|:(?=\s|$)"
)

_PAST_2SG = _table(
    "رفتی گفتی نگفتی شدی نشدی بودی نبودی داشتی نداشتی خواستی نخواستی دادی ندادی زدی نزدی "
    "گرفتی نگرفتی گذاشتی نذاشتی دیدی ندیدی اومدی آمدی نیومدی تونستی نتونستی توانستی دونستی "
    "فهمیدی نفهمیدی ترسیدی پرسیدی شنیدی نشنیدی نوشتی ننوشتی خوندی خوابیدی نخوابیدی رسیدی "
    "موندی نموندی آوردی کشیدی نکردی نرفتی خوردی نخوردی گذروندی"
)
_PRESENT_2SG = _table(
    "باشی نباشی کنی نکنی بکنی بگی نگی بری نری بیای بیایی نیای بخوای بخواهی بتونی نتونی "
    "بتوانی بدونی بدانی ببینی نبینی بذاری نذاری بشی نشی بزنی نزنی بگیری نگیری بمونی نمونی "
    "بخوابی بنویسی بپرسی بفهمی بیاری بخونی برسونی برگردی بشینی بخندی"
)
_PERFECT_2SG = frozenset({f"کرده{ZWNJ}ای", f"بوده{ZWNJ}ای", f"نکرده{ZWNJ}ای", f"نبوده{ZWNJ}ای"})
_IMPERATIVE_2SG = _table(
    "بگو نگو برو نرو بیا نیا باش نباش بذار نذار ببین بنویس بخواب بمون بشین بپرس بخون نکن بکن"
)
_MI_2SG = re.compile(rf"(?:بر|در|وا)?ن?می{ZWNJ}\w+ی")
_MI_ATTACHED_2SG = _table(
    "میکنی نمیکنی میخوای نمیخوای میتونی نمیتونی میدونی نمیدونی میبینی میزنی میفهمی میگفتی "
    "میکردی"
)
_TO_ENCLITICS = _table(
    "بهت ازت باهات برات خودت خودتو دلت مادرت پدرت مامانت بابات همسرت شوهرت زنت دوستت دوستات "
    "بچه‌هات خواهرت برادرت دخترت پسرت دستت سرت ذهنت فکرت فکرات حرفت حرفات احساست نظرت خوابت "
    "قلبت اتاقت زندگیت زندگی‌ات زندگی‌ت خونه‌ت خونه‌تو خانواده‌ات خانواده‌ت خونواده‌ت بچه‌ت "
    "همکارات رئیست معلمت نفست"
)
_TO_WORDS = (
    _PAST_2SG | _PRESENT_2SG | _PERFECT_2SG | _IMPERATIVE_2SG | _MI_ATTACHED_2SG | _TO_ENCLITICS
    | _table("کردی دیدی داری کن هستی نیستی")
)
# Neighbours that make a form something else: Kurdish, a hair drier, existence, housekeeping,
# an argument, stupor.
_NOT_AFTER = {
    "کردی": _table("زبان زبون لباس رقص موسیقی آهنگ شعر به لهجه لهجهٔ شیرینی غذای موزیک"),
    "دیدی": _table("با چنین"),
    "داری": _table("خونه خانه بچه شهر مردم نگه حساب مغازه جانب خود دام مهمون مهمان بانک سهام کتاب"),
    "کن": _table("خشک پاک گرم سرخ مخلوط خرد خنک پر لباس گوش"),
    "هستی": _table("از و به تمام کل این همهٔ همه معنای"),
    "نیستی": _table("از و به تمام کل این همهٔ همه معنای"),
    "بهت": _table("در توی تو با از این حالت مات و"),
    "بیا": _table("برو"),
}
_NOT_BEFORE = {
    "کردی": _table("حرف بلد بلدم صحبت یاد"),
    "کن": _table("نیست نبود نیستن نبودن معامله ماجرا"),
    "بگو": _table("مگو بخند"),
    "برو": _table("بیا"),
    "بهت": _table("و زده ناباوری بودم بودن"),
}
_TO_PRONOUN = re.compile(
    rf"{_START}(?:تو (?:را|رو)(?! خدا| در){_END}|تو خودت{_END}"
    rf"|(?:به|با|برای|واسه) تو(?= ?[،.!؟…]| (?:و|هم|که|چی|چه|سخت|مهم){_END}|$))"
)
_GENERAL_QUESTION = re.compile(
    rf"{_START}(?:چطور|چطوری|چجوری|چه{ZWNJ}جوری|چه جوری|مگه|آدم|کی){_END}"
)
_SHOMA_PRONOUN = re.compile(rf"{_START}شما{_END}")
_SHOMA_VERBS = _table(
    "هستید نیستید هستین نیستین دارید ندارید دارین ندارین باشید نباشید باشین بودید نبودید "
    "بودین کردید نکردید کردین رفتید گفتید نگفتید گفتین داشتید نداشتید داشتین خواستید تونستید "
    "نتونستید گرفتید گذاشتید دادید زدید دیدید دیدین اومدید آمدید کنید نکنید کنین بکنید بگید "
    "بگین بگویید بذارید بذارین بشید بشین ببینید ببینین بنویسید بدونید بدانید بتونید بتوانید "
    "بخواید بخواهید"
)
_MI_SHOMA = re.compile(
    rf"(?:بر)?ن?می{ZWNJ}?(?:(?:کن|خوا|خواه|تون|توان|دون|دان|گ|گوی|ر|رو|ش|شو|بین|ده|ذار|گذار"
    rf"|گیر|زن|خور|مون|نویس|شناس|خواست|کرد|گفت|رفت|تونست|دونست)(?:ید|ین)|دین)"
)
# Things one person has alone; your (several people's) home or school is no address level.
_SHOMA_ENCLITIC = re.compile(
    "(?:خود|به|از|باها|برا|حال|دل|ذهن|فکر|احساس|نظر|خواب|قلب|اسم)(?:تون|تان)"
)
_SEVERAL = re.compile(
    rf"{_START}(?:با|هر دو|هردو|دوتایی|دوتا|همه|همگی|شماها|بچه{ZWNJ}ها|تو و|شما و"
    rf"|و (?:مامانت|مادرت|پدرت|بابات|دوستات)){_END}|همه{ZWNJ}تون|دوتاتون"
)
_ENDEARMENT = re.compile(
    rf"{_START}(?:عزیزم|عزیز دلم|عزیز من|گلم|نازنینم|جیگرم|قربونت برم)(?=\s*[،.!؟…]|\s*$)"
)
_KIN_BEFORE = _table("مادر پدر مامان بابا همسر دوست خواهر برادر پسر دختر شوهر زن")


# ---------------------------------------------------------------- analysis

def analyze(text: str, role: Role, plan: Plan) -> list[Finding]:
    """Address and orthography findings of one segment, at most one a code."""
    plain = text.translate(_LETTERS)
    findings = [*_address_findings(plain, role, plan), *_orthography_findings(text)]
    return sorted(findings, key=lambda item: (item.start, item.code))


def _orthography_findings(text: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for repair in _repairs(text):
        if repair.code not in seen:
            seen.add(repair.code)
            end = max(repair.end, repair.start)
            yield Finding(repair.code, repair.start, end, _MESSAGES[repair.code], "warn")


def _address_findings(text: str, role: Role, plan: Plan) -> Iterator[Finding]:
    """Forms of the other level, mixed levels, endearments from a supporter to an adult."""
    level = plan.seeker_to_supporter if role == "seeker" else plan.supporter_to_seeker
    spoken = _own_words(text)
    familiar = list(_to_forms(spoken))
    polite = list(_shoma_forms(spoken))
    if level == "shoma":
        if role == "seeker":
            familiar = _surely_addressed(spoken, familiar)
        yield from _mismatch(familiar, polite, "shoma")
    elif level == "to" and not _SEVERAL.search(spoken):
        pronoun = [span for span in polite if spoken[slice(*span)] == "شما"]
        yield from _mismatch(pronoun if familiar else polite, familiar, "to")
    if role == "supporter" and (plan.seeker.age is None or plan.seeker.age >= ADULT_AGE):
        yield from _endearments(spoken)


def _mismatch(wrong: list[tuple[int, int]], right: list[tuple[int, int]], level: str
              ) -> Iterator[Finding]:
    """One finding for all wrong forms; mixed when right ones stand beside them."""
    if wrong:
        code = "address.mixed" if right else "address.level"
        what = "two address levels in one sentence" if right else "the other address level"
        yield Finding(code, *wrong[0], f"{what}; the plan says {level}")


def _own_words(text: str) -> str:
    """The text with quoted and reported speech blanked out; positions hold."""
    text = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    said = _SAYING.search(text)
    return text if said is None else text[: said.end()].ljust(len(text))


def _words(text: str) -> list[tuple[str, int, int]]:
    """(word without vowel signs, start, end) of every word."""
    return [
        (_MARKS_ABOVE.sub("", match.group()), *match.span()) for match in _WORD.finditer(text)
    ]


def _to_forms(text: str) -> Iterator[tuple[int, int]]:
    """Spans of second person singular forms."""
    words = _words(text)
    spans = {match.span() for match in _TO_PRONOUN.finditer(text)}
    for place, (word, start, end) in enumerate(words):
        before = words[place - 1][0] if place else ""
        after = words[place + 1][0] if place + 1 < len(words) else ""
        closed = text[end : end + 1] in tuple("،.!؟?…") or not after
        if _is_to(word, before, after, closed=closed):
            spans.add((start, end))
    yield from sorted(spans)


def _is_to(word: str, before: str, after: str, *, closed: bool) -> bool:
    """A form that is second person singular here and nothing else."""
    if before in _NOT_AFTER.get(word, ()) or after in _NOT_BEFORE.get(word, ()):
        return False
    if word in ("هستی", "نیستی"):
        return bool(before) and closed
    if word == "حالت":
        return after in ("چطوره", "چطور", "خوبه", "بهتره", "خوب", "بهتر")
    return word in _TO_WORDS or _MI_2SG.fullmatch(word) is not None


def _surely_addressed(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A seeker's general "you" is no address: questions, opening orders, the pronoun count."""
    if text.rstrip().endswith(("؟", "?")) and not _GENERAL_QUESTION.search(text):
        return spans
    pronouns = {match.span() for match in _TO_PRONOUN.finditer(text)}
    first = len(text) - len(text.lstrip())
    return [
        span
        for span in spans
        if span in pronouns or (span[0] == first and text[slice(*span)] in _IMPERATIVE_2SG)
    ]


def _shoma_forms(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the polite (plural) second person."""
    spans = {match.span() for match in _SHOMA_PRONOUN.finditer(text)}
    for word, start, end in _words(text):
        if word in _SHOMA_VERBS or _MI_SHOMA.fullmatch(word) or _SHOMA_ENCLITIC.fullmatch(word):
            spans.add((start, end))
    yield from sorted(spans)


def _endearments(text: str) -> Iterator[Finding]:
    for match in _ENDEARMENT.finditer(text):
        before = text[: match.start()].split()
        if before and before[-1] in _KIN_BEFORE:
            continue
        message = "an endearment from a supporter to an adult; shoma and attention carry warmth"
        yield Finding("address.endearment", match.start(), match.end(), message)
        return


# ---------------------------------------------------------------- repairs

def realize(text: str, role: Role, plan: Plan) -> list[Edit]:
    """Edits for the plan's person names, then for spelling; address is left to people."""
    names = list(_name_edits(text, plan))
    taken = {place for edit in names for place in range(edit.start, edit.end)}
    spelling = [
        edit
        for edit in _spelling_edits(text)
        if not taken & set(range(edit.start, max(edit.end, edit.start + 1)))
    ]
    return sorted([*names, *spelling], key=lambda edit: (edit.start, edit.end))


def _spelling_edits(text: str) -> Iterator[Edit]:
    """Neighbouring repairs as one edit."""
    for start, end, after in _joined(_repairs(text)):
        before = text[start:end]
        yield Edit(
            start=start,
            end=end,
            operation="insert" if not before else "replace" if after else "delete",
            rule=ORTHOGRAPHY_RULE,
            before=before,
            after=after,
        )


def _joined(repairs: Iterable[_Repair]) -> list[tuple[int, int, str]]:
    out: list[tuple[int, int, str]] = []
    for repair in repairs:
        if out and out[-1][1] == repair.start:
            start, _, after = out[-1]
            out[-1] = (start, repair.end, after + repair.after)
        else:
            out.append((repair.start, repair.end, repair.after))
    return out


# What may follow a name after a half-space; anything else makes another word (بیل‌بورد).
_NAME_SUFFIXES = "ه|ست|اس|ام|م|اش|ش|ات|ت|شون|تون|مون|اینا|ها|جون|جان|خانم|رو|هم"
_NAME_TAIL = rf"(?!\w)(?!{ZWNJ}(?!(?:{_NAME_SUFFIXES}){_END}))"


def _name_edits(text: str, plan: Plan) -> Iterator[Edit]:
    """Every person name of the plan as a whole word, with the ezafe its new ending asks for."""
    plain = text.translate(_LETTERS)
    taken: set[int] = set()
    for entity in sorted(plan.entities, key=lambda item: -len(item.src)):
        if entity.kind != "person_name":
            continue
        joint = "(ی)?" if entity.src[-1:] in ("ا", "و") else "()"
        pattern = rf"(?<![\w{ZWNJ}]){re.escape(entity.src.translate(_LETTERS))}{joint}{_NAME_TAIL}"
        for match in re.finditer(pattern, plain):
            place = set(range(*match.span()))
            if place & taken:
                continue
            taken |= place
            before = text[match.start() : match.end()]
            after = _with_ezafe(entity.tgt) if match.group(1) else entity.tgt
            if after != before:
                yield Edit(
                    start=match.start(),
                    end=match.end(),
                    operation="replace",
                    rule=entity.rule,
                    before=before,
                    after=after,
                    nature="substituting",
                )


def _with_ezafe(name: str) -> str:
    """The linking vowel after a name, where Persian writes it."""
    if name.endswith(("ا", "و")):
        return f"{name}ی"
    return f"{name}ٔ" if name.endswith("ه") else name
