"""A report -> one HTML page that needs nothing else: styles, script, charts' library and data are all inside.

Every chart stands above the table of its figures, and every figure links to the rows behind it; without scripts the tables remain.
The library's files in ``vendor`` are its own releases, unchanged, beside their licenses.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from pipeline.model.figures import Bar, Behind, Figure, Report, Words

_HERE = Path(__file__).parent
_LIBRARIES = ("d3", "plot")
# data: is for nothing of ours; the page may load and send nothing at all
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#: Control characters have pictures of their own; bidirectional overrides would turn the line around.
_SHOWN = {code: 0x2400 + code for code in range(0x20) if code not in (9, 10)} | {
    0x7F: 0x2421,
    **{code: 0xFFFD for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF)},
}


def page(report: Report) -> str:
    """Return the page; every text of a foreign file is escaped."""
    charts = {figure.name: _chart(figure) for figure in report.figures if figure.bars}
    body = "".join(
        (
            f"<header><h1>归表报告 <small>Guibiao report</small></h1><p class='name'>{_text(report.title)}</p>",
            _origin(report),
            "</header>",
            _totals(report),
            _contents(report.figures),
            "<main>",
            *(_section(figure, report.cap) for figure in report.figures),
            "</main>",
            "<footer>归表 Guibiao · 图表 charts: Observable Plot, D3 (ISC)</footer>",
        )
    )
    return (
        "<!doctype html>\n<html lang='zh'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>归表报告 {_text(report.title)}</title><style>{_read('style.css')}</style></head><body>"
        f"{body}{_scripts(charts)}</body></html>\n"
    )


def _scripts(charts: Mapping[str, object]) -> str:
    data = json.dumps(charts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = [f"<script type='application/json' id='charts'>{data}</script>"]
    for name in _LIBRARIES:
        library = next((_HERE / "vendor").glob(f"{name}.*min.js")).read_text("utf-8")
        parts.append(f"<script>/*\n{_read(f'vendor/{name}.LICENSE.txt')}*/\n{library}</script>")
    parts.append(f"<script>{_read('charts.js')}</script>")
    return "".join(parts)


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _chart(figure: Figure) -> dict[str, object]:
    return {
        "unit": " ".join(figure.unit),
        "upright": figure.upright,
        "series": [_both(words) for words in figure.series],
        "tones": list(figure.tones),
        "bars": [
            {"label": _shown(bar.label[0]), "counts": list(bar.counts), "link": _anchor(figure, number)}
            | ({"tick": bar.tick} if figure.upright else {})
            for number, bar in enumerate(figure.bars)
        ],
    }


def _origin(report: Report) -> str:
    pairs = "".join(
        f"<div><dt>{_text(what)}</dt><dd>{_text(value)}</dd></div>" for what, value in report.origin
    )
    return f"<dl class='origin'>{pairs}</dl>"


def _totals(report: Report) -> str:
    there = {figure.name for figure in report.figures if figure.bars}
    tiles = []
    for words, value, name in report.totals:
        inside = f"<b>{_text(value)}</b><span>{_words(words)}</span>"
        tiles.append(f"<a class='tile' href='#{name}'>{inside}</a>" if name in there else _tile(inside))
    return f"<div class='tiles'>{''.join(tiles)}</div>"


def _tile(inside: str) -> str:
    return f"<div class='tile'>{inside}</div>"


def _contents(figures: Sequence[Figure]) -> str:
    links = "".join(f"<a href='#{figure.name}'>{_text(figure.title[0])}</a>" for figure in figures)
    return f"<nav aria-label='目录 contents'>{links}</nav>"


def _section(figure: Figure, cap: int) -> str:
    note = f"<p class='note'>{_words(figure.note)}</p>" if figure.note[0] else ""
    head = f"<h2>{_words(figure.title)}</h2>{note}"
    if not figure.bars:
        return f"<section id='{figure.name}'>{head}<p class='none'>没有 <small>none</small></p></section>"
    left = f"<p class='note'>{_words(figure.left_out)}</p>" if figure.left_out[0] else ""
    return (
        f"<section id='{figure.name}'>{head}<div class='chart' data-chart='{figure.name}'></div>"
        f"{_table(figure)}{left}{''.join(_behind(figure, number, bar, cap) for number, bar in enumerate(figure.bars))}</section>"
    )


def _table(figure: Figure) -> str:
    heads = "".join(f"<th>{_words(words)}</th>" for words in figure.heads)
    rows = "".join(
        f"<tr><th scope='row'><a href='#{_anchor(figure, number)}'>{_words(bar.label)}</a></th>"
        + "".join(f"<td>{_text(fact)}</td>" for fact in bar.facts)
        + "</tr>"
        for number, bar in enumerate(figure.bars)
        if sum(bar.counts) or not figure.upright
    )
    return (
        "<details class='figures'><summary>数字 <small>figures</small></summary><div class='wide'><table>"
        f"<thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _behind(figure: Figure, number: int, bar: Bar, cap: int) -> str:
    """Return the rows behind a bar: closed until its figure is chosen."""
    if figure.upright and not sum(bar.counts):
        return ""
    shown = "".join(map(_row, bar.behind))
    capped = (
        f"最多列出 {cap} 行，全部见 SQL：<small>at most {cap} rows are listed; the SQL gives all:</small>"
    )
    return (
        f"<details class='behind' id='{_anchor(figure, number)}'><summary>{_words(figure.title)}：{_words(bar.label)} "
        f"<small>{_text(bar.facts[0] if bar.facts else '')}</small></summary>"
        "<div class='wide'><table><thead><tr><th>文件 <small>file</small></th><th>表 <small>form</small></th>"
        "<th>单元格 <small>cell</small></th><th>内容 <small>text</small></th><th>说明 <small>note</small></th></tr></thead>"
        f"<tbody>{shown}</tbody></table></div><p class='note'>{capped}</p><pre>{_text(bar.sql)}</pre></details>"
    )


def _row(one: Behind) -> str:
    texts = (one.path, one.form_id, one.place, one.text, one.note)
    return f"<tr>{''.join(f'<td>{_text(text)}</td>' if text else '<td></td>' for text in texts)}</tr>"


def _anchor(figure: Figure, number: int) -> str:
    return f"{figure.name}-{number}"


def _words(words: Words) -> str:
    zh, en = words
    return f"{_text(zh)} <small>{_text(en)}</small>" if en and en != zh else _text(zh)


def _both(words: Words) -> str:
    return words[0] if words[0] == words[1] else " ".join(words)


def _text(text: str) -> str:
    return escape(_shown(text))


def _shown(text: str) -> str:
    return text.translate(_SHOWN)
