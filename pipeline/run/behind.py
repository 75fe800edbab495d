"""Examples of the rows behind the bars of a report: chosen by SQL, then joined once with their cells and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.model.figures import Behind

if TYPE_CHECKING:
    import duckdb

#: So many examples stand behind one bar.
CAP = 10
LONGEST = 160
_CREATE = """
create temp table example (
    figure varchar, bucket varchar, place integer, document_id varchar, form_id varchar,
    dataset varchar, row_index integer, field varchar, cell_id varchar, note varchar)
"""
# a value of several cells is shown by the first; one pass over lineage and one over cells serve all figures
_RESOLVE = f"""
with wanted as (
    select distinct form_id, dataset, row_index, field from example
    where cell_id is null and field is not null and form_id is not null),
used as (
    select wanted.form_id, wanted.dataset, wanted.row_index, wanted.field, min(lineage.cell_id) as cell_id
    from lineage join wanted on lineage.form_id = wanted.form_id and lineage.dataset = wanted.dataset
        and lineage.field = wanted.field and lineage.row_index is not distinct from wanted.row_index
    group by all),
known as (
    select example.* replace (coalesce(example.cell_id, used.cell_id) as cell_id)
    from example left join used on used.form_id = example.form_id and used.dataset = example.dataset
        and used.field = example.field and used.row_index is not distinct from example.row_index),
shown as (
    select cell_id, locator, "grid", "row", "col", text from cells
    where document_id in (select document_id from example)
        and cell_id in (select cell_id from known where cell_id is not null))
select figure, bucket, documents.paths[1], form_id,
    case when known.cell_id is null then ''
        when shown.locator is null then known.cell_id
        when contains(shown.locator, '!') or shown.locator like 'line %' then shown.locator
        when shown.grid < 0 then shown.locator
        else shown.locator || ' r' || (shown.row + 1) || 'c' || (shown.col + 1) end,
    left(shown.text, {LONGEST + 1}), left(note, {2 * LONGEST + 1})
from known
left join documents on documents.document_id = known.document_id
left join shown on shown.cell_id = known.cell_id
order by figure, bucket, place
"""


class Examples:
    """Collects examples by figure and bucket on a connection with the datasets' views."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute(_CREATE)

    def add(self, figure: str, rows: str, buckets: Sequence[str], order: str) -> None:
        """Take the first rows of each bucket.

        ``rows`` is SQL that gives bucket, document_id, form_id, dataset, row_index, field, cell_id and note;
        ``order`` says what sorts them.
        """
        self._con.execute(
            f"insert into example select ?, bucket, row_number() over (partition by bucket order by {order}) as place, "
            f"document_id, form_id, dataset, row_index, field, cell_id, note from ({rows}) "
            f"where bucket in (select unnest(?::varchar[])) qualify place <= {CAP}",
            [figure, list(buckets)],
        )

    def resolve(self) -> dict[tuple[str, str], tuple[Behind, ...]]:
        """Return the examples by (figure, bucket), each with its file, its cell and what stands there."""
        found: dict[tuple[str, str], list[Behind]] = {}
        for figure, bucket, path, form, place, text, note in self._con.execute(_RESOLVE).fetchall():
            behind = Behind(
                path or "", form or "", place, _clipped(text, LONGEST), _clipped(note, 2 * LONGEST)
            )
            found.setdefault((figure, bucket), []).append(behind)
        return {key: tuple(rows) for key, rows in found.items()}


def _clipped(text: str | None, longest: int) -> str:
    if text is None:
        return ""
    return text if len(text) <= longest else text[:longest] + "…"
