"""Differences as one HTML page that needs nothing else: no script from elsewhere, no style, no font."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from pipeline.run.difference import Difference
from pipeline.run.footprint import RuleChange

_STYLE = """
body{font:14px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2em;color:#222;background:#fff}
table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #ccc;padding:.2em .6em;text-align:left;
vertical-align:top;max-width:30em;overflow-wrap:anywhere}th{background:#f3f3f3;position:sticky;top:0}
.gained td{background:#eefaee}.lost td{background:#fdeeee}del{color:#a00}ins{color:#070;text-decoration:none}
code{color:#555}input{font:inherit;padding:.3em;width:24em}
"""
_FILTER = """
document.getElementById('find').addEventListener('input',function(e){var t=e.target.value;
document.querySelectorAll('#rows tbody tr').forEach(function(r){r.hidden=!!t&&r.textContent.indexOf(t)<0})});
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(title: str, changes: Sequence[RuleChange], found: Sequence[Difference]) -> str:
    """Return the page; every text is escaped, since cells come from foreign files."""
    counts = Counter((one.dataset, one.kind) for one in found)
    summary = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(kind)}</td><td>{count}</td></tr>"
        for (name, kind), count in sorted(counts.items())
    )
    rules = "".join(
        f"<tr><td>{escape(one.kind)}</td><td>{escape(one.name)}</td><td><code>{escape(one.place)}</code></td></tr>"
        for one in changes
    )
    rows = "".join(map(_row, found))
    return (
        "<!doctype html><html lang='zh'><head><meta charset='utf-8'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        f"<title>归表 {escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>差异 difference: {escape(title)}</h1>"
        f"<table><tr><th>数据集 dataset</th><th>种类 kind</th><th>数量 count</th></tr>{summary}</table>"
        f"<h2>规则 rules</h2><table>{rules}</table>"
        "<h2>逐格 cell by cell</h2><input id='find' placeholder='筛选 filter'>"
        "<table id='rows'><thead><tr><th>数据集 dataset</th><th>行 row</th><th>列 column</th><th>旧 old</th>"
        f"<th>新 new</th><th>规则 rule</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<script>{_FILTER}</script></body></html>\n"
    )


def _row(one: Difference) -> str:
    return (
        f"<tr class='{escape(one.kind)}'><td>{escape(one.dataset)}</td><td>{escape('/'.join(one.key))}</td>"
        f"<td>{escape(one.column or one.kind)}</td><td><del>{escape(one.old)}</del></td>"
        f"<td><ins>{escape(one.new)}</ins></td><td><code>{escape(one.rule)}</code></td></tr>"
    )
