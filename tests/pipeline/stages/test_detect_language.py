import pytest

from pipeline.stages.detect_language import LanguageDetector

DETECTOR = LanguageDetector()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The nurses were kind but I had to wait for hours", "en"),
        ("Tuve que esperar cuatro horas y nadie me explicó nada", "es"),
        ("Die Wartezeit war viel zu lang und niemand hat etwas gesagt", "de"),
        ("等待时间太长了，但是医生很好", "zh"),
        ("ok thanks", "und"),
        ("12:30 !!! 555", "und"),
        ("\ud800 broken surrogate in an otherwise plain sentence", "en"),
        ("", "und"),
    ],
)
def test_the_language_is_found_or_left_open(text: str, code: str) -> None:
    assert DETECTOR.detect(text).code == code
