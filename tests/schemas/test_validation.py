import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from schemas.validation import first_fault, list_faults, setting_fault, suggest_name


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    site: str = ""
    hours: list[int] = []

    @field_validator("site")
    @classmethod
    def _lower(cls, site: str) -> str:
        if site != site.lower():
            raise ValueError("it must be lower case")
        return site


def catch_error(**values: object) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(values)
    return raised.value


def test_faults_are_sentences_without_the_value() -> None:
    error = catch_error(site="SECRET", hours=[1, "SECRET"])
    sentences = [str(fault) for fault in list_faults(error)]
    assert sentences[0] == "site: it must be lower case" == str(first_fault(error))
    assert sentences[1].startswith("hours.1: Input should be a valid integer")
    assert "SECRET" not in "".join(sentences)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sight", "sight: there is no such setting; did you mean site?"),
        ("x", "x: there is no such setting"),
    ],
)
def test_an_unknown_setting_comes_with_a_suggestion(name: str, sentence: str) -> None:
    assert setting_fault(catch_error(**{name: 1}), Settings.model_fields) == sentence


def test_an_unknown_setting_comes_before_a_missing_one() -> None:
    class Required(Settings):
        name: str

    with pytest.raises(ValidationError) as raised:
        Required.model_validate({"nam": "North"})
    sentence = "nam: there is no such setting; did you mean name?"
    assert setting_fault(raised.value, Required.model_fields) == sentence


@pytest.mark.parametrize(
    ("name", "quoted", "hint"),
    [
        ("SITE", False, "did you mean site?"),
        ("free  TEXT", True, "did you mean 'Free text'?"),
        ("nothing", False, ""),
    ],
)
def test_a_name_is_suggested_whatever_its_case(name: str, quoted: bool, hint: str) -> None:
    assert suggest_name(name, ["site", "Free text"], quoted=quoted) == hint
