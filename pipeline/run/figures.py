"""The figures of a report, each one query over the published tables and one for the rows behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.errors import SOURCE_CODES
from pipeline.model.figures import Bar, Figure, Words
from pipeline.run.behind import Examples
from pipeline.run.tables import Tables, quoted
from pipeline.text.labels import fold

#: So many bars stand in one chart; what is left out is said.
BARS = 25
_LONGEST_LABEL = 24
_UNKNOWN = ("不明", "unknown")
#: What holds the forms with the columns by which they are counted.
_FORMS = """
create temp table counted as
select forms.form_id, forms.document_id, forms.form_type, forms.fiscal_year, forms.region, forms.coverage,
    forms.total_score, documents.media_type, documents.paths[1] as path,
    case when contains(documents.paths[1], '/') then split_part(documents.paths[1], '/', 1) else '.' end as folder
from forms left join documents on documents.document_id = forms.document_id
"""
_BANDS = (
    "count(*) filter (coverage >= 0.99), count(*) filter (coverage >= 0.9 and coverage < 0.99), "
    "count(*) filter (coverage < 0.9)"
)
_SERIES: tuple[Words, ...] = (("≥ 99 %", "≥ 99 %"), ("90–99 %", "90–99 %"), ("< 90 %", "< 90 %"))
MEDIA: dict[str, str] = {
    "text/plain": "txt",
    "text/html": "html",
    "multipart/related": "mht",
    "application/pdf": "pdf",
    "application/ofd": "ofd",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-word.xml2003": "Word XML",
    "application/vnd.ms-excel.xml2003": "Excel XML",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/encrypted-ooxml": "加密 encrypted",
}
STATUS: dict[str, Words] = {
    "ok": ("正常", "ok"),
    "partial": ("部分读出", "partial"),
    "no_form": ("无表", "no form"),
    "failed": ("失败", "failed"),
    "quarantined": ("隔离", "quarantined"),
}


@dataclass(slots=True)
class Figures:
    """Makes the figures on open tables; ``finish`` puts the rows behind their bars."""

    tables: Tables
    examples: Examples = field(init=False)
    made: list[tuple[Figure, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare the forms beside their documents."""
        self.examples = Examples(self.tables.con)
        self.tables.con.execute(_FORMS)

    def finish(self) -> tuple[Figure, ...]:
        """Return the figures that have bars, with the rows behind each."""
        behind = self.examples.resolve()
        figures = []
        for figure, buckets in self.made:
            bars = (
                replace(bar, behind=behind.get((figure.name, bucket), ()))
                for bar, bucket in zip(figure.bars, buckets, strict=True)
            )
            figures.append(replace(figure, bars=tuple(bars)))
        return tuple(figures)

    def coverage(self, column: str, title: Words, note: Words) -> None:
        """Count forms by a column of ``counted``, by how much of their cells is accounted for."""
        con = self.tables.con
        order = "1 nulls last" if column == "fiscal_year" else "2 desc, 1 nulls last"
        rows = con.execute(
            f"select cast({column} as varchar), count(*), {_BANDS}, avg(coverage), min(coverage) from counted "
            f"group by {column} order by {order}"
        ).fetchall()
        shown = rows[-BARS:] if column == "fiscal_year" else rows[:BARS]
        bars = [
            Bar(
                self._label(column, name),
                tuple(bands),
                (f"{count:,}", _percent(mean), _percent(least)),
                (),
                self._forms_sql(column, name),
            )
            for name, count, *bands, mean, least in shown
        ]
        known = column if column in ("fiscal_year", "region") else "title"
        self._add(
            Figure(
                f"coverage_{column}",
                title,
                note,
                ("表", "forms"),
                _SERIES,
                ("good", "fair", "bad"),
                (("表数", "forms"), ("平均覆盖率", "mean coverage"), ("最低", "lowest")),
                tuple(bars),
                _left_out(len(rows) - len(shown), sum(row[1] for row in rows) - sum(row[1] for row in shown)),
            ),
            [_bucket(row[0]) for row in shown],
        )
        self.examples.add(
            f"coverage_{column}",
            f"select coalesce(cast({column} as varchar), '') as bucket, document_id, form_id, 'forms' as dataset, "
            f"null::integer as row_index, '{known}' as field, null::varchar as cell_id, "
            "'覆盖率 coverage ' || coalesce(printf('%.1f %%', 100 * coverage), '—') as note, coverage from counted",
            [_bucket(row[0]) for row in shown],
            "coverage nulls first, form_id",
        )

    def documents(self, column: str, title: Words, note: Words) -> None:
        """Count documents by ``status`` or ``error_code``."""
        rows = self.tables.con.execute(
            f"select {column}, count(*), coalesce(sum(size), 0) from documents where {column} is not null "
            f"group by {column} order by 2 desc, 1"
        ).fetchall()
        shown = rows[:BARS]
        bars = [
            Bar(
                _status(column, name),
                (count,),
                (f"{count:,}", f"{size / 1e6:,.1f} MB"),
                (),
                f"SELECT paths, size, media_type, status, error_message FROM {self.tables.source('documents')} "
                f"WHERE {column} = {quoted(name)}",
            )
            for name, count, size in shown
        ]
        buckets = [str(row[0]) for row in shown]
        heads = (("文件数", "documents"), ("大小", "size"))
        unit = ("文件", "documents")
        tones = ("plain",) if column == "status" else ("bad",)
        figure = Figure(column, title, note, unit, (unit,), tones, heads, tuple(bars))
        self._add(
            replace(figure, left_out=_left_out(len(rows) - len(shown), sum(row[1] for row in rows[BARS:]))),
            buckets,
        )
        self.examples.add(
            column,
            f"select {column} as bucket, document_id, null::varchar as form_id, null::varchar as dataset, "
            "null::integer as row_index, null::varchar as field, null::varchar as cell_id, "
            "coalesce(error_message, reader, '') as note, paths[1] as path from documents",
            buckets,
            "path, document_id",
        )

    def media(self) -> None:
        """Count documents by medium and status."""
        counts = ", ".join(f"count(*) filter (status = '{status}')" for status in STATUS)
        rows = self.tables.con.execute(
            f"select media_type, count(*), coalesce(sum(size), 0), {counts} from documents "
            "where media_type is not null group by media_type order by 2 desc, 1"
        ).fetchall()
        shown = rows[:BARS]
        source = self.tables.source("documents")
        bars = [
            Bar(
                self._label("media_type", name),
                tuple(by_status),
                (f"{count:,}", f"{size / 1e6:,.1f} MB"),
                (),
                f"SELECT paths, size, reader, status, error_message FROM {source} WHERE media_type = {quoted(name)}",
            )
            for name, count, size, *by_status in shown
        ]
        unit = ("文件", "documents")
        self._add(
            Figure(
                "media",
                ("文件类型与状态", "Media and their status"),
                ("按内容判断的类型，与扩展名无关", "what the bytes are, whatever the name says"),
                unit,
                tuple(STATUS.values()),
                ("good", "fair", "idle", "bad", "worst"),
                (unit, ("大小", "size")),
                tuple(bars),
                _left_out(len(rows) - len(shown), sum(row[1] for row in rows[BARS:])),
            ),
            [str(row[0]) for row in shown],
        )
        self.examples.add(
            "media",
            "select media_type as bucket, document_id, null::varchar as form_id, null::varchar as dataset, "
            "null::integer as row_index, null::varchar as field, null::varchar as cell_id, "
            "status || coalesce(': ' || error_message, '') as note, "
            "list_position(['quarantined', 'failed', 'partial', 'no_form'], status) as worst from documents",
            [str(row[0]) for row in shown],
            "worst nulls last, document_id",
        )

    def checks(self) -> None:
        """Count failed checks by kind."""
        titles = {check.name: (check.title_zh, check.title_en) for check in self.tables.rulebook.checks}
        rows = self.tables.con.execute(
            "select \"check\", count(*) filter (outcome = 'fail'), count(*) filter (outcome = 'parse_error'), "
            "count(*) filter (outcome = 'pass'), count(*) filter (outcome = 'insufficient'), any_value(severity) "
            'from checks group by "check" order by 2 + 3 desc, 1'
        ).fetchall()
        rows.sort(key=lambda row: (-row[1] - row[2], row[0]))
        shown = [row for row in rows if row[1] + row[2]]
        bars = []
        for name, failed, unread, passed, lacking, severity in shown[:BARS]:
            sql = (
                f'SELECT * FROM {self.tables.source("checks")} WHERE "check" = {quoted(name)} '
                "AND outcome IN ('fail', 'parse_error')"
            )
            facts = (f"{failed + unread:,}", f"{passed:,}", f"{lacking:,}", severity)
            bars.append(Bar(titles.get(name, (name, name)), (failed, unread), facts, (), sql))
        heads = (
            ("未通过", "failed"),
            ("通过", "passed"),
            ("资料不足", "insufficient"),
            ("级别", "severity"),
        )
        self._add(
            Figure(
                "checks",
                ("未通过的检查", "Failed checks"),
                (
                    "每张表每项检查一次；未通过不等于数据有误",
                    "one per form and check; a failed check need not be an error",
                ),
                ("表", "forms"),
                (("未通过", "fail"), ("值读不出", "parse error")),
                ("bad", "fair"),
                heads,
                tuple(bars),
            ),
            [str(row[0]) for row in shown[:BARS]],
        )
        self.examples.add(
            "checks",
            'select "check" as bucket, document_id, form_id, null::varchar as dataset, null::integer as row_index, '
            "null::varchar as field, cells[1] as cell_id, message as note from checks "
            "where outcome in ('fail', 'parse_error')",
            [str(row[0]) for row in shown[:BARS]],
            "form_id, document_id",
        )

    def unmatched(self) -> None:
        """Rank the short texts inside forms that no rule claims: labels, most likely."""
        plain = "regexp_replace(text, '[\\s:：]+', '', 'g')"
        chosen = (
            f"role = 'unmatched' and form_id is not null and length({plain}) between 2 and {_LONGEST_LABEL} "
            f"and not regexp_matches({plain}, '[0-9０-９]') and regexp_matches({plain}, '\\p{{Han}}.*\\p{{Han}}')"
        )
        con = self.tables.con
        seen = con.execute(
            f"select {plain} as label from cells where {chosen} group by label order by count(*) desc, label "
            f"limit {20 * BARS}"
        ).fetchall()
        con.execute("create temp table spelled (label varchar, key varchar)")
        con.executemany(
            "insert into spelled values (?, ?)", [(label, fold(label)) for (label,) in seen] or [("", "")]
        )
        joined = f"cells join spelled on spelled.label = {plain} where {chosen}"
        ranked = con.execute(
            f"select key, count(*), count(distinct form_id), mode(label), list(distinct label order by label) from {joined} "
            f"group by key order by 2 desc, 1 limit {BARS}"
        ).fetchall()
        source = self.tables.source("cells")
        bars = [
            Bar(
                (label, ""),
                (cells,),
                (f"{cells:,}", f"{forms:,}"),
                (),
                f"SELECT form_id, locator, text FROM {source} WHERE role = 'unmatched' AND form_id IS NOT NULL "
                f"AND {plain} IN ({', '.join(map(quoted, labels))})",
            )
            for _key, cells, forms, label, labels in ranked
        ]
        unit = ("单元格", "cells")
        self._add(
            Figure(
                "unmatched",
                ("未识别的标签", "Unmatched labels"),
                (
                    "表内没有规则认领的短文本；guibiao labels 给出建议",
                    "short texts inside forms that no rule claims; guibiao labels suggests what they are",
                ),
                unit,
                (unit,),
                ("plain",),
                (("单元格", "cells"), ("表", "forms")),
                tuple(bars),
            ),
            [one[0] for one in ranked],
        )
        self.examples.add(
            "unmatched",
            "select key as bucket, document_id, form_id, null::varchar as dataset, null::integer as row_index, "
            f"null::varchar as field, cell_id, null::varchar as note from {joined}",
            [one[0] for one in ranked],
            "cell_id",
        )

    def _add(self, figure: Figure, buckets: Iterable[str]) -> None:
        self.made.append((figure, tuple(buckets)))

    def _label(self, column: str, name: str | None) -> Words:
        if name is None:
            return _UNKNOWN
        if column == "form_type":
            rule = next((one for one in self.tables.rulebook.forms if one.name == name), None)
            return (rule.zh, rule.en) if rule is not None else (name, "")
        if column == "media_type":
            return (MEDIA.get(name, name), "")
        return (name, "")

    def _forms_sql(self, column: str, name: str | None) -> str:
        forms, documents = self.tables.source("forms"), self.tables.source("documents")
        if column == "folder":
            condition = f"split_part(d.paths[1], '/', 1) = {quoted(name or '')}"
            if name == ".":
                condition = "NOT contains(d.paths[1], '/')"
        else:
            place = f"{'d' if column == 'media_type' else 'f'}.{column}"
            number = column == "fiscal_year"
            condition = (
                f"{place} IS NULL" if name is None else f"{place} = {name if number else quoted(name)}"
            )
        return (
            f"SELECT d.paths, f.* FROM {forms} f JOIN {documents} d ON d.document_id = f.document_id "
            f"WHERE {condition} ORDER BY f.coverage"
        )


def _status(column: str, name: str) -> Words:
    if column == "status":
        return STATUS.get(name, (name, ""))
    words = SOURCE_CODES.get(name) or STATUS.get(name)
    return (words[0], name) if words is not None else (name, "")


def _bucket(name: str | None) -> str:
    return "" if name is None else name


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f} %"


def _left_out(values: int, rows: int) -> Words:
    if values <= 0:
        return ("", "")
    return (
        f"另有 {values:,} 个值、{rows:,} 项未画出",
        f"{values:,} more values with {rows:,} rows are not drawn",
    )


def bins(edges: Sequence[tuple[str, str, str]]) -> str:
    """Return the SQL that puts a value x into the first bin (name, label, condition) whose condition holds."""
    return (
        "case "
        + " ".join(f"when {condition} then {quoted(name)}" for name, _label, condition in edges)
        + " end"
    )
