"""The sender's own text in a message, without quotes and signature.

The rules are conservative: losing a sentence of a comment is worse than keeping a greeting. So a
lone "Thank you," does not end the text, a list with hyphens is a list, and "the nurse wrote:" does
not begin a quote. Each rule inspects a few lines at a time.
"""

from __future__ import annotations

import re
from typing import Final

_WROTE: Final = re.compile(
    r"(?:wrote|schrieb(?:\s.{0,120})?|a écrit|escribió|ha scritto|schreef(?:\s.{0,120})?"
    r"|escreveu|napisał\(?a?\)?|skrev(?:\s.{0,120})?)\s?:$",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(r"\s*(?:on|am|le|el|il|op|em|w dniu|dnia|den|på)\s", re.IGNORECASE)
_DATED: Final = re.compile(
    r"\d{1,2}[:.]\d{2}|\b(?:19|20)\d{2}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[^\s@<]{1,64}@[^\s@>]{1,255}")
_DIVIDER: Final = re.compile(
    r"-{2,}\s?(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete "
    r"nachricht|message d'origine|message transféré|mensaje original|messaggio originale"
    r"|oorspronkelijk bericht)\s?-{2,}|begin forwarded message:",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"[*_]{0,2}(?:from|sent|date|to|cc|subject|von|gesendet|datum|an|betreff|de|envoyé|à|objet"
    r"|enviado|para|asunto|fecha|da|inviato|a|oggetto|data|van|verzonden|aan|onderwerp)"
    r"[*_]{0,2}\s?:[*_]{0,2}\s",
    re.IGNORECASE,
)
_DEVICE: Final = re.compile(
    r"(?:sent from (?:my|the) |sent from outlook|sent from yahoo|get outlook for |sent via "
    r"|gesendet mit |von meinem .{1,40} gesendet|envoyé de(?:puis)? mon |enviado desde mi "
    r"|inviato da(?:l mio)? |verzonden vanaf mijn ).{0,80}",
    re.IGNORECASE,
)
_REGARDS: Final = re.compile(
    r"(?:(?:kind|kindest|best|warm|warmest|many)?\s?(?:regards|wishes|thanks)"
    r"|yours (?:sincerely|faithfully|truly)|sincerely|(?:mit )?(?:freundlichen|besten|vielen|"
    r"herzlichen) grüßen?|(?:viele|liebe|beste|freundliche) grüße|mfg|(?:bien )?cordialement"
    r"|saludos(?: cordiales)?|atentamente|cordiali saluti|met vriendelijke groet(?:en)?)[,.!]?",
    re.IGNORECASE,
)
_ENDS_SENTENCE: Final = re.compile(r"[.!?…][\"')]*$")
_BLANKS: Final = re.compile(r"\n{3,}")
_ATTRIBUTION_LINES: Final = 3
_ATTRIBUTION_WIDTH: Final = 300
_WROTE_WIDTH: Final = 200
_HEADERS: Final = 3
_SIGNATURE_LINES: Final = 8
_SIGNATURE_WIDTH: Final = 60


def strip_quoted_text(text: str) -> str:
    """Return a text without quotes, forwarded messages and signatures."""
    lines = [line.replace("\u00a0", " ").rstrip() for line in text.splitlines()]
    lines = _drop_quotes(lines[: _find_end(lines)])
    lines = _drop_closing([line for line in lines if not _DEVICE.fullmatch(line.strip())])
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def unwrap_flowed(text: str) -> str:
    """Return the text of ``format=flowed`` (RFC 3676): a line that ends in a space continues."""
    parts: list[str] = []
    for line in text.splitlines():
        stuffed = line[1:] if line.startswith(" ") else line
        continues = stuffed.endswith(" ") and stuffed != "-- " and not stuffed.startswith(">")
        parts.append(stuffed if continues else stuffed + "\n")
    return "".join(parts)


def _find_end(lines: list[str]) -> int:
    """Return the line where the own text ends: at a signature or at a quoted message."""
    for number, line in enumerate(lines):
        words = line.strip()
        if line == "--" or _DIVIDER.fullmatch(words):
            return number
        if _HEADER.match(words + " ") and _is_header_block(lines[number : number + 8]):
            return number - _is_rule(lines[number - 1]) if number else number
        if (first := _find_attribution(lines, number, marked=False)) is not None:
            return first
    return len(lines)


def _is_header_block(lines: list[str]) -> bool:
    """Return True if lines begin with headers, one of them with an address or a date."""
    headers = []
    for line in lines:
        if not _HEADER.match(line.strip() + " "):
            break
        headers.append(line)
    text = " ".join(headers)
    return len(headers) >= _HEADERS and bool(_ADDRESS.search(text) or _DATED.search(text))


def _is_rule(line: str) -> bool:
    return len(line.strip()) >= 10 and set(line.strip()) <= {"_", "-"}


def _find_attribution(lines: list[str], last: int, *, marked: bool) -> int | None:
    """Return the first line of an attribution ("On … wrote:") that ends at ``last``, if any.

    Before lines that are marked as quotes, a date is sufficient. Without marks, all that follows
    would be lost, so an address is required.
    """
    if not _WROTE.search(lines[last][-_WROTE_WIDTH:]):
        return None
    first = last
    for number in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
        if not lines[number].strip():
            break
        if _OPENS.match(lines[number]):
            first = number
            break
    text = " ".join(lines[first : last + 1])
    if len(text) > _ATTRIBUTION_WIDTH:
        return None
    proof = _ADDRESS.search(text) or (marked and _DATED.search(text))
    return first if proof else None


def _drop_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if not line.lstrip().startswith(">"):
            kept.append(line)
            continue
        _drop_find_attribution(kept)
    return kept


def _drop_find_attribution(kept: list[str]) -> None:
    """Remove the attribution above a quote."""
    last = len(kept) - 1
    while last >= 0 and not kept[last].strip():
        last -= 1
    if last >= 0 and (first := _find_attribution(kept, last, marked=True)) is not None:
        del kept[first:]


def _drop_closing(lines: list[str]) -> list[str]:
    """Return lines without a closing formula and the name below it, unless sentences follow."""
    for number in range(len(lines) - 1, -1, -1):
        if not _REGARDS.fullmatch(lines[number].strip()):
            continue
        below = [line.strip() for line in lines[number + 1 :] if line.strip()]
        short = all(len(line) <= _SIGNATURE_WIDTH for line in below)
        spoken = any(_ENDS_SENTENCE.search(line) for line in below)
        return lines[:number] if len(below) <= _SIGNATURE_LINES and short and not spoken else lines
    return lines
