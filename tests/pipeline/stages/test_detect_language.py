import time

import pytest

from pipeline.stages.detect_language import UNDETERMINED, LanguageDetector

DETECTOR = LanguageDetector()
ENGLISH = "The nurses were kind but I had to wait for hours"
SPANISH = "Tuve que esperar cuatro horas y nadie me explicó nada"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (SPANISH, "es"),
        (SPANISH.upper(), "es"),
        ("Die Wartezeit war viel zu lang und niemand hat etwas gesagt", "de"),
        ("كان الموظفون طيبين لكن الانتظار كان طويلا جدا", "ar"),
        ("等待时间太长了，但是医生很好", "zh"),
        ("의사가 친절했어요", "ko"),
        ("\ud800 broken surrogate in an otherwise plain sentence", "en"),
        ("control\0characters\x1band\nlines in an otherwise plain sentence", "en"),
        (f"\n\n {ENGLISH} ", "en"),
    ],
)
def test_the_language_is_found(text: str, code: str) -> None:
    detected = DETECTOR.detect(text)
    assert detected.code == code
    assert 0.5 <= detected.confidence <= 1


@pytest.mark.parametrize(
    "text", ["", "   ", "ok thanks", "12:30 !!! 555", "很好", "👍" * 40, "\ud800" * 40, "zz " * 20]
)
def test_what_is_short_or_doubtful_is_left_open(text: str) -> None:
    assert DETECTOR.detect(text) == UNDETERMINED


def test_a_batch_has_the_languages_of_its_texts() -> None:
    texts = [ENGLISH, "", SPANISH, "ok"]
    assert DETECTOR.detect_all(texts) == [DETECTOR.detect(text) for text in texts]
    assert DETECTOR.detect_all([]) == []


def test_a_long_text_costs_no_more_than_its_beginning() -> None:
    began = time.process_time()
    assert DETECTOR.detect(ENGLISH + " x" * 500_000).code == "en"
    assert time.process_time() - began < 0.5
