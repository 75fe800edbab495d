"""The grid store: what comes out is what went in, whatever a document holds."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError, StoreError
from pipeline.model import Block, Cell, Document, Grid, Origin
from pipeline.store.grids import GridStore, Key, Reading

texts = st.text(st.characters(), max_size=12)
pages = st.none() | st.integers(1, 9)
boxes = st.none() | st.tuples(*[st.floats(allow_nan=False, allow_infinity=False, width=64)] * 4)
small = st.integers(0, 5)
cells = st.builds(Cell, small, small, small, small, texts, pages, boxes, texts, st.none() | st.floats(0, 1))
grids = st.builds(
    Grid,
    small,
    st.lists(cells, max_size=4).map(tuple),
    pages,
    texts,
    st.booleans(),
    st.none() | st.builds(Origin, texts, small, small),
)
blocks = st.builds(Block, texts, small, small, pages, boxes, texts)
outcomes = st.builds(
    Document,
    st.just(""),
    texts,
    st.just("docx/1"),
    st.lists(grids, max_size=3).map(tuple),
    st.lists(blocks, max_size=3).map(tuple),
    pages,
    st.lists(texts, max_size=2).map(tuple),
) | st.builds(lambda place, detail: SourceError("corrupt", place=place, detail=detail), texts, texts)


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def reading(number: int, text: str = "项目名称", key: str = "docx/1") -> Reading:
    grid = Grid(0, (Cell(0, 0, text=text, locator="tbl 1"),))
    return Reading(Key(name(number), "docx", key), 7, Document(name(number), "docx", key, (grid,), (), None))


def same(left: Reading, right: Reading) -> bool:
    if isinstance(left.outcome, SourceError) or isinstance(right.outcome, SourceError):
        return (left.key, left.size, left.outcome.args) == (right.key, right.size, right.outcome.args)  # type: ignore[union-attr]
    return left == right


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(outcomes, min_size=1, max_size=5))
def test_what_was_read_is_rebuilt_equal(tmp_path_factory: pytest.TempPathFactory, found: list) -> None:
    from dataclasses import replace

    root = tmp_path_factory.mktemp("grids")
    put = []
    for number, outcome in enumerate(found):
        if isinstance(outcome, Document):
            outcome = replace(outcome, document_id=name(number))
        put.append(Reading(Key(name(number), "m", "docx/1", ".x"), number, outcome))
    store = GridStore(root)
    for one in put:
        store.add(one)
    store.flush()
    got = {one.key: one for one in GridStore(root).get([one.key for one in put])}
    assert all(same(got[one.key], one) for one in put)


def test_a_later_reading_of_one_key_counts_and_compaction_keeps_it(tmp_path: Path) -> None:
    for round_ in range(3):
        store = GridStore(tmp_path)
        for number in range(4):
            store.add(reading(number, f"{round_}"))
        store.add(reading(10 + round_))
        store.flush()
    before = {one.key: one for one in GridStore(tmp_path).get(GridStore(tmp_path).index)}
    assert len(GridStore(tmp_path).shards()) == 3
    assert GridStore(tmp_path).compact() == 2
    after = GridStore(tmp_path)
    assert len(after.shards()) == 1
    assert {one.key: one for one in after.get(after.index)} == before
    assert len(before) == 7
    assert {
        one.outcome.grids[0].cells[0].text
        for key, one in before.items()
        if int(key.document_id in map(name, range(4)))
    } == {"2"}  # type: ignore[union-attr]


def test_one_column_is_scanned_without_the_others(tmp_path: Path) -> None:
    store = GridStore(tmp_path)
    for number in range(5):
        store.add(reading(number, f"text {number}"))
    store.flush()
    (part,) = store.scan(["cell_text"])
    assert part[2].column_names == ["cell_text"]
    assert part[2].column("cell_text").to_pylist()[3] == [b"text 3"]


def test_a_damaged_shard_is_named_with_the_remedy(tmp_path: Path) -> None:
    store = GridStore(tmp_path)
    store.add(reading(1))
    store.flush()
    (path,) = store.shards()
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(StoreError, match="delete it and run again"):
        GridStore(tmp_path).index  # noqa: B018
