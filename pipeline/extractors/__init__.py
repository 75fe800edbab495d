"""FORM -> ROWS: one module per section kind; each offers ``extract(form, section, out, index)``.

The modules know geometry only: where a value lies relative to its label. What a label means stands in the
rules, how a text becomes a typed value in ``typed``. Everything found goes into one ``Yield`` with its cell.
"""

import importlib
from typing import Protocol, cast

from pipeline.model import Claim, Form, Section, Use, Yield
from pipeline.rulebook.index import Index

#: A label's own value goes before what a heading says of the same field; tables need the heading's unit.
_ORDER = {"fields": 0, "heading": 1}


class Extractor(Protocol):
    """What a section kind's module offers."""

    def extract(self, form: Form, section: Section, out: Yield, index: Index) -> None:
        """Add the section's rows, claims and uses to ``out``."""


def extract(form: Form, index: Index) -> Yield:
    """Return the rows of a form with the cell of every value; nothing is corrected or made up."""
    index = index.within({form.rule.name: form.scopes})
    out = Yield()
    _claim_headers(form, out, index)
    for section in sorted(form.rule.sections, key=lambda section: _ORDER.get(section.kind, len(_ORDER))):
        module = importlib.import_module(f"{__name__}.{section.kind}")
        cast(Extractor, module).extract(form, section, out, index)
    return out


def _claim_headers(form: Form, out: Yield, index: Index) -> None:
    labels = index.forms[form.rule.name]
    for key, (spelling, name) in form.headers.items():
        section = name in labels.sections
        out.claims[key] = Claim(
            "header" if section else "label", name if not section else None, spelling.tier, spelling.place
        )
    if form.title is not None and form.title_key is not None and form.title_spelling is not None:
        spelling = form.title_spelling
        out.forms["title"] = form.title
        out.claims[form.title_key] = Claim("value", None, spelling.tier, spelling.place)
        out.uses.append(Use("forms", None, "title", form.title_key, spelling.place))
