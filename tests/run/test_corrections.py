"""Corrections: typed as printed values are, attached to their cell, named when they are not applied."""

import copy
import hashlib
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RuleError
from pipeline.model import Document, Source
from pipeline.readers import txt
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.correction_lines import HEADER, load, parse
from pipeline.run.corrections import Corrections, Outcome, corrected, entries, from_entries
from pipeline.run.one import Extraction, interpret
from tests.run.archives import form

RULES = load_rulebook()
INDEX = Index(RULES)
HEAD = ",".join(HEADER)


def document(text: str) -> Document:
    data = text.encode()
    return txt.read(Source(hashlib.sha256(data).hexdigest(), ("made.txt",), len(data), "text/plain", data))


def extraction(text: str = form(7), index: Index = INDEX) -> Extraction:
    return interpret(document(text), index, "made.txt", 1)


def lines(*rows: str, head: str = HEAD) -> Corrections:
    text = "\n".join([head, *rows])
    return Corrections(parse(text.encode(), "corrections.csv", RULES.fields))


def apply(
    found: Extraction, *rows: str, head: str = HEAD
) -> tuple[dict[str, list[dict[str, Any]]], list[Outcome]]:
    rows = tuple(row.replace("ID", found.document_id) for row in rows)
    result, outcomes = corrected(
        found, lines(*rows, head=head).resolved({found.document_id: ["a", "made.txt"]}), INDEX
    )
    return result.rows, list(outcomes)


def cell_of(found: Extraction, dataset: str, row: int | None, name: str) -> str:
    (cell,) = {
        use["cell_id"]
        for use in found.rows["lineage"]
        if (use["dataset"], use["row_index"], use["field"]) == (dataset, row, name)
    }
    return str(cell)


def test_a_field_is_corrected_and_says_from_what() -> None:
    found = extraction()
    before = copy.deepcopy(found.rows)
    rows, outcomes = apply(found, "ID,,,indicators,0,得分,90,85,王五,复核")
    assert [one.state for one in outcomes] == ["applied"]
    row = rows["indicators"][0]
    assert (row["score"], row["corrected_from"]) == (85.0, ["score: 90"])
    assert found.rows == before  # the argument stays as it is
    was = before["indicators"][0]
    assert {name for name in row if row[name] != was.get(name)} == {"score", "corrected_from"}
    for name in before:
        others = [one for one in rows[name] if one != row]
        assert others == [one for one in before[name] if one != was]
    assert cell_of(found, "indicators", 0, "score") in {use["cell_id"] for use in rows["lineage"]}


def test_a_corrected_text_gives_all_that_its_printed_text_gave() -> None:
    found = extraction()
    rows, outcomes = apply(found, "ID,,,,1,target_text,≥98%,≤95.5%,,", "ID,,,,0,level2,数量指标,质量指标,,")
    assert [one.state for one in outcomes] == ["applied", "applied"]
    one = rows["indicators"][1]
    assert (one["target_text"], one["target_comparator"], one["target_value"]) == ("≤95.5%", "<=", 0.955)
    assert one["corrected_from"] == ["target_text: ≥98%"]
    zero = rows["indicators"][0]
    assert (zero["level2"], zero["level2_code"]) == ("质量指标", "quality")


def test_an_amount_takes_the_unit_that_the_printed_ones_prove() -> None:
    rows, outcomes = apply(
        extraction(), "ID,,,funding,0,全年执行数,7,8.5,,", "ID,,,funding,1,年初预算数,70000,6元,,"
    )
    assert [one.state for one in outcomes] == ["applied", "applied"]
    assert rows["funding"][0]["full_year_executed"] == Decimal("85000.00")
    assert rows["funding"][0]["corrected_from"] == ["full_year_executed: 7"]
    assert rows["funding"][1]["initial_budget"] == Decimal("6.00")


def test_without_a_printed_unit_a_bare_amount_is_an_error() -> None:
    text = form(7).replace("（万元）", "")
    found = extraction(text)
    assert found.rows["funding"][0].get("initial_budget") is None
    rows, outcomes = apply(found, "ID,,,funding,0,年初预算数,7,8,,", "ID,,,funding,1,年初预算数,7,9万元,,")
    assert [one.state for one in outcomes] == ["error", "applied"]
    assert "13.5万元" in outcomes[0].message and outcomes[0].line().startswith("corrections.csv:2: ")
    assert [row.get("initial_budget") for row in rows["funding"]] == [None, Decimal("90000.00")]
    use = [
        one
        for one in rows["lineage"]
        if (one["dataset"], one["row_index"], one["field"]) == ("funding", 1, "initial_budget")
    ]
    assert [rows_text(rows, one["cell_id"]) for one in use] == ["7"]


def rows_text(rows: dict[str, list[dict[str, Any]]], cell_id: str) -> str:
    return next(str(cell["text"]) for cell in rows["cells"] if cell["cell_id"] == cell_id)


def test_what_could_not_be_typed_is_corrected_and_no_longer_a_problem() -> None:
    found = extraction(form(7).replace("\n\t90\n\t90\n\t/", "\n\t90\n\t八九十\n\t/"))
    assert [one["text"] for one in found.problems] == ["八九十"]
    name = found.rows["forms"][0]["form_id"]
    result, outcomes = corrected(found, lines(f",{name},,indicators,0,score,八九十,89,,"), INDEX)
    assert [one.state for one in outcomes] == ["applied"]
    row = result.rows["indicators"][0]
    assert (row["score"], row["corrected_from"], result.problems) == (89.0, ["score: 八九十"], [])
    assert cell_of(result, "indicators", 0, "score") == found.problems[0]["cell_id"]
    assert found.problems


def test_a_blank_is_filled_and_a_value_is_emptied() -> None:
    found = extraction()
    rows, outcomes = apply(found, "ID,,,,0,deviation_reason,,下雨,,", "ID,,,,1,偏差原因,天气,—,,")
    assert [one.state for one in outcomes] == ["applied", "applied"]
    assert [row.get("deviation_reason") for row in rows["indicators"]] == ["下雨", None]
    assert [row["corrected_from"] for row in rows["indicators"]] == [
        ["deviation_reason: "],
        ["deviation_reason: 天气"],
    ]


def test_a_blank_names_its_cell_where_the_line_does() -> None:
    found = extraction()
    slash = next(str(cell["cell_id"]) for cell in found.rows["cells"] if cell["text"] == "/")
    rows, outcomes = apply(found, f",,{slash},indicators,0,deviation_reason,/,下雨,,")
    assert [one.state for one in outcomes] == ["applied"]
    assert [
        use["cell_id"]
        for use in rows["lineage"]
        if use["field"] == "deviation_reason" and use["row_index"] == 0
    ] == [slash]


def test_a_cell_is_corrected_in_every_value_that_it_gives() -> None:
    found = extraction()
    level = cell_of(found, "indicators", 1, "level1")
    assert level == cell_of(found, "indicators", 0, "level1")
    rows, outcomes = apply(found, f",,{level},,,,产出指标,效益指标,,")
    assert [one.state for one in outcomes] == ["applied"]
    assert [(row["level1"], row["level1_code"]) for row in rows["indicators"]] == [
        ("效益指标", "benefit")
    ] * 2
    assert rows_text(rows, level) == "产出指标"  # the ledger keeps what is printed


def test_the_year_moves_every_row_of_the_form() -> None:
    rows, outcomes = apply(extraction(), "made.txt,,,,,年度,2020,2022,,")
    assert [one.state for one in outcomes] == ["applied"]
    assert {row["fiscal_year"] for found in rows.values() for row in found} == {2022}


def test_a_name_is_split_from_its_code_as_a_printed_one() -> None:
    rows, _ = apply(extraction(), "ID,,,forms,,supervising_department,交通局2,219001-棠溪镇,,")
    assert rows["forms"][0]["supervising_department"] == "棠溪镇"
    assert rows["forms"][0]["supervising_department_code"] == "219001"
    assert {use["field"] for use in rows["lineage"]} >= {"supervising_department_code"}


@pytest.mark.parametrize(
    ("row", "state", "words"),
    [
        ("ID,,,indicators,0,score,91,85,,", "stale", "it is 90"),
        ("ID,,,indicators,7,score,90,85,,", "stale", "no row 7"),
        ("ID,3,,indicators,0,score,90,85,,", "stale", "no form"),
        (",,0123456789abcdef/0/99/9,,,,90,85,,", None, ""),
        ("ID,,0/99/9,,,,90,85,,", "stale", "no cell"),
        ("ID,,,indicators,0,score,,85,,", "stale", "it is 90"),
        ("ID,,,indicators,0,note,备注,更好,,", "stale", "not the old one"),
        ("ID,,,funding,0,execution_rate,100%,1.5,,", "error", "95%"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(row: str, state: str | None, words: str) -> None:
    found = extraction()
    rows, outcomes = apply(found, row)
    assert rows == found.rows
    assert [one.state for one in outcomes] == ([state] if state else [])
    assert all(words in one.message for one in outcomes)


def test_two_lines_for_one_value_are_an_error_of_the_second() -> None:
    found = extraction()
    cell = cell_of(found, "indicators", 0, "weight")
    rows, outcomes = apply(found, "ID,,,indicators,0,weight,90,80,,", f",,{cell},,,,90,70,,")
    assert [one.state for one in outcomes] == ["applied", "error"]
    assert "line 2" in outcomes[1].message
    assert rows["indicators"][0]["weight"] == 80


# -- the file ------------------------------------------------------------------------------------------------------

LINE = "0123456789abcdef,,,indicators,0,得分,90,85,王五,“复核”，见附件"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_file_is_read_as_editors_save_it(codec: str, ends: str) -> None:
    data = ends.join([HEAD, LINE, "", ",,,,,,,,,"]).encode(codec)
    (one,) = parse(data, "corrections.csv", RULES.fields)
    assert (one.line, one.document, one.row, one.field) == (2, "0123456789abcdef", 0, "score")
    assert (one.old, one.new, one.who, one.why) == ("90", "85", "王五", "“复核”，见附件")


def test_english_heads_in_any_order_and_quoted_values() -> None:
    head = "why,who,new value,old value,field,row,dataset,cell,form,document"
    row = 'x,y,"a,\nb",c,level3,2,,,,2022/附件 3.docx'
    (one,) = lines(row, head=head).items
    assert (one.document, one.new, one.dataset, one.field, one.row) == (
        "2022/附件 3.docx",
        "a,\nb",
        "indicators",
        "level3",
        2,
    )


def test_a_guarded_formula_is_the_text_behind_the_guard() -> None:
    (one,) = lines("0123456789abcdef,,,,1,level3,'=1+1,'-5,,").items
    assert (one.old, one.new) == ("=1+1", "-5")


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",,,indicators,0,score,90,85,,", 1, "name the document"),
        ("0123456789abcdef,,,indicators,0,scoer,90,85,,", 6, "no such field"),
        ("0123456789abcdef,,,,0,weight,90,85,,", 4, "say which dataset: funding.weight, indicators.weight"),
        ("0123456789abcdef,,,indicators,,score,90,85,,", 5, "say the row"),
        ("0123456789abcdef,,,indicators,first,score,90,85,,", 5, "row must be a number"),
        ("0123456789abcdef,,,indicators,0,score,90,85到90,,", 8, "no score"),
        ("0123456789abcdef,,,funding,0,年初预算数,90,很多,,", 8, "no initial_budget"),
        ("0123456789abcdef,,,,,fiscal_year,2020,去年,,", 8, "no fiscal_year"),
        ("0123456789abcdef,,,,0,target_value,1,2,,", 6, "target_text instead"),
        ("0123456789abcdef,,,,,form_type,a,b,,", 6, "cannot be corrected"),
        ("0123456789abcdef,,,,,金额单位,元,万元,,", 6, "initial_budget"),
        ("0123456789abcdef,,,moneys,0,score,90,85,,", 4, "unknown dataset"),
        ("0123456789abcdef,,,indicators,0,score,90, 90,,", 8, "the new value is the old one"),
        ("0123456789abcdef,,,,,,90,85,,", 6, "name a field or a cell"),
        ("0123456789abcdef,x-1,,forms,,grade,优,良,,", 2, "not a form id"),
        ("0123456789abcdef,,B7,,,,优,良,,", 3, "not a cell id"),
        ("0123456789abcdef,fedcba9876543210-000,,forms,,grade,优,良,,", 1, "not of one document"),
        ("0123456789abcdef,,,forms,,grade,优,良,,,,more", 12, "quote a value with a comma"),
    ],
)
def test_a_fault_of_the_file_names_line_and_column(row: str, column: int, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        lines(LINE, row)
    (fault,) = caught.value.faults
    assert (fault.path, fault.line, fault.column) == ("corrections.csv", 3, column)
    assert words in fault.message and (" | " in fault.message)


def test_all_faults_come_at_once_and_a_repeated_line_is_one() -> None:
    with pytest.raises(RuleError) as caught:
        lines(LINE, LINE.replace("85", "86"), "0123456789abcdef,,,,,,1,2,,")
    assert [fault.line for fault in caught.value.faults] == [3, 4]
    with pytest.raises(RuleError, match="unknown column 旧"):
        lines("x", head="文件,旧,新值")
    with pytest.raises(RuleError, match="missing column old"):
        lines("x", head="文件,新值")
    with pytest.raises(RuleError, match="CSV UTF-8"):
        parse(b"\xff\xff\xff", "corrections.csv", RULES.fields)


def test_no_file_no_corrections(tmp_path: Path) -> None:
    assert load(tmp_path, RULES.fields) == ()
    (tmp_path / "corrections.csv").write_text(f"{HEAD}\n{LINE}\n", encoding="gb18030")
    assert [one.new for one in load(tmp_path, RULES.fields)] == ["85"]


# -- rules and readers change ----------------------------------------------------------------------------------------


def again(found: Extraction, row: str, later: Extraction, index: Index = INDEX) -> tuple[Extraction, Outcome]:
    """Apply a line to one interpretation, keep what a manifest keeps, and apply it to a later one."""
    one = lines(row.replace("ID", found.document_id)).resolved({found.document_id: ["made.txt"]})
    _, outcomes = corrected(found, one, INDEX)
    assert [each.state for each in outcomes] == ["applied"]
    kept = entries(one, outcomes)
    assert from_entries(kept).items[0].key == one.items[0].key
    result, (outcome,) = corrected(
        later, one.resolved({later.document_id: ["made.txt"]}).remembering(kept), index
    )
    return result, outcome


def overlaid(tmp_path: Path, labels: str) -> Index:
    (tmp_path / "forms").mkdir(parents=True)
    (tmp_path / "forms" / "mine.yaml").write_text(
        "form: mine\nextends: project_self_evaluation\nsections:\n" + labels, encoding="utf-8"
    )
    return Index(load_rulebook(tmp_path))


def shifted(found: Extraction) -> Extraction:
    """Return an extraction as other rules give it that see one more row before the others, alike in everything."""
    later = copy.deepcopy(found)
    for row in later.lists["indicators"]:
        row["row_index"] += 1  # type: ignore[operator]
    first = {**later.lists["indicators"][0], "row_index": 0, "level3": "别的指标"}
    later.lists["indicators"].insert(0, first)
    uses = later.columns["lineage"]
    count = len(uses["dataset"])
    for at in range(count):
        if uses["dataset"][at] == "indicators":
            uses["row_index"][at] += 1
            if uses["row_index"][at] == 1:
                for name in uses:
                    value = uses[name][at]
                    uses[name].append(
                        {"row_index": 0, "cell_id": f"{found.document_id[:16]}/0/50/{at}"}.get(name, value)
                    )
    cells = later.columns["cells"]
    for at in range(count, len(uses["dataset"])):
        old = next(
            place
            for place in range(count)
            if (uses["row_index"][place], uses["field"][place]) == (1, uses["field"][at])
            and uses["dataset"][place] == "indicators"
        )
        source = cells["cell_id"].index(uses["cell_id"][old])
        text = "别的指标" if uses["field"][at] == "level3" else cells["text"][source]
        for name in cells:
            cells[name].append({"cell_id": uses["cell_id"][at], "text": text}.get(name, cells[name][source]))
    return later


def test_rows_that_move_take_their_correction_along() -> None:
    found = extraction()
    result, outcome = again(found, "ID,,,indicators,0,score,90,85,,", shifted(found))
    assert (outcome.state, outcome.anchors[0].row) == ("applied", 1)
    assert [row["score"] for row in result.rows["indicators"]] == [90, 85, 90]


def test_another_reader_is_believed_only_where_the_texts_are_those() -> None:
    found = extraction()
    later = shifted(found)
    later.lists["documents"][0]["reader"] = "txt/99"
    result, outcome = again(found, "ID,,,indicators,0,score,90,85,,", later)
    assert (outcome.state, outcome.anchors[0].row) == ("applied", 1)
    later.columns["cells"]["text"] = [
        text.replace("养护里程7", "养护里程") for text in later.columns["cells"]["text"]
    ]
    result, outcome = again(found, "ID,,,indicators,0,score,90,85,,", later)
    assert outcome.state == "stale" and result.rows == later.rows
    assert "changed" in outcome.message and "90" in outcome.message


def test_a_line_is_stale_when_its_cell_gives_the_value_no_more(tmp_path: Path) -> None:
    found = extraction()
    text = form(7)
    later = extraction(text.replace("90\n\t90\n\t/", "90\n\t91\n\t/"))
    result, outcome = again(found, "made.txt,,,indicators,0,score,90,85,,", later)
    assert outcome.state == "stale" and result.rows == later.rows
    later = extraction(text.replace("合格率", "优良率"))  # other content at the same path, the same row
    result, outcome = again(found, "made.txt,,,indicators,0,score,90,85,,", later)
    assert outcome.state == "applied"
    result, outcome = again(found, "made.txt,,,indicators,1,score,90,85,,", later)
    assert outcome.state == "stale" and result.rows == later.rows


def test_stale_lines_come_back_with_their_cell() -> None:
    one = lines("made.txt,,,indicators,0,score,90,85,,")
    kept: list[dict[str, Any]] = []

    def tried(found: Extraction) -> tuple[Extraction, tuple[Outcome, ...]]:
        here = one.resolved({found.document_id: ["made.txt"]}).remembering(kept)
        return corrected(found, here, INDEX)

    found, gone = extraction(), extraction(form(7).replace("养护里程7", "别的"))
    for later, state in ((found, "applied"), (gone, "stale"), (found, "applied")):
        result, outcomes = tried(later)
        assert [each.state for each in outcomes] == [state]
        assert (result.rows == later.rows) == (state == "stale")
        kept = entries(one, outcomes, kept)
        assert from_entries(kept).documents == {found.document_id[:16]}


def test_lines_without_a_document_are_stale_and_kept_ones_keep_their_state() -> None:
    one = lines(LINE)
    (kept,) = entries(one, ())
    assert (kept["state"], "no document" in kept["message"]) == ("stale", True)
    (again_,) = entries(one, (), [{**kept, "state": "applied", "message": ""}])
    assert again_["state"] == "applied"
    assert one.differing(Corrections()) == {"0123456789abcdef"}
    assert one.differing(lines(LINE.replace("王五", "李四"))) == frozenset()
    assert one.differing(lines(LINE.replace("85", "84"))) == {"0123456789abcdef"}


# -- no other cell, ever ---------------------------------------------------------------------------------------------


def values(found: Extraction) -> dict[tuple[Any, ...], Any]:
    return {
        (row["form_id"], dataset, row.get("row_index"), name): value
        for dataset in ("forms", "funding", "indicators")
        for row in found.rows[dataset]
        for name, value in row.items()
        if value is not None and name != "corrected_from"
    }


NEW = {
    "score": "3",
    "weight": "4",
    "level3": "新的名称",
    "target_text": "≥5%",
    "full_year_executed": "600万元",
}
NEW |= {"project_name": "新项目", "actual_text": "七公里", "execution_rate": "88%", "initial_budget": "9.5元"}


@given(st.integers(0, 10**6))
def test_a_correction_never_touches_another_cell(seed: int) -> None:
    """Correct a random value by its row or its cell; lose, add and shift rows; only values of that cell may differ."""
    dice = random.Random(seed)
    found = extraction(form(dice.randrange(1, 30)))
    uses = [use for use in found.rows["lineage"] if use["field"] in NEW]
    use = dice.choice(uses)
    texts = {cell["cell_id"]: cell["text"] for cell in found.rows["cells"]}
    row = "" if use["row_index"] is None else use["row_index"]
    name, old = use["field"], texts[use["cell_id"]]
    by_cell = dice.random() < 0.5
    address = f",,{use['cell_id']}" if by_cell else f",{use['form_id']},"
    one = lines(f"{address},{use['dataset']},{row},{name},{old},{NEW[name]},,")
    later = dice.choice([copy.deepcopy, shifted, _without_row(dice)])(found)
    if dice.random() < 0.3:
        later.lists["documents"][0]["reader"] = "txt/99"
    _, first = corrected(found, one, INDEX)
    assert [each.state for each in first] == ["applied"]
    result, (outcome,) = corrected(later, one.remembering(entries(one, first)), INDEX)
    was, now = values(later), values(result)
    differing = {place for place in was.keys() | now.keys() if was.get(place) != now.get(place)}
    giving = {}
    for other in result.rows["lineage"]:
        giving.setdefault(
            (other["form_id"], other["dataset"], other["row_index"], other["field"]), set()
        ).add(other["cell_id"])
    assert all(giving.get(place) == {use["cell_id"]} for place in differing if now.get(place) is not None)
    assert bool(differing) == (outcome.state == "applied")


def _without_row(dice: random.Random) -> Any:
    def lose(found: Extraction) -> Extraction:
        later = copy.deepcopy(found)
        gone = dice.randrange(2)
        later.lists["indicators"] = [row for row in later.lists["indicators"] if row["row_index"] != gone]
        uses = later.columns["lineage"]
        keep = [
            at
            for at in range(len(uses["dataset"]))
            if (uses["dataset"][at], uses["row_index"][at]) != ("indicators", gone)
        ]
        for name in uses:
            uses[name] = [uses[name][at] for at in keep]
        for row in later.lists["indicators"]:
            row["row_index"] = 0
        for at, dataset in enumerate(uses["dataset"]):
            if dataset == "indicators":
                uses["row_index"][at] = 0
        return later

    return lose
