"""EPITOME cues of Polish, Persian and Spanish: forms of gender, address and register."""

import pytest

from mhx.contracts import MeasureSettings
from mhx.scoring import MECHANISMS, open_measure
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())
ER, IP, EX = MECHANISMS


def levels(lang, mechanism, texts):
    folder = SHELVES.get("languages", lang).folder
    measure = open_measure("epitome", MeasureSettings(lang, folder), SHELVES)[1]
    return [measure.level(text, mechanism) for text in texts]


@pytest.mark.parametrize(
    ("mechanism", "level", "texts"),
    [
        (ER, 1, ["Nie jest Pani z tym sama.", "Nie jest Pan z tym sam.", "Nie jesteś sam.",
                 "Nie jesteś z tym sama.", "Nie zostanie Pan z tym sam."]),
        (ER, 1, ["Ma Pani prawo.", "Ma Pan prawo.", "Masz prawo do złości."]),
        (ER, 2, ["To musi być dla Pani trudne.", "To musi być dla Pana trudne.",
                 "To musi być dla ciebie bolesne.", "Wyobrażam sobie, jak ciężko było."]),
        (ER, 0, ["Proszę zadzwonić jutro.", "Wszystko będzie dobrze.", "Przykro mi, ale nie."]),
        (IP, 1, ["Rozumiem.", "Z tego, co Pan mówi, niewiele zostało.", "Domyślam się.",
                 "Z tego, co mówisz, niewiele zostało."]),
        (IP, 2, ["Czuje się Pani bezradna.", "Czuje się Pan bezradny.", "Czujesz się samotna.",
                 "Czułeś się bezradny.", "Czułaś się bezradna.", "Poczułaś złość.",
                 "Pan poczuł wstyd.", "Poczuła Pani ulgę."]),
        (IP, 0, ["Rozumiem, ale proszę zadzwonić.", "Proszę zadzwonić jutro."]),
        (EX, 1, ["Co się stało?", "Czy chce Pani o tym opowiedzieć?", "Czy chciałabyś opowiedzieć?",
                 "Czy chciałbyś o tym pogadać?", "Czy chciałby Pan powiedzieć?"]),
        (EX, 2, ["Co wtedy poczułaś?", "Co wtedy poczułeś?", "Co poczuła Pani wtedy?",
                 "Co Pan wtedy poczuł?", "Czy jest Pani teraz bezpieczna?",
                 "Czy jesteś teraz bezpieczny?"]),
        (EX, 0, ["Proszę zadzwonić jutro.", "Dobrze, prawda?"]),
    ],
)
def test_polish(mechanism, level, texts):
    assert levels("pl", mechanism, texts) == [level] * len(texts)


@pytest.mark.parametrize(
    ("mechanism", "level", "texts"),
    [
        (ER, 1, ["تنها نیستید.", "تنها نیستی.", "چقدر سخته.", "باید خیلی سخت باشه.",
                 "باید خیلی سخت باشد.", "خوب کردید که گفتید."]),
        (ER, 2, ["واقعاً ناراحت شدم.", "نگرانتون هستم.", "نگرانت شدم.", "دلم گرفت."]),
        (ER, 0, ["فردا زنگ بزنید.", "نگران نیستم.", "ناراحت نشید."]),
        (IP, 1, ["می‌فهمم.", "می‌فهممت.", "می‌فهممتون.", "درکت می‌کنم.", "درکتون می‌کنم.",
                 "درکتان می‌کنم.", "متوجه می‌شوم.", "متوجه می‌شم.", "حق دارید."]),
        (IP, 2, ["انگار خیلی تنها موندید.", "احساس گناه می‌کنید.", "احساس گناه می‌کنی.",
                 "دلتون شکسته.", "دلت گرفته."]),
        (IP, 0, ["نمی‌فهمم.", "درکت نمی‌کنم.", "فردا زنگ بزنید.", "من جای شما بودم می‌رفتم."]),
        (EX, 1, ["چی شده؟", "حالتون چطوره؟", "بیشتر بگید.", "بیشتر برام بگو."]),
        (EX, 2, ["چه حسی داشتید؟", "چه حسی داشتی؟", "چی از ذهنتون گذشت؟", "چی از ذهنت گذشت؟",
                 "به خودکشی فکر می‌کنید؟"]),
        (EX, 0, ["فردا زنگ بزنید.", "چه فایده؟"]),
    ],
)
def test_persian(mechanism, level, texts):
    assert levels("fa", mechanism, texts) == [level] * len(texts)
    blanks = [text.replace("\u200c", " ") for text in texts]  # a blank typed for the half-space
    assert levels("fa", mechanism, blanks) == [level] * len(texts)


@pytest.mark.parametrize(
    ("mechanism", "level", "texts"),
    [
        (ER, 1, ["Lo siento mucho.", "No está sola.", "No estás solo.", "Tiene que doler."]),
        (ER, 2, ["Me entristece leer esto.", "Siento mucho que pase por esto."]),
        (ER, 0, ["Llame mañana.", "Lo siento, pero no puedo."]),
        (IP, 1, ["Le entiendo.", "Te entiendo.", "La comprendo."]),
        (IP, 2, ["Se siente sola.", "Te sientes solo.", "Lo que más le pesa."]),
        (IP, 0, ["No te entiendo.", "No la comprendo.", "Llame mañana."]),
        (EX, 1, ["¿Qué ha pasado?", "¿Cómo está?", "¿Cómo estás?", "Cuénteme más.", "Cuéntame."]),
        (EX, 2, ["¿Cómo se siente?", "¿Cómo te sientes?", "¿Está a salvo?", "¿Estás a salvo?"]),
        (EX, 0, ["Llame mañana.", "¿Quién sabe?"]),
    ],
)
def test_spanish(mechanism, level, texts):
    assert levels("es", mechanism, texts) == [level] * len(texts)
