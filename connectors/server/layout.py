"""What every page has: its style, its headers, and the document around its content."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Final

from connectors.forms.form.config import Tongue

_STYLE: Final = """
*{box-sizing:border-box}
body{margin:0;background:#f3f5f8;color:#14202e;font:1.125rem/1.55 system-ui,sans-serif}
main{max-width:42rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;background:#fff;min-height:100vh}
h1{font-size:1.9rem;line-height:1.25;margin:.5rem 0 1rem}
h2{font-size:1.25rem;margin:0 0 .5rem}
p{margin:.5rem 0 1.25rem}
a{color:#174a8b;text-underline-offset:.15em}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
nav a,nav b{display:inline-block;padding:.3rem 0}
fieldset,.field{border:0;margin:0 0 1.75rem;padding:0;min-width:0}
legend{float:left;width:100%}
legend+*{clear:both}
fieldset .field{margin:1rem 0 0}
legend,.field>label{display:block;font-weight:600;padding:0;margin:0 0 .35rem}
.hint{color:#44505e;margin:0 0 .5rem}
.choice{display:flex;align-items:center;gap:.75rem;min-height:2.75rem;padding:.35rem .75rem;
margin:0 0 .4rem;border:1px solid #68748a;border-radius:.4rem;cursor:pointer}
.row{display:flex;flex-wrap:wrap;gap:.4rem}
.row .choice{flex-direction:column;gap:.15rem;min-width:3rem;margin:0;padding:.5rem}
.choice:has(:checked){border-color:#174a8b;background:#e6eefa;box-shadow:inset 0 0 0 1px #174a8b}
input[type=radio],input[type=checkbox]{width:1.4rem;height:1.4rem;margin:0;flex:none;
accent-color:#174a8b}
textarea,select,input[type=text]{width:100%;font:inherit;color:inherit;background:#fff;
padding:.6rem;border:1px solid #68748a;border-radius:.4rem;min-height:2.75rem}
textarea{min-height:8rem;resize:vertical}
button{font:inherit;font-weight:600;color:#fff;background:#174a8b;border:2px solid transparent;
border-radius:.4rem;padding:.7rem 1.6rem;margin:0 0 1rem;min-height:2.75rem;cursor:pointer}
button:hover{background:#0f3566}
:focus-visible,.choice:has(:focus-visible){outline:3px solid #b34700;outline-offset:3px}
.choice :focus-visible{outline:0}
.problems{border:3px solid #b3261e;border-radius:.4rem;padding:1rem;margin:0 0 1.75rem}
.problems ul{margin:0;padding-left:1.25rem}
.problems a,.problem{color:#b3261e;font-weight:600}
.problem{margin:.25rem 0 .5rem}
.wrong{border-left:4px solid #b3261e;padding-left:1rem}
.extra{position:absolute;left:-100vw;width:1px;height:1px;overflow:hidden}
@media (forced-colors:active){.choice :focus-visible{outline:3px solid}}
"""

_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()


def page_headers(allowed_origins: Sequence[str] = ()) -> dict[str, str]:
    """Headers that let a page do nothing but be shown and sent."""
    framed_by = " ".join(allowed_origins) or "'none'"
    headers = {
        "Content-Security-Policy": "default-src 'none'; img-src data:; "
        f"style-src 'sha256-{_STYLE_HASH}'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if not allowed_origins:
        headers["X-Frame-Options"] = "DENY"
    return headers


def message_page(tongue: Tongue, message: str) -> str:
    """A page that says one sentence."""
    return document(tongue, message, [f"<h1>{escape(message)}</h1>"])


def document(tongue: Tongue, title: str, parts: Sequence[str]) -> str:
    """A whole page of parts that are HTML already."""
    body = "\n".join(filter(None, parts))
    return (
        f'<!doctype html>\n<html lang="{tongue}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body>\n</html>\n"
    )
