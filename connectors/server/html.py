"""The pages of a form: accessible (WCAG 2.2 AA), without scripts, cookies or assets of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import urlencode

from connectors.forms.form.config import SCALES, Tongue, Translated
from connectors.forms.form.connector import Form
from connectors.server.layout import document
from connectors.server.translations import WORDS, Words

LONGEST_ANSWER: Final = 10_000
HONEYPOT: Final = "website"
PRESETS: Final = ("site", "service", "place")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend, and the field where it is mended."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class View:
    """One showing of a form's page."""

    form: Form
    tongue: Tongue
    submission_id: str
    given: Mapping[str, str] = field(default_factory=dict)
    """What the person has filled in, by field; at first the address's presets."""
    problems: Sequence[Problem] = ()

    @property
    def words(self) -> Words:
        """The page's own words."""
        return WORDS[self.tongue]

    def says(self, said: Translated, element: str, attributes: str = "") -> str:
        """An element with the owner's words, marked where they are in another language."""
        text, tongue = self.form.words(said, self.tongue)
        other = "" if tongue == self.tongue else f' lang="{tongue}"'
        return f"<{element}{attributes}{other}>{escape(text)}</{element}>"

    def problem_of(self, field: str) -> Problem | None:
        """What is to be mended in a field."""
        return next((problem for problem in self.problems if problem.field == field), None)


def form_page(view: View) -> str:
    """The form."""
    config, words = view.form.config, view.words
    parts = [
        _languages(view),
        view.says(config.title, "h1"),
        view.says(config.intro, "p") if config.intro else "",
        _summary(view),
        '<form method="post" novalidate>',
        f'<input type="hidden" name="submission_id" value="{escape(view.submission_id)}">',
        _score(view),
        *(_question(view, number) for number in range(1, len(config.questions) + 1)),
        _select(view, "site", words.site, config.sites),
        _select(view, "service", words.service, config.services),
        _contact(view) if config.contacts_file else "",
        f'<div class="extra" aria-hidden="true"><label for="{HONEYPOT}">{words.leave_empty}</label>'
        f'<input type="text" id="{HONEYPOT}" name="{HONEYPOT}" tabindex="-1" autocomplete="off">'
        "</div>",
        f'<button type="submit">{words.send}</button></form>',
    ]
    if config.privacy_url:
        parts.append(f'<p><a href="{escape(str(config.privacy_url))}">{words.privacy}</a></p>')
    title = view.form.words(config.title, view.tongue)[0]
    return document(view.tongue, f"{words.error}: {title}" if view.problems else title, parts)


def thanks_page(form: Form, tongue: Tongue, presets: Mapping[str, str]) -> str:
    """What the person sees once the feedback is safe."""
    words = WORDS[tongue]
    again = f"../{form.context.instance}?{urlencode({**presets, 'lang': tongue})}"
    parts = [
        f"<h1>{words.thanks}</h1><p>{words.received}</p>",
        f'<p><a href="{escape(again)}">{words.again}</a></p>',
    ]
    return document(tongue, words.thanks, parts)


def _languages(view: View) -> str:
    offered = view.form.config.languages
    if len(offered) < 2:
        return ""
    presets = {name: view.given[name] for name in PRESETS if view.given.get(name)}
    links = []
    for tongue in offered:
        name = WORDS[tongue].name
        if tongue == view.tongue:
            links.append(f'<li><b aria-current="true">{name}</b></li>')
        else:
            address = escape("?" + urlencode({**presets, "lang": tongue}))
            links.append(
                f'<li><a href="{address}" lang="{tongue}" hreflang="{tongue}">{name}</a></li>'
            )
    return f'<nav aria-label="{view.words.languages}"><ul>{"".join(links)}</ul></nav>'


def _summary(view: View) -> str:
    if not view.problems:
        return ""
    listed = "".join(
        f'<li><a href="#{one.field}">{escape(one.message)}</a></li>'
        if one.field
        else f"<li>{escape(one.message)}</li>"
        for one in view.problems
    )
    heading = view.words.problems if view.problems[0].field else view.words.error
    return (
        '<div class="problems" role="alert" tabindex="-1" autofocus aria-labelledby="problems">'
        f'<h2 id="problems">{heading}</h2><ul>{listed}</ul></div>'
    )


def _score(view: View) -> str:
    config, words = view.form.config, view.words
    kind = config.score
    if kind == "none":
        return ""
    described: list[str] = ["score-hint"] if kind == "nps" else []
    hint = f'<p class="hint" id="score-hint">{words.nps_ends}</p>' if described else ""
    told = _told(view, "score", described)
    values = list(SCALES[kind])
    if kind == "stars":
        values.reverse()
    group = "".join(_choice(view, value, first=value == values[0]) for value in values)
    usual = {"stars": words.stars_question, "nps": words.nps_question, "fft": words.fft_question}
    asked = config.score_question
    legend = view.says(asked, "legend") if asked else f"<legend>{usual[kind]}</legend>"
    if kind == "nps":
        group = f'<div class="row">{group}</div>'
    return _fieldset(view, "score", legend + hint + told + group, described)


def _choice(view: View, value: int, *, first: bool) -> str:
    words = view.words
    match view.form.config.score:
        case "stars":
            stars = "★" * value + "☆" * (5 - value)
            shown = f'<span aria-hidden="true">{stars}</span> {words.stars[value - 1]}'
        case "fft":
            shown = words.fft[value - 1]
        case _:
            shown = str(value)
    identity = "score" if first else f"score-{value}"
    checked = " checked" if view.given.get("score") == str(value) else ""
    return (
        f'<label class="choice" for="{identity}"><input type="radio" id="{identity}" '
        f'name="score" value="{value}"{checked}><span>{shown}</span></label>'
    )


def _fieldset(view: View, field: str, content: str, described: Sequence[str] = ()) -> str:
    wrong = ' class="wrong"' if view.problem_of(field) else ""
    by = f' aria-describedby="{" ".join(described)}"' if described else ""
    return f"<fieldset{wrong}{by}>{content}</fieldset>"


def _told(view: View, field: str, described: list[str]) -> str:
    """The problem of a field, as its description."""
    problem = view.problem_of(field)
    if problem is None:
        return ""
    described.append(f"{field}-problem")
    words = f"{view.words.error}: {problem.message}"
    return f'<p class="problem" id="{field}-problem">{escape(words)}</p>'


def _question(view: View, number: int) -> str:
    field = f"text_{number}"
    described = [f"{field}-hint"]
    told = _told(view, field, described)
    wrong = " wrong" if told else ""
    invalid = ' aria-invalid="true"' if told else ""
    return (
        f'<div class="field{wrong}">'
        + view.says(view.form.config.questions[number - 1], "label", f' for="{field}"')
        + f'<p class="hint" id="{field}-hint">{view.words.private}</p>{told}'
        f'<textarea id="{field}" name="{field}" rows="5" aria-describedby="{" ".join(described)}"'
        f"{invalid}>\n{escape(view.given.get(field, ''))}</textarea></div>"
    )


def _select(view: View, field: str, label: str, choices: Sequence[str]) -> str:
    if not choices:
        return ""
    chosen = view.given.get(field, "")
    options = [f'<option value="">{view.words.no_choice}</option>']
    for choice in choices:
        selected = " selected" if choice == chosen else ""
        options.append(f'<option value="{escape(choice)}"{selected}>{escape(choice)}</option>')
    return (
        f'<div class="field"><label for="{field}">{label}</label>'
        f'<select id="{field}" name="{field}">{"".join(options)}</select></div>'
    )


def _contact(view: View) -> str:
    words = view.words
    described = ["contact-hint"]
    told = _told(view, "contact", described)
    consent: list[str] = []
    unasked = _told(view, "contact_me", consent)
    ticked = " checked" if view.given.get("contact_me") else ""
    by = f' aria-describedby="{consent[0]}"' if consent else ""
    group = (
        f'{unasked}<label class="choice" for="contact_me"><input type="checkbox" id="contact_me" '
        f'name="contact_me" value="yes"{ticked}{by}><span>{words.contact_me}</span></label>'
        f'<div class="field"><label for="contact">{words.contact}</label>'
        f'<p class="hint" id="contact-hint">{words.contact_use}</p>{told}'
        f'<input type="text" id="contact" name="contact" maxlength="200" '
        f'aria-describedby="{" ".join(described)}" value="{escape(view.given.get("contact", ""))}">'
        "</div>"
    )
    legend = f"<legend>{words.contact_heading}</legend>"
    return _fieldset(view, "contact_me", legend + group)
