"""How scores, execution rates and reading times are distributed: histograms and a list of the slowest."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.model.figures import Bar, Figure, Words
from pipeline.run.figures import Figures, bins
from pipeline.run.tables import quoted

#: What a run leaves beside the snapshots: its ``slowest`` are documents with the seconds that reading them took.
RESULTS = "runs/*/results.json"
_SLOWEST = 25
_STEP = 5
Edges = list[tuple[str, str, str]]


def scores(figures: Figures) -> None:
    """Draw the stated total scores."""
    rows = (
        "select total_score as x, document_id, form_id, 'forms' as dataset, null::integer as row_index, "
        "'total_score' as field from counted where total_score is not null"
    )
    without = _count(figures, "select count(*) from counted where total_score is null")
    _histogram(
        figures,
        "scores",
        (("总得分的分布", "Total scores"), _stated("总得分", "total score", without)),
        _edges(1, ""),
        rows,
        f"SELECT * FROM {figures.tables.source('forms')} WHERE {{}}",
        "total_score",
    )


def execution_rates(figures: Figures) -> None:
    """Draw the execution rates stated for the total of the funds."""
    chosen = "fund_source = 'total'"
    rows = (
        "select funding.execution_rate as x, counted.document_id, funding.form_id, 'funding' as dataset, funding.row_index, "
        f"'execution_rate' as field from funding join counted on counted.form_id = funding.form_id where {chosen} and x is not null"
    )
    without = _count(figures, f"select count(*) from funding where {chosen} and execution_rate is null")
    _histogram(
        figures,
        "execution_rates",
        (
            ("执行率的分布", "Execution rates"),
            _stated("资金总额的执行率", "execution rate of the total", without),
        ),
        _edges(0.01, " %"),
        rows,
        f"SELECT * FROM {figures.tables.source('funding')} WHERE {chosen} AND {{}}",
        "execution_rate",
    )


def slowest(figures: Figures, workspace: Path) -> None:
    """List the files that took longest, where runs wrote times; of several times of one file the last run's counts."""
    times = _times(workspace)
    if not times:
        return
    con = figures.tables.con
    con.execute("create temp table times (document_id varchar, seconds double)")
    con.executemany("insert into times values (?, ?)", [list(one) for one in times.items()])
    rows = con.execute(
        "select documents.document_id, documents.paths[1], seconds, documents.size, documents.media_type "
        "from times join documents on documents.document_id = times.document_id "
        f"order by seconds desc, documents.document_id limit {_SLOWEST}"
    ).fetchall()
    if not rows:
        return
    results = quoted((figures.tables.root / RESULTS).as_posix())
    sql = f"SELECT unnest(slowest, recursive := true) FROM read_json({results}) ORDER BY seconds DESC"
    bars = [
        Bar((path, ""), (round(seconds, 3),), (f"{seconds:,.2f} s", f"{size / 1e6:,.2f} MB", media), (), sql)
        for _name, path, seconds, size, media in rows
    ]
    unit = ("秒", "seconds")
    heads = (("秒", "seconds"), ("大小", "size"), ("类型", "medium"))
    title, note = ("最慢的文件", "Slowest files"), ("读取一个文件所用的时间", "time to read one file")
    buckets = [str(row[0]) for row in rows]
    figures.made.append(
        (Figure("slowest", title, note, unit, (unit,), ("plain",), heads, tuple(bars)), tuple(buckets))
    )
    figures.examples.add(
        "slowest",
        "select document_id as bucket, document_id, null::varchar as form_id, null::varchar as dataset, "
        "null::integer as row_index, null::varchar as field, null::varchar as cell_id, "
        "coalesce(error_message, reader, '') as note from documents",
        buckets,
        "document_id",
    )


def _times(workspace: Path) -> dict[str, float]:
    """Return document id -> seconds; what is no such file is passed over: it is no part of the data."""
    found: dict[str, float] = {}
    for path in sorted(workspace.glob(RESULTS), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        try:
            for one in json.loads(path.read_text("utf-8"))["slowest"]:
                found[str(one["document_id"])] = float(one["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _histogram(
    figures: Figures, name: str, words: tuple[Words, Words], edges: Edges, rows: str, sql: str, column: str
) -> None:
    """Draw the values ``x`` of some rows in bins; ``sql`` with a condition in place of {} gives the rows of one."""
    bucket = bins(edges)
    counts: dict[str, int] = dict(
        figures.tables.con.execute(f"select {bucket} as bucket, count(*) from ({rows}) group by 1").fetchall()
    )
    if not counts:
        return
    drawn = [edge for edge in edges if edge[0] in counts or edge[0] not in ("below", "above")]
    bars = [
        Bar(
            (label, ""),
            (counts.get(key, 0),),
            (f"{counts.get(key, 0):,}",),
            (),
            sql.format(_bare(condition, column)),
            key.isdigit() and int(key) % 20 == 0,
        )
        for key, label, condition in drawn
    ]
    unit = ("表", "forms")
    heads = (("表数", "forms"),)
    figures.made.append(
        (
            Figure(name, *words, unit, (unit,), ("plain",), heads, tuple(bars), upright=True),
            tuple(key for key, _label, _condition in drawn),
        )
    )
    figures.examples.add(
        name,
        f"select {bucket} as bucket, document_id, form_id, dataset, row_index, field, null::varchar as cell_id, "
        f"null::varchar as note, x from ({rows})",
        [key for key, _label, _condition in drawn if key in counts],
        "x, form_id",
    )


def _edges(scale: float, sign: str) -> Edges:
    """Return the bins of 0 to 100 by five, 100 itself, and what lies outside; the values are in ``scale`` of it.

    A bin starts at its lower edge. Edges are compared rounded, since 0.29 * 100 is not 29.
    """
    value = f"round(x / {scale}, 6)"
    edges: Edges = [("below", "< 0" + sign, f"{value} < 0")]
    for start in range(0, 100, _STEP):
        stop = start + _STEP
        edges.append((str(start), f"{start}–{stop}{sign}", f"{value} >= {start} and {value} < {stop}"))
    edges.append(("100", "100" + sign, f"{value} = 100"))
    edges.append(("above", "> 100" + sign, f"{value} > 100"))
    return edges


def _bare(condition: str, column: str) -> str:
    return condition.replace("round(x ", f"round({column} ").replace(" and ", " AND ")


def _stated(zh: str, en: str, without: int) -> Words:
    return (
        f"按原文印出的{zh}；{without:,} 张表没有印出",
        f"the {en} as printed; {without:,} forms print none",
    )


def _count(figures: Figures, sql: str) -> int:
    row = figures.tables.con.execute(sql).fetchone()
    return int(row[0]) if row else 0
