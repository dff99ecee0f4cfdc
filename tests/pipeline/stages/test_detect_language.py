import time

import pytest

from pipeline.stages.detect_language import UNDETERMINED, LanguageDetector, find_refusal

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
    "text", ["", "   ", "ok thanks", "12:30 !!! 555", "👍" * 40, "\ud800" * 40, "zz " * 20]
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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Muy lento", "es"),
        ("Comida asquerosa y cara", "es"),
        ("Médicos ótimos", "pt"),
        ("Accueil très froid", "fr"),
        ("Infermieri bravi", "it"),
        ("Mulțumim frumos", "ro"),
        ("Schwestern waren nett", "de"),
        ("Te weinig personeel", "nl"),
        ("Dålig mat", "sv"),
        ("Super opieka", "pl"),
        ("Nagyon kedves orvosok", "hu"),
        ("Çok uzun", "tr"),
        ("BEKLEME ÇOK UZUN", "tr"),
        ("Bwyd ofnadwy", "cy"),
        ("Adeeg liita", "so"),
        ("Shumë keq", "sq"),
        ("Ningun problema", "es"),
        ("medecin desagreable", "fr"),
        ("dekuji", "cs"),
        ("dhanyavaad", "hi"),
        ("shume mire", "sq"),
        ("shukran", "ar"),
        ("spasibo", "ru"),
        ("xie xie", "zh"),
        ("Nhân viên tệ", "vi"),
        ("bahut ganda khana", "hi"),
    ],
)
def test_short_texts_of_other_languages_are_not_english(text: str, code: str) -> None:
    detected = DETECTOR.detect(text)
    assert detected.code == code
    assert find_refusal(text, detected) == "language"
    assert find_refusal(text, detected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("好", "zh"),
        ("很好", "zh"),
        ("とても親切", "ja"),
        ("친절해요", "ko"),
        ("سيئ جدا", "ar"),
        ("अच्छा इलाज", "hi"),
        ("খুব ভালো", "bn"),
        ("ਚੰਗੀ ਸੇਵਾ", "pa"),
        ("Κακή εμπειρία", "el"),
        ("Ужасно", "ru"),
        ("சிறந்த சேவை", "ta"),
        ("แย่มาก", "th"),
        ("ჩინებული", "ka"),
        ("👍 很好 ok", "zh"),
        ("\U0001e922\U0001e923", "ff"),
    ],
)
def test_another_script_is_never_english(text: str, code: str) -> None:
    detected = DETECTOR.detect(text)
    assert detected.code == code
    assert find_refusal(text, detected) == "script"
    assert find_refusal(text, detected)


@pytest.mark.parametrize(
    "text",
    [
        *("Great", "ok", "v good", "wtng time", "recption staf rude", "Na", "N/A", "idk", "TV"),
        *(
            "Dr Müller",
            "José",
            "Siân",
            "Zoë lovely",
            "Pam Brown",
            "Nurse Agnieszka",
            "Café",
            "Ward 7",
            "A&E",
        ),
        *("Due to staff", "Terrible", "Perfect", "No personal service", "Tidy ward", "Ｇｏｏｄ"),
        *("𝓛𝓸𝓿𝓮𝓵𝔂 𝓼𝓽𝓪𝓯𝓯", "Excelent", "definately recomend", "the wait :(", "My son", "Folk"),
        *("Muchas gracias, you were all great", "Paracetamol pls", "physio", "ta very much"),
    ],
)
def test_short_english_is_scored(text: str) -> None:
    detected = DETECTOR.detect(text)
    assert find_refusal(text, detected) is None
    assert find_refusal(text, detected) is None


@pytest.mark.parametrize(
    "text",
    [
        "The actual appointment, I had.",
        "apptmnt canceld agen no explanashun",
        "Bed uncomfy, meds l8, nurses gr8 tho",
        "Waited 3hrs in AandE dept w/ no info",
        *("abeg una try", "wetin happen to my card", "no dal chapati", "colonoscopy prep"),
        *("dischage lounge", "ITU", "SAU", "@StGeorges ur a joke", "ur gr8", "al gud", "hehe"),
        *("dunno rly", "betta den b4", "nite shift", "dank", "dreich", "feck", "yoke", "de facto"),
    ],
)
def test_clipped_and_misspelt_english_is_scored(text: str) -> None:
    assert find_refusal(text, DETECTOR.detect(text)) is None


def test_a_text_in_two_languages_is_english_where_english_words_prevail() -> None:
    assert DETECTOR.detect("The nurses were lovely, muchas gracias a todos").code == "en"
    assert DETECTOR.detect("Las enfermeras muy amables y atentas, thank you").code == "es"


def test_confidence_is_a_share_whatever_settled_the_language() -> None:
    for text in (ENGLISH, SPANISH, "Muy lento", "很好", "Nagyon kedves orvosok"):
        assert 0 < DETECTOR.detect(text).confidence <= 1
