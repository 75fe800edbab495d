from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.writers.columns import arrow_type, column

amounts = st.decimals(
    min_value=Decimal("-999999999999999999.99"), max_value=Decimal("999999999999999999.99"), places=2
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
CASES = {
    "string": texts,
    "int16": st.integers(-(2**15), 2**15 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "decimal128(20, 2)": amounts,
    "list<string>": st.lists(st.none() | texts, max_size=4),
    "list<float>": st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4),
}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_the_values_come_back_and_the_array_is_what_arrow_itself_makes(
    name: str, data: st.DataObject
) -> None:
    values = data.draw(st.lists(st.none() | CASES[name], max_size=40))
    made = column(values, arrow_type(name))
    made.validate(full=True)
    assert made.to_pylist() == values
    assert made.equals(pa.array(values, arrow_type(name)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decimal128(20, 2)", Decimal("0.005")),
        ("decimal128(20, 2)", Decimal(10) ** 18),
        ("decimal128(20, 2)", Decimal("NaN")),
        ("decimal128(20, 2)", Decimal("Infinity")),
        ("decimal128(20, 2)", Decimal("1E+999999")),
        ("decimal128(20, 2)", 1.5),
        ("double", float("nan")),
        ("double", float("inf")),
        ("double", "1"),
        ("double", True),
        ("int16", 2**15),
        ("int64", 2**63),
        ("int32", 1.0),
        ("string", 1),
        ("list<string>", ["a", 1]),
    ],
)
def test_a_value_that_does_not_fit_exactly_is_refused(name: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        column([None, value], arrow_type(name))


def test_an_amount_is_kept_to_the_cent_whatever_its_exponent() -> None:
    values = [Decimal("1.3E5"), Decimal("130000"), Decimal("130000.00"), Decimal("-0.01")]
    assert column(values, pa.decimal128(20, 2)).to_pylist() == [
        Decimal("130000.00"),
        Decimal("130000.00"),
        Decimal("130000.00"),
        Decimal("-0.01"),
    ]


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert column(["甲\ud800乙", "\ud83d\ude00"], pa.string()).to_pylist() == ["甲\ufffd乙", "😀"]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown Arrow type"):
        arrow_type("text")


def test_texts_are_the_same_whatever_they_hold() -> None:
    values = ["甲", None, "", "a\0b", "\0", "乙" * 9]
    assert column(values, pa.string()).to_pylist() == values
    assert column(["", "", None], pa.string()).to_pylist() == ["", "", None]


def test_amounts_of_more_than_64_bits_stand_beside_small_ones() -> None:
    values = [Decimal("-0.01"), None, Decimal(10**17), Decimal(-(10**17)), Decimal("92233720368547758.08")]
    assert column(values, pa.decimal128(20, 2)).equals(pa.array(values, pa.decimal128(20, 2)))
