from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rulebook.nodes import Node, Reader


def parse(text: str) -> tuple[Reader, Node]:
    reader = Reader()
    root = reader.parse(text, "forms/x.yaml")
    assert root is not None
    return reader, root


def shown(reader: Reader) -> list[str]:
    return [str(fault) for fault in sorted(reader.faults)]


def test_a_node_knows_its_place() -> None:
    _, root = parse("a: 1\nb:\n  - x\n  - 'y z'\n")
    (_, key, value) = Reader().pairs(root)[1]
    assert (key.line, key.column, key.place) == (2, 1, "forms/x.yaml:2")
    assert [(item.value, item.line, item.column) for item in value.items] == [("x", 3, 5), ("y z", 4, 5)]


def test_columns_count_characters_and_not_bytes() -> None:
    _, root = parse("标题: {甲: 乙}\n")
    inner = root.pairs[0][1].pairs[0]
    assert (inner[0].column, inner[1].column) == (6, 9)


def test_all_faults_of_a_file_come_at_once() -> None:
    reader, root = parse("titel: x\nkind: matrix\nkind: records\nlabels: {}\n")
    values = reader.mapping(root, {"title": True, "kind": True, "labels": False, "name": True})
    assert list(values) == ["kind", "labels"]
    assert shown(reader) == [
        "forms/x.yaml:1:1: 未知的键 titel（是否为 title？） | unknown key titel (did you mean title?)",
        "forms/x.yaml:1:1: 缺少键 name | missing key name",
        "forms/x.yaml:1:1: 缺少键 title | missing key title",
        "forms/x.yaml:3:1: 重复的键 kind（第 2 行已有） | duplicate key kind (first on line 2)",
    ]


def test_a_key_unlike_all_others_gets_no_proposal() -> None:
    reader, root = parse("zzz: 1\n")
    reader.mapping(root, {"title": False})
    assert shown(reader) == ["forms/x.yaml:1:1: 未知的键 zzz | unknown key zzz"]


def test_what_yaml_takes_for_something_else_is_text_as_written() -> None:
    reader, root = parse("[2020, no, 1.50, 2020-01-01, null, 07]")
    assert [text for text, _ in reader.strings(root)] == ["2020", "no", "1.50", "2020-01-01", "null", "07"]
    assert reader.faults == []


def test_one_text_stands_for_a_list_of_one() -> None:
    reader, root = parse("a: x\n")
    ((text, node),) = reader.strings(root.pairs[0][1])
    assert (text, node.line) == ("x", 1)


def test_an_empty_value_is_a_fault_and_says_so() -> None:
    reader, root = parse("a:\nb: ''\nc: ~\nd: [x, ]\n")
    for _, _, value in reader.pairs(root):
        reader.strings(value)
    assert [fault.line for fault in reader.faults] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "method", "value", "faults"),
    [
        ("12", "integer", 12, 0),
        ("-3", "integer", -3, 0),
        ("1.5", "integer", 0, 1),
        ("x", "integer", 0, 1),
        ("'12'", "integer", 0, 1),
        ("[1]", "integer", 0, 1),
        ("1.5", "number", 1.5, 0),
        ("2", "number", 2.0, 0),
        (".inf", "number", 0.0, 1),
        (".nan", "number", 0.0, 1),
        ("一", "number", 0.0, 1),
        ("{a: 1}", "number", 0.0, 1),
        ("true", "boolean", True, 0),
        ("False", "boolean", False, 0),
        ("yes", "boolean", False, 1),
        ("'true'", "boolean", False, 1),
        ("[true]", "boolean", False, 1),
        ("[a]", "text", "", 1),
        ("{a: 1}", "text", "", 1),
        ("{a: 1}", "strings", [], 1),
        ("x", "items", [], 1),
        ("x", "pairs", [], 1),
        ("", "pairs", [], 1),
    ],
)
def test_a_value_of_another_kind_is_one_fault_and_a_neutral_value(
    text: str, method: str, value: object, faults: int
) -> None:
    reader, root = parse(f"key: {text}\n")
    assert getattr(reader, method)(root.pairs[0][1]) == value
    assert len(reader.faults) == faults


def test_a_choice_proposes_the_nearest() -> None:
    reader, root = parse("kind: record\n")
    assert reader.choice(root.pairs[0][1], ["matrix", "records"], ("种类", "kind")) == ""
    assert shown(reader) == [
        "forms/x.yaml:1:7: 未知的种类 record（是否为 records？） | unknown kind record (did you mean records?)"
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: [1, 2\nb: 3\n", "2:", "YAML syntax error"),
        ("a: 1\n\tb: 2\n", "2:1", "YAML syntax error"),
        ("a: &x 1\n", "1:4", "anchors"),
        ("a: *x\n", "1:4", "anchors"),
        ("a: 1\n---\nb: 2\n", "2:1", "only one YAML document"),
        ("a: !!python/object/apply:os.system [id]\n", "1:4", "unsupported tag"),
        ("a: !env HOME\n", "1:4", "unsupported tag"),
        ("<<: {a: 1}\n", "1:1", "must be text"),
        ("? [a, b]\n: c\n", "1:3", "must be text"),
        ("", "1:1", "empty"),
        ("# only a comment\n", "1:1", "empty"),
        ("a: \x07\n", "1:1", "YAML syntax error"),
        ("[" * 100 + "]" * 100, "1:", "nested too deeply"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    reader = Reader()
    reader.parse(text, "forms/x.yaml")
    (message,) = shown(reader)
    assert message.startswith(f"forms/x.yaml:{place}")
    assert words in message


def test_a_bomb_of_aliases_is_not_expanded() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    reader = Reader()
    assert reader.parse("\n".join(lines), "x") is None
    assert reader.faults


def test_a_file_is_read_as_utf8_with_or_without_mark(tmp_path: Path) -> None:
    reader = Reader()
    (tmp_path / "a.yaml").write_bytes("\ufeff标题: 甲\r\n".encode())
    root = reader.load(tmp_path / "a.yaml", "a.yaml")
    assert root is not None
    assert [(name, value.value) for name, _, value in reader.pairs(root)] == [("标题", "甲")]
    (tmp_path / "b.yaml").write_bytes("a: 1\nb: 标题\n".encode("gbk"))
    assert reader.load(tmp_path / "b.yaml", "b.yaml") is None
    assert reader.load(tmp_path / "missing.yaml", "missing.yaml") is None
    assert [(fault.path, fault.line) for fault in reader.faults] == [("b.yaml", 2), ("missing.yaml", 1)]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.text("ab:[]{}- \n\t'\"&*!#|>,?%@`", max_size=40)
)
def test_no_text_raises(text: str) -> None:
    reader = Reader()
    root = reader.parse(text, "x")
    if root is None:
        assert reader.faults
        return
    for method in (reader.text, reader.strings, reader.items, reader.pairs, reader.integer, reader.boolean):
        method(root)
    reader.mapping(root, {"a": True})
