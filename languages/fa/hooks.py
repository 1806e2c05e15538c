"""Persian: orthography, sentences, address (to / shoma), register, taarof, names of the plan.

Tables of forms stand in `forms.yaml`; there is no dictionary. What cannot be told from the segment
alone is left alone: speech inside quotation marks or after a verb of saying, and the seeker's
general "you". Persian has no grammatical gender: the gender of the plan is never read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.contracts import Finding
from mhx.files import read_yaml
from mhx.schema import Edit, Plan, Role

ZWNJ = "\u200c"
ORTHOGRAPHY_RULE = "fa.r.language.orthography"
ADDRESS_RULE = "fa.r.language.address"
ADULT_AGE = 18
PASSES = 4  # of the spelling repairs: one may uncover another
_FORMS: dict[str, Any] = read_yaml(Path(__file__).with_name("forms.yaml"))[0]
_VERBS: dict[str, Any] = _FORMS["verbs"]


def _table(words: str) -> frozenset[str]:
    """A table of words, written with blanks between them."""
    return frozenset(words.split())


def _any(words: Iterable[str]) -> str:
    """An alternative of words for a pattern, the longer ones first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda item: (-len(item), item)))


# ---------------------------------------------------------------- orthography: tables

_YEH, _KAF, _TATWEEL = "\u064a\u0649", "\u0643", "\u0640"
_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_LETTERS = {ord(char): "ی" for char in _YEH} | {ord(_KAF): "ک"}
_DIGITS = {ord(str(value)): digit for value, digit in enumerate(_PERSIAN_DIGITS)} | {
    0x0660 + value: digit for value, digit in enumerate(_PERSIAN_DIGITS)
}
_PERSIAN = "ء-يٱپچژکگیۀ"
_PERSIAN_LETTER = re.compile(f"[{_PERSIAN}]")
_PRINTED = "\ufb50-\ufbb1\ufbd3-\ufd3d\ufe80-\ufefc"  # shapes of letters, from old files
_ODD_LETTER = re.compile(f"[{_YEH}{_KAF}{_TATWEEL}{_PRINTED}{''.join(map(chr, _DIGITS))}]")
_SLOT = re.compile(r"\{\{[^}]*\}\}")
_LATIN_TOKEN = re.compile(r"[^\s{}]*[A-Za-z][^\s{}]*")
# Digits that belong to a Latin word (COVID-19, 3D) are Latin; all others are Persian.
_LATIN_DIGITS = re.compile(rf"(?<=[A-Za-z])-?[۰-۹٠-٩]+(?![{_PERSIAN}])|[۰-۹٠-٩]+(?=[A-Za-z])")

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
    rf"{_START}(?<!می )(ن?می)(?=(?:{'|'.join(sorted(_ATTACHED_STEMS))})"
    rf"(?:م|ی|ه|د|یم|ید|ین|ن|ند){_END})"
)
# Words that are as often something else (نمیرم: I do not go, or lest I die).
_NOT_ATTACHED = _table("میشی میرد نمیرم نمیری نمیره نمیرد نمیریم نمیرید نمیرین نمیرن نمیرند")
_BEFORE_MARK = rf"[{_PERSIAN}{_PERSIAN_DIGITS}0-9»)}}\u064b-\u0652\u0654{ZWNJ}]"
_MARKS = {",": "،", ";": "؛", "?": "؟"}
_MARK = re.compile(rf"(?:(?<={_BEFORE_MARK})|(?<={_BEFORE_MARK} ))(?:,(?![0-9۰-۹])|[;?])")
# خانه ی ما, خسته ام, رفته اند: after the silent ه the ending is cut off by a half-space.
_AFTER_HEH = re.compile(
    rf"(?<=\w\wه) (?=ی (?=[{_PERSIAN}])|(?:ام|اید|ایم|اند|ات|اش){_END}"
    rf"|ای{_END}(?! (?:کاش|کاشکی|خدا|وای|بابا|دوست|مردم|عزیز|جان|داد|که)))"
)
_NO_ENDING = _table("همه البته بلکه اگرچه گرچه چنانچه هرچه آنچه علاوه راه ماه کوتاه گاه نگاه")
# کتابها: only nouns of the table, as تنها, رها and آنها are whole words.
_JOINED_PLURAL = re.compile(
    rf"{_START}(?:{_any(_table(_FORMS['plural_nouns']))})(?={_PLURAL}{_END})"
)
_CUT_OFF = "اآأدذرزژوؤ"  # letters that join no following one: a half-space after them shows nothing
_BLANK_BEFORE_MARK = re.compile(rf"(?<=[{_PERSIAN}»)]) +(?=[،؛؟!,;?]|\.(?![.\w]))")
_BLANKS = re.compile(r"[ \t\r\n\u00a0\u2028\u2029]+")
_STRAY_ZWNJ = re.compile(
    rf"{ZWNJ}{{2,}}|{ZWNJ}(?=[\s.،؛:؟!?,…»)]|$)|(?:(?<=[\s«(])|^){ZWNJ}|(?<=[{_CUT_OFF}]){ZWNJ}"
)


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
    "orthography.letter": "a letter's printed shape; Persian text holds the letter itself",
    "orthography.zwnj": "half-space (ZWNJ) is missing, doubled or stray",
    "orthography.digits": "digits of another script; Persian words take ۰-۹, Latin ones 0-9",
    "orthography.punctuation": "Latin mark or a blank before a mark; Persian writes ، ؛ ؟",
    "orthography.tatweel": "tatweel is ornament, not spelling",
}


# ---------------------------------------------------------------- orthography

def normalize(text: str) -> str:
    """Persian letters, digits, marks and half-spaces; slots and Latin words stay as they are."""
    text = unicodedata.normalize("NFC", text)
    for _ in range(PASSES):
        text, before = _repaired(_BLANKS.sub(" ", text).strip()), text
        if text == before:
            break
    return text


def _repaired(text: str) -> str:
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
    found = list(_latin_digits(text))
    taken = {repair.start for repair in found}
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


def _latin_digits(text: str) -> Iterator[_Repair]:
    """Persian digits of a Latin word, which the word otherwise shields."""
    slots = {place for match in _SLOT.finditer(text) for place in range(*match.span())}
    for match in _LATIN_DIGITS.finditer(text):
        for place in range(*match.span()):
            if place not in slots and text[place] != "-":
                digit = str(unicodedata.digit(text[place]))
                yield _Repair(place, place + 1, digit, "orthography.digits")


def _letter_repairs(text: str) -> Iterator[_Repair]:
    """One-for-one replacements, and tatweel left out."""
    for match in _ODD_LETTER.finditer(text):
        char = match.group()
        if ord(char) in _LETTERS:
            code = "orthography.yeh" if char in _YEH else "orthography.kaf"
            after = _LETTERS[ord(char)]
        elif ord(char) in _DIGITS:
            code, after = "orthography.digits", _DIGITS[ord(char)]
        elif char == _TATWEEL:
            code, after = "orthography.tatweel", ""
        else:
            code = "orthography.letter"
            after = unicodedata.normalize("NFKC", char).translate(_LETTERS)
        yield _Repair(*match.span(), after, code)
    for match in _MARK.finditer(text.translate(_LETTERS)):
        after = _MARKS[match.group()]
        yield _Repair(match.start(), match.end(), after, "orthography.punctuation")


def _space_repairs(text: str) -> Iterator[_Repair]:
    """Half-spaces put in for a blank or between letters, and stray ones taken out."""
    plain = text.translate(_LETTERS)  # same length, so positions hold
    for match in _MI_BLANK.finditer(plain):
        yield _Repair(match.end() - 1, match.end(), ZWNJ, "orthography.zwnj")
    for blank in _blanks_before_endings(plain):
        # nothing is drawn to its word after a letter that joins none
        after = "" if plain[blank - 1] in _CUT_OFF else ZWNJ
        yield _Repair(blank, blank + 1, after, "orthography.zwnj")
    for place in _joined_words(plain):
        yield _Repair(place, place, ZWNJ, "orthography.zwnj")
    for match in _BLANK_BEFORE_MARK.finditer(plain):
        yield _Repair(match.start(), match.end(), "", "orthography.punctuation")
    for match in _STRAY_ZWNJ.finditer(plain):
        yield _Repair(match.start(), match.end(), _kept_zwnj(plain, match), "orthography.zwnj")


def _blanks_before_endings(text: str) -> Iterator[int]:
    for match in _PLURAL_BLANK.finditer(text):
        if not _stands_alone(text, match.start()):
            yield match.start()
    for match in _SUPERLATIVE_BLANK.finditer(text):
        yield match.start()
    for match in _COMPARATIVE_BLANK.finditer(text):
        yield match.start(1)
    for match in _AFTER_HEH.finditer(text):
        if text[: match.start()].rpartition(" ")[2] not in _NO_ENDING:
            yield match.start()


def _joined_words(text: str) -> Iterator[int]:
    """Where a half-space is missing between letters: میخوام, کتابها."""
    for match in _ATTACHED_MI.finditer(text):
        if _word_at(text, match.start()) not in _NOT_ATTACHED:
            yield match.end()
    for match in _JOINED_PLURAL.finditer(text):
        if text[match.end() - 1] not in _CUT_OFF:
            yield match.end()


_NO_PLURAL = _table("های ای آی و با از به که در را رو تا برای")


def _stands_alone(text: str, blank: int) -> bool:
    """های های (weeping aloud), a calling ای ها and هامون after a preposition are words."""
    before = text[:blank].rpartition(" ")[2]
    return before in _NO_PLURAL or text.startswith(" های های", blank)


def _kept_zwnj(text: str, match: re.Match[str]) -> str:
    """A run of half-spaces between two letters shrinks to one; elsewhere it goes."""
    inside = match.start() > 0 and match.end() < len(text)
    between = inside and text[match.start() - 1].isalpha() and text[match.end()].isalpha()
    return ZWNJ if between and text[match.start() - 1] not in _CUT_OFF else ""


def _word_at(text: str, start: int) -> str:
    match = re.compile(rf"[\w{ZWNJ}]+").match(text, start)
    return match.group() if match else ""


# ---------------------------------------------------------------- sentences

_SENTENCE_END = re.compile(r"[.!?؟…۔]+[»”\"')\]]*(?=\s)|\n")
_ABBREVIATION = re.compile(
    rf"(?:^|[\s(«])(?:{_any(_table(_FORMS['abbreviations']))}|[ء-ی]|[A-Z])\.$", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:^|\n)\s*[0-9۰-۹]{1,2}\.$")
# «کجایی؟» پرسید: the quotation is part of the sentence that reports it.
_GOES_ON = re.compile(
    rf"\s*(?:و|که|را|رو|ولی|اما|پرسید\w*|گفت\w*|می{ZWNJ}گفت\w*|نوشت\w*|داد زد\w*){_END}"
)


def split_sentences(text: str) -> list[str]:
    """Sentences in order: after ``. ! ؟ …`` with what closes a quotation, and at line ends.

    No sentence ends after an abbreviation (``ق.م.``), an initial, the number of a list, or inside
    the clause that reports a quotation.
    """
    parts: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        part = text[start : match.end()]
        if match.group() != "\n" and _goes_on(part, match.group(), text[match.end() :]):
            continue
        parts.append(part.strip())
        start = match.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def _goes_on(part: str, mark: str, rest: str) -> bool:
    if mark == "." and (_ABBREVIATION.search(part) or _NUMBERED.search(part)):
        return True
    return mark[-1] in "»”\"" and _GOES_ON.match(rest) is not None


# ---------------------------------------------------------------- address: tables

_MARKS_ABOVE = re.compile("[\u064b-\u0652\u0670]")
_WORD = re.compile(rf"[\w{ZWNJ}\u064b-\u0652\u0654\u0670]+")
_QUOTED = re.compile(r"^[^«]*»|«[^»]*»?|“[^”]*”?|\"[^\"]*\"?|\{\{[^}]*\}\}")
# What follows a verb of saying may be somebody's words: nothing after it is judged.
_SAYING = re.compile(
    rf"{_START}(?:ن?گفت\w*(?: (?:بود|نبود|باش|شد)\w*)?"
    rf"|ن?می{ZWNJ}?گ(?:م|ه|ی|یم|ید|ین|ن|ند|فت\w*|وی\w*)|بگ(?:م|ه|ی|و|یم|ید|ین|ن)"
    rf"|بگویی[مد]|(?:می{ZWNJ}|ب)?(?:نوشت|نویس|پرس)\w*|پیام|جمله\w*|شعار\w*|داد ز\w+|صدا ز\w+)"
    rf"{_END}(?! مگو| بخند)|:(?=\s|$)"
)

_Pair = tuple[str, str]  # what is said to several people or politely: spoken, written


def _verb_pairs() -> Iterator[tuple[str, _Pair]]:
    """Second person singular verbs with their plural (کنی: کنید)."""
    written = [f"{stem}ی" for key in ("past", "negated_past") for stem in _VERBS[key].split()]
    for key in (
        "subjunctive_singular", "perfect_singular", "perfect_at_end", "attached_singular",
        "being_singular",
    ):
        written += _VERBS[key].split()
    for form in written:
        yield form, (f"{form}د", f"{form}د")
    for form, (spoken, bookish) in _VERBS["imperatives"].items():
        yield form, (spoken, bookish)


def _enclitic_pairs(nouns: Iterable[str]) -> Iterator[tuple[str, _Pair]]:
    """Nouns with the enclitic of one person, and with that of several (دلت: دلتون, دلتان)."""
    spoken_plurals = _table(_FORMS["enclitics"]["spoken_plurals"])
    for noun in nouns:
        silent, vowel = noun[-1] == "ه", noun[-1] in "او"
        cut = noun + (ZWNJ if silent else "")
        pair = (f"{cut}تون", f"{cut}{'ی' if vowel else ''}تان")
        for form in ({f"{noun}{ZWNJ}ت", f"{noun}{ZWNJ}ات"} if silent else
                     {f"{noun}ت", f"{noun}{ZWNJ}ات", *([f"{noun}یت"] if vowel else [])}):
            yield form, pair
        yield f"{cut}تو", (f"{pair[0]} رو", f"{pair[1]} را")
        joint = "" if noun[-1] in _CUT_OFF else ZWNJ
        for ending in ("هات", "هایت"):
            yield f"{noun}{joint}{ending}", (f"{noun}{joint}هاتون", f"{noun}{joint}هایتان")
        if noun in spoken_plurals:
            yield f"{noun}ات", (f"{noun}اتون", f"{noun}{joint}هایتان")


_ENCLITICS: dict[str, Any] = _FORMS["enclitics"]
_PERSONAL, _SHARED = (_table(_ENCLITICS[key]) for key in ("personal", "shared"))
# حالت is also a state and stands with its neighbours below
_TO_ENCLITICS: dict[str, _Pair] = {
    form: pair for form, pair in _enclitic_pairs(sorted(_PERSONAL | _SHARED)) if form != "حالت"
} | {form: (spoken, written) for form, spoken, written in _ENCLITICS["prepositions"]}
_TO_WORDS: dict[str, _Pair] = dict(_verb_pairs()) | _TO_ENCLITICS
_IMPERATIVE_2SG = frozenset(_VERBS["imperatives"])
_MI_2SG = re.compile(rf"(?:بر|در|وا)?ن?می{ZWNJ}(?:\w+{ZWNJ}ا|\w+)ی")
_MI_OBJECT = re.compile(rf"ن?می{ZWNJ}\w+مت")  # می‌فهممت: I understand you
_STATE = re.compile(rf"(?:{_any(_table(_FORMS['state_adjectives']))}){ZWNJ}ای")
_PERFECT_AT_END = _table(_VERBS["perfect_at_end"])
_STATE_OPENERS = _table(_FORMS["state_openers"])
_NOT_AFTER, _NOT_BEFORE = (
    {word: _table(words) for word, words in _FORMS[key].items()}
    for key in ("not_after", "not_before")
)
_TO_PRONOUN = re.compile(
    rf"{_START}(?:تو (?:را|رو)(?! خدا| در){_END}"
    rf"|تو(?! که (?:رفت|اومد|آمد|برگشت)(?:ید|ین){_END})"  # inside: تو که رفتید، بنویسید
    rf"(?= (?:{_any(_table(_FORMS['pronoun_before']))}|ن?می{ZWNJ}\w+ی){_END})"
    rf"|(?:به|با|برای|واسه) تو(?= ?[،.!؟…]| (?:و|هم|که|چی|چه|سخت|مهم|حق|ن?می{ZWNJ}\w+){_END}|$))"
)
_GENERAL_QUESTION = re.compile(
    rf"{_START}(?:چطور|چطوری|چجوری|چه{ZWNJ}جوری|چه جوری|مگه|آدم|کی){_END}"
)
_SHOMA_PRONOUN = re.compile(rf"{_START}شما{_END}")
_PRESENT = _VERBS["present"].split()
_PAST = [*_VERBS["past"].split(), *_VERBS["negated_past"].split()]
_IMPERATIVE_2PL = _table(_VERBS["subjunctive_plural"])
_BEING_2PL = _table(_VERBS["being_plural"])
_PREDICATE_2PL = re.compile(
    rf"(?:{_any(_table(_FORMS['predicates']))})(?:ید|ین)|\w+ه{ZWNJ}(?:اید|این)"
)
# شدید is also severe, می‌دید and the stems like a past are also the third person
_PAST_2PL = re.compile(rf"(?!شدید$)(?:ن?می{ZWNJ})?(?:{_any(_PAST)})(?:ید|ین)")
_MI_SHOMA = re.compile(
    rf"(?:بر)?ن?می{ZWNJ}?(?:(?:{_any(set(_PRESENT) - {'آر'})})ید"
    rf"|(?:{_any([*_PRESENT, *_VERBS['present_like_past'].split(), 'د'])})ین|آیید|آین|آرید|آرین)"
)
# Things one person has alone; your (several people's) home or school is no address level.
_SHOMA_ENCLITIC = re.compile(
    rf"(?:{_any(_PERSONAL)}|به|از|باها|برا(?:ی)?|واس)(?:تون|تان)|(?:{_any(_PERSONAL)}){ZWNJ}?های?(?:تون|تان)"
)
_SHOMA_PATTERNS = (_MI_SHOMA, _PAST_2PL, _PREDICATE_2PL, _SHOMA_ENCLITIC)
_SEVERAL = re.compile(
    rf"{_START}(?:با|دو نفر[هی]?|هر دو|هردو|دوتایی|دوتا|همه|همگی|شماها|بچه{ZWNJ}ها|تو و|شما و"
    rf"|و (?:مامانت|مادرت|پدرت|بابات|دوستات)){_END}|همه{ZWNJ}تون|دوتاتون"
)
_ENDEARMENT = re.compile(
    rf"{_START}(?:عزیزم|عزیز دلم|عزیز من|گلم|نازنینم|جیگرم|قربونت برم)(?=\s*[،.!؟…]|\s*$)"
)
_KIN_BEFORE = _table("مادر پدر مامان بابا همسر دوست خواهر برادر پسر دختر شوهر زن")


# ---------------------------------------------------------------- analysis

def analyze(text: str, role: Role, plan: Plan) -> list[Finding]:
    """Address, register, taarof and orthography findings of one segment, at most one a code.

    Register and taarof are notes to a reader (warn): they ask for no repair.
    """
    plain = text.translate(_LETTERS)
    findings = [*_address_findings(plain, role, plan), *_orthography_findings(text)]
    findings += _register_findings(plain)
    if role == "seeker":
        findings += _taarof_findings(plain)
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
    text = _unquoted(text)
    said = _SAYING.search(text)
    return text if said is None else text[: said.end()].ljust(len(text))


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda match: " " * len(match.group()), text)


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
        inside = any(one <= start and end <= two for one, two in spans)
        if not inside and _is_to(word, before, after, closed=closed):
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
    if word in _PERFECT_AT_END:
        return closed
    if _STATE.fullmatch(word):
        return closed and before in _STATE_OPENERS
    found = (_MI_2SG.fullmatch(word), _MI_OBJECT.fullmatch(word))
    return word in _TO_WORDS or found != (None, None)


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
        if word in _IMPERATIVE_2PL or word in _BEING_2PL or any(
            pattern.fullmatch(word) for pattern in _SHOMA_PATTERNS
        ):
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


# ---------------------------------------------------------------- register, taarof

_SPOKEN, _WRITTEN = _table(_FORMS["spoken_verbs"]), _table(_FORMS["written_verbs"])
_SPOKEN_SIGNS = re.compile(
    rf"{_START}(?:رو|اگه|دیگه|یه|چیه|اون|اونا|واسه|چی|[\w{ZWNJ}]+(?:تون|مون|شون)){_END}"
)
_WRITTEN_SIGNS = re.compile(rf"{_START}(?:را|اگر|دیگر|است|آن|\w+(?:یتان|یمان|یشان)){_END}")
_TAAROF = {
    kind: re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    for kind, patterns in _FORMS["taarof"].items()
}
_TAAROF_MEANING = {
    "plays_down": "plays the trouble down; receive it kindly and offer the topic once more",
    "apology": "an apology for taking time: ritual politeness, or shame; ask, do not conclude",
    "thanks": "ritual thanks: no sign that the trouble is over",
    "politeness": "a formula of politeness; it asks for its counterpart, not for an analysis",
}


def _spoken(text: str) -> bool:
    """Whether the segment is colloquial; spoken unless more signs say written."""
    words = [word for word, _, _ in _words(text)]
    spoken = sum(word in _SPOKEN for word in words) + len(_SPOKEN_SIGNS.findall(text))
    written = sum(word in _WRITTEN for word in words) + len(_WRITTEN_SIGNS.findall(text))
    return spoken >= written


def _register_findings(text: str) -> Iterator[Finding]:
    """The first verb of the register that the segment's first such verb does not have."""
    first: frozenset[str] | None = None
    for word, start, end in _words(_own_words(text)):
        table = _SPOKEN if word in _SPOKEN else _WRITTEN if word in _WRITTEN else None
        first = first or table
        if table is not None and table is not first:
            message = "colloquial and written verb forms in one segment"
            yield Finding("register.mixed", start, end, message, "warn")
            return


def _taarof_findings(text: str) -> Iterator[Finding]:
    for kind, pattern in _TAAROF.items():
        match = pattern.search(text)
        if match is not None:
            meaning = _TAAROF_MEANING[kind]
            yield Finding(f"taarof.{kind}", *match.span(), f"may be taarof: {meaning}", "warn")


# ---------------------------------------------------------------- repairs


def realize(text: str, role: Role, plan: Plan) -> list[Edit]:
    """Edits for the plan's person names, the supporter's address, and spelling.

    Address is repaired only where every wrong form of the segment has one counterpart; else the
    segment is left to people, as half a repair would mix the two levels.
    """
    edits = list(_name_edits(text, plan))
    edits += _free(_spelling_edits(text), edits)
    if role == "supporter":
        address = list(_address_edits(text, plan))
        if len(_free(address, edits)) == len(address):
            edits += address
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def _free(edits: Iterable[Edit], others: list[Edit]) -> list[Edit]:
    """The edits that touch no place of the others."""
    taken = {place for edit in others for place in range(edit.start, max(edit.end, edit.start + 1))}
    return [
        edit for edit in edits if not taken & set(range(edit.start, max(edit.end, edit.start + 1)))
    ]


def _address_edits(text: str, plan: Plan) -> Iterator[Edit]:
    level = plan.supporter_to_seeker
    if level not in ("to", "shoma"):
        return
    plain = text.translate(_LETTERS)
    own, whole = _own_words(plain), _unquoted(plain)
    wrong = _to_forms if level == "shoma" else _shoma_forms
    spans = list(wrong(own))
    hidden = spans != list(wrong(whole))  # behind a verb of saying: somebody's words, or not
    if hidden or _doubtful(own, spans, level) or (
        _undecided_pronoun(own) if level == "shoma" else _SEVERAL.search(own)
    ):
        return
    swaps = [
        _polite(own, *span) if level == "shoma" else _familiar(own[slice(*span)]) for span in spans
    ]
    for (start, end), after in zip(spans, swaps, strict=True) if all(swaps) else ():
        yield Edit(
            start=start,
            end=end,
            operation="replace",
            rule=ADDRESS_RULE,
            before=text[start:end],
            after=after or "",
        )


_PREPOSITION = re.compile(
    rf"{_START}(?:تو)(?= (?:{_any(_table(_FORMS['preposition_before']))})(?:{ZWNJ}|{_END}))"
)
_ANY_TO = re.compile(rf"{_START}تو{_END}")


_PLAIN = {
    level: _table(_FORMS["plain"][key]) for level, key in (("shoma", "singular"), ("to", "plural"))
}
_LIKE_A_FORM = {
    "shoma": re.compile(rf"[\w{ZWNJ}]+[یت]"),
    "to": re.compile(rf"[\w{ZWNJ}]+(?:ید|ین|تون|تان|تونه|یدش|یدشون)"),
}
_PLAIN_ENDING = re.compile(
    rf"[\w{ZWNJ}]+(?:ها|{ZWNJ}ها)یی?|[\w{ZWNJ}]+ه{ZWNJ}(?:ای|ست)|[\w{ZWNJ}]+ترین|(?:ن?می{ZWNJ})?ن?(?:گف|رف|داش|"
    r"ذاش|گذاش|گرف|گذش|خواس|تونس|توانس|دونس|دانس|انداخ|ریخ|ساخ|سوخ|شکس|نشس|برگش|گش|نوش|شناخ)ت"
)


def _doubtful(text: str, spans: list[tuple[int, int]], level: str) -> bool:
    """Whether a word outside `spans` may be one more form of the level to be left."""
    return any(
        _LIKE_A_FORM[level].fullmatch(word)
        and word not in _PLAIN[level]
        and not _PLAIN_ENDING.fullmatch(word)
        and not any(one <= start and end <= two for one, two in spans)
        for word, start, end in _words(text)
    )


def _undecided_pronoun(text: str) -> bool:
    """A تو that is neither surely "you" nor surely "in"."""
    known = [match.span() for sure in (_TO_PRONOUN, _PREPOSITION) for match in sure.finditer(text)]
    return any(
        not any(start <= match.start() and match.end() <= end for start, end in known)
        for match in _ANY_TO.finditer(text)
    )


def _polite(text: str, start: int, end: int) -> str | None:
    """The form at the level of shoma, in the register of the segment."""
    form = text[start:end]
    pronoun = _TO_PRONOUN.match(text, start)
    if pronoun is not None and pronoun.end() == end:
        return _ANY_TO.sub("شما", form)
    pair = _TO_WORDS.get(_MARKS_ABOVE.sub("", form))
    if pair is not None:
        return pair[0] if _spoken(text) else pair[1]
    if form == "حالت":
        return "حالتون" if _spoken(text) else "حالتان"
    if _MI_OBJECT.fullmatch(form):
        return f"{form}ون" if _spoken(text) else f"{form}ان"
    return f"{form}د" if _MI_2SG.fullmatch(form) or _STATE.fullmatch(form) else None


def _familiar(form: str) -> str | None:
    """The form at the level of to; None for an order, which has two counterparts (بگی, بگو)."""
    if form == "شما":
        return "تو"
    if form in _IMPERATIVE_2PL:
        return None
    for ending in ("یتان", "تون", "تان"):
        if _SHOMA_ENCLITIC.fullmatch(form) and form.endswith(ending):
            return f"{form.removesuffix(ending)}{'یت' if ending == 'یتان' else 'ت'}"
    return form[:-1] if form.endswith(("ید", "ین")) else None


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
