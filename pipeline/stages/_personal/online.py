"""Network identifiers: URLs, e-mail addresses, social handles, IP addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from pipeline.stages._personal.view import Span, View, drop_overlaps

_TOP_LEVELS: Final = "com|org|net|info|co|uk|me|io|be|gl|ly"
_PATH: Final = re.compile(rf"\.(?:{_TOP_LEVELS})/")
# The run of other characters is possessive: it takes linear time without a bound, and a bound
# would leave the end of a long address readable.
_URL: Final = re.compile(
    r"(?:https?|ftp)://\w[^\s<>\"\x00]*+"
    rf"|(?<![\w@.-])(?:www\.|(?:[\w-]{{1,63}}\.){{1,3}}(?:{_TOP_LEVELS})/)"
    r"\w[^\s<>\"\x00]*+"
)
_URL_END: Final = ".,;:!?)]}'*_~"

_DOMAIN: Final = (
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9]{2,40}|[^\W\d_]{2,24})(?!\w)"
)
# Addresses at these are given without their end.
_PROVIDERS: Final = "gmail|googlemail|hotmail|yahoo|outlook|icloud|btinternet|aol"
_AT_DOMAIN: Final = re.compile(
    rf"@{_DOMAIN}| @ {_DOMAIN}|(?<=\w)@(?:{_PROVIDERS})(?: com)?(?![\w.])"
)
_LOCAL_BACKWARDS: Final = re.compile(r"[\w.%+'&-]{1,200}")
_PRICE: Final = re.compile(r"[\d.]+")
_LOCAL_EDGE: Final = ".%+'&-"

_HANDLE: Final = re.compile(rf"(?<![\w.@])@(?P<name>[a-z_][\w.-]{{0,40}})(?:@{_DOMAIN})?")
# Before these words "@" stands for "at".
_NOT_HANDLES: Final = re.compile(
    r"about|all|an?|and|any|approx|around|at|best|both|first|five|four|half|her|his|home|hospital"
    r"|in|its|last|least|length|lunch(?:time)?|mid(?:day|night)|my|night|noon|on|once|one|our|peace"
    r"|random|reception|risk|some|ten|that|the|their|them|then|there|these|this|three|times|today"
    r"|tomorrow|tonight|two|us|weekends|work|your?"
)

# An account after the name of its network: "insta: jo_b", "my snapchat is jo77".
_NETWORKS: Final = (
    r"insta(?:gram)?|ig|snap(?:chat)?|tik ?tok|twitter|face ?book|fb|telegram|skype|discord|threads"
    r"|linkedin|reddit|whats ?app"
)
_PERSONAL_NETWORKS: Final = r"insta(?:gram)?|ig|snap(?:chat)?|tik ?tok|telegram|skype|discord"
_ACCOUNT: Final = re.compile(
    rf"\b(?:(?P<personal>{_PERSONAL_NETWORKS})|{_NETWORKS})\b"
    r"(?P<label>(?: ?(?:user ?name|user|handle|account|name|profile|page|id)\b)?)"
    r"(?P<link>(?: (?:is|as|at|under|called)\b)?[ :=@\"'(-]{1,4})"
    r"(?P<name>(?:live:)?[a-z\d_][\w.]{2,40}(?:#\d{4})?)"
)
_USER: Final = re.compile(
    r"(?<![\w/])u/(?P<name>[\w-]{4,20})(?!\w)|\buser ?name[ :=]{1,3}(?:is )?(?P<named>[\w.]{3,40})"
)
_HANDLE_FORM: Final = re.compile(
    r"(?:live:)?(?=[\w.]*[a-z])(?:\w*[a-z]\d+|\w+_\w+|\w{2,}\.\w+)[\w.]*(?:#\d{4})?"
)
# A cheap test: a name has a digit, an underscore or a dot after a letter, or follows a colon.
_NAME: Final = re.compile(r"[\d_.](?:(?<=[a-z]\d)|(?<=\w_)|(?<=[a-z]\.)[a-z\d])")
_END: Final = re.compile(r"\s*(?:[,;.)\"'\n]|\Z)")
_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)")
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9a-f:]{6,40}+(?![\w:])")
_VERSION: Final = re.compile(
    r"(?:version|release|section|paragraph|ios|android|chrome|firefox|windows|\bv)[ .:]{0,2}\Z"
)


def find_urls(view: View) -> list[Span]:
    """Find ``http://…``, ``www.…`` and ``example.org/…``, whole: any part may name a person."""
    lowered = view.lowered
    is_written_out = "://" in lowered or "www." in lowered
    if not is_written_out and ("/" not in lowered or not _PATH.search(lowered)):
        return []
    return [
        (match.start(), match.start() + len(match[0].rstrip(_URL_END)), "url")
        for match in _URL.finditer(lowered)
    ]


def find_emails(view: View) -> list[Span]:
    """Find e-mail addresses, searching backwards from the ``@``."""
    lowered = view.lowered
    spans: list[Span] = []
    if "@" not in lowered:
        return spans
    end = 0
    for match in _AT_DOMAIN.finditer(lowered):
        before = lowered[max(end, match.start() - 200) : match.start()]
        local = _LOCAL_BACKWARDS.match(before[::-1])
        kept = local[0][::-1].lstrip(_LOCAL_EDGE) if local else ""
        start = match.start() - len(kept)
        is_price = match[0].startswith(" ") and _PRICE.fullmatch(kept)
        # After another "@" it is a name on a social network.
        if kept and not is_price and lowered[start - 1 : start] != "@":
            end = match.end()
            spans.append((start, end, "email"))
    return spans


def find_handles(view: View) -> list[Span]:
    """Find ``@name`` and ``@name@server``, but not an ``@`` that means "at"."""
    spans: list[Span] = []
    if "@" not in view.lowered:
        return spans
    for match in _HANDLE.finditer(view.lowered):
        kept = match[0].rstrip(".-")
        if not _NOT_HANDLES.fullmatch(match["name"].rstrip(".-")):
            spans.append((match.start(), match.start() + len(kept), "handle"))
    return spans


def find_accounts(view: View) -> list[Span]:
    """Find accounts after the name of a network, such as "insta: jo_b"."""
    text = view.lowered
    if ":" not in text and not _NAME.search(text):
        return []
    if not may_name_network(text):
        return []
    places = {match.span(str(match.lastgroup)) for match in _USER.finditer(text)}
    for match in _ACCOUNT.finditer(text):
        name = match["name"].rstrip(".")
        end = match.start("name") + len(name)
        is_alone = match["link"].startswith(":") and _END.match(text, end)
        if _HANDLE_FORM.fullmatch(name) or (
            name.isalpha() and is_alone and (match["personal"] or match["label"])
        ):
            places.add((match.start("name"), end))
    return drop_overlaps(places, "handle")


def may_name_network(lowered: str) -> bool:
    """True if the text may name a social network."""
    return (
        "insta" in lowered
        or "snap" in lowered
        or "tok" in lowered
        or "twitter" in lowered
        or "facebook" in lowered
        or "fb" in lowered
        or "telegram" in lowered
        or "skype" in lowered
        or "discord" in lowered
        or "linkedin" in lowered
        or "reddit" in lowered
        or "u/" in lowered
        or "user" in lowered
        or " ig" in lowered
        or lowered.startswith("ig")
    )


def find_ipv4_addresses(view: View) -> list[Span]:
    """Find IPv4 addresses, but not versions."""
    if view.lowered.count(".") < 3:
        return []
    return [(*match.span(), "ip") for match in _IPV4.finditer(view.lowered) if _is_ipv4(match)]


def find_ipv6_addresses(view: View) -> list[Span]:
    """Find IPv6 addresses, but not times."""
    text = view.lowered
    if ":" not in text or text.count(":") < 2:
        return []
    return [
        (match.start(), match.start() + len(address), "ip")
        for match in _IPV6.finditer(text)
        if _is_ipv6(address := _without_colon(match[0]))
    ]


def _is_ipv4(match: re.Match[str]) -> bool:
    # "1.2.3.4" is a version or a heading; no household has an address of such small numbers.
    if len(match[0]) == len("1.2.3.4") or _VERSION.search(match.string[: match.start()][-12:]):
        return False
    return _is_address(match[0], ipaddress.IPv4Address)


def _without_colon(address: str) -> str:
    return address[:-1] if address.endswith(":") and not address.endswith("::") else address


def _is_ipv6(address: str) -> bool:
    groups = [group for group in address.split(":") if group]
    # "a::b" and "::1" are written for other reasons.
    if len(groups) < 3 and max(map(len, groups), default=0) < 3:
        return False
    return any(map(str.isdigit, address)) and _is_address(address, ipaddress.IPv6Address)


def _is_address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
