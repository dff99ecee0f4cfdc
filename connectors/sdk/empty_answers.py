"""Answers that say nothing, such as "N/A", "-" or "none": they are not comments. Pure."""

from __future__ import annotations

import re
from typing import Final

from schemas.empty_answers import ALWAYS_EMPTY, fold_answer, has_sign

EMPTY_ANSWER: Final = "an answer that says nothing"
"""The reason for which it is left out."""

_MAX_CHARACTERS: Final = 60
_TO_A_COMPLAINT: Final = frozenset({
    "none", "no", "nope", "nothing", "nothing at all", "nothing really", "not really",
    "none at all",
    "no nothing", "nothing comes to mind", "nothing i can think of", "can t think of anything",
    "cannot think of anything", "nothing springs to mind", "not that i can think of", "nowt",
    "no complaints", "no issues", "no problems", "no concerns", "no suggestions", "no improvements",
    "no improvement", "none really", "not anything", "nichts", "rien", "nada", "niente",
    "niets", "no thanks", "no thank you", "not at this time", "dont know", "don t know", "not sure",
    "nee", "nein", "non", "keine", "keines", "nichts besonderes", "gar nichts", "aucun", "aucune",
    "rien du tout", "ninguno", "ninguna", "nada más", "nessuno", "nessuna", "nulla", "nic", "nie",
    "brak", "nada mais", "nenhum", "ingenting", "inget", "intet", "nej", "nei", "dim",
    "нет", "ничего", "لا", "لا شيء", "没有", "无", "なし",
    "特になし", "없음", "없습니다", "yok", "hayır",
})  # fmt: skip
"""Folded answers that say nothing to a question that asks what was wrong, or for anything else."""

_UNASKED: Final = frozenset({"none", "nothing", "nil", "no", "nope", "nothing else"})
"""Answers that say nothing if the question is unknown."""

_ASKS_FOR_FAULTS: Final = re.compile(
    r"improv|better|differen|chang|wrong|problem|complain|concern|suggest|dislik|worse|worst"
    r"|less well|\bnot (?:go|do|work)|\bn['’]t (?:go|do|work)|could we|should we"
    r"|any(?:thing)? (?:else|other)"
    r"|\bother\b|further|additional|\badd\b|issue|bad|negativ|fault|difficult"
    r"|verbesser|besser|anmerk|vorschl|kritik|sonst|beschwer|amélior|mieux|remarque|autre chose"
    r"|plainte|mejor|sugeren|comentario|algo más|queja|miglior|altro|reclam|verbeter|beter\b"
    r"|opmerking|melhor|sugest|lepsz|lepiej|popraw|uwag|gwell|förbättr|bättre|улучш|лучше|замечан"
    r"|تحسين|改进|改善|建议|意见|개선"
    r"|\btell us|\bany (?:\w+ )?(?:comment|remark|feedback|thought)",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(
    r"(?:(?:your|the|general|overall|free|open|patients?|customers?)[\s_-]+)*"
    r"(?:comments?|feedback|remarks?|text|message|notes?|opinion|kommentare?|anmerkung(?:en)?"
    r"|commentaires?|remarques?|comentarios?|comentários?|commenti|opmerkingen|uwagi)"
    r"(?:[\s_-]+(?:field|box|text|\d+))?[\W_]*",
    re.IGNORECASE,
)
"""A question that is no more than the name of a comment."""


def says_nothing(text: str, question: str | None = None) -> bool:
    """Return True if an answer has no content: a sign, "N/A", or "none" where faults are asked for.

    A word such as "none" answers some questions, and is only empty where the question asks what
    should be better, or is unknown. Emoji say something. A title and a body say nothing if neither
    does.
    """
    if len(text) > _MAX_CHARACTERS:
        return False
    return all(_is_empty(line, question) for line in text.splitlines())


def _is_empty(text: str, question: str | None) -> bool:
    words = fold_answer(text)
    if not words:
        return not has_sign(text)
    if words in ALWAYS_EMPTY:
        return True
    if question is None or not question.strip():
        return words in _UNASKED
    is_open = _HEADING.fullmatch(question.strip()) or _ASKS_FOR_FAULTS.search(question)
    return words in _TO_A_COMPLAINT and is_open is not None
