"""Heading sections: patterns searched in the title and in the paragraphs and rows above the first label."""

from pipeline.extractors.typed import Sink
from pipeline.model import Claim, Form, Key, Section, Yield
from pipeline.rulebook.index import Index
from pipeline.text.labels import fold_keep


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Fill the form's fields from the first heading text that a pattern finds; the group ``value`` is the value."""
    sink = Sink(out, index, out.forms, form.lattices)
    places = list(form.heading)
    if form.title is not None and form.title_key is not None:
        places = [(form.title_key, form.title)] + [place for place in places if place[0] != form.title_key]
    headers = [(key, text) for key in form.headers if (text := _text(form, key))]
    for rule in section.labels:
        for key, text in {"headers": headers, "anywhere": places + list(form.asides)}.get(rule.value, places):
            if out.forms.get(rule.field) is not None:
                break
            kept = fold_keep(text)
            for spelling in rule.spellings:
                found = spelling.pattern.search(kept) if spelling.pattern else None
                if found is None:
                    continue
                sink.put(rule.field, found["value"], (key,), spelling.place)
                if out.forms.get(rule.field) is not None:
                    out.claims.setdefault(key, Claim("value", None, "pattern", spelling.place))
                    break


def _text(form: Form, key: Key) -> str:
    lattice = form.lattices.get(key[0])
    cell = lattice.at(key[1], key[2]) if lattice is not None else None
    return cell.text if cell is not None else ""
