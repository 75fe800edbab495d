"""The functions from printed text to a value, in one place for those who type columns.

Each is pure, takes the text of a cell and raises at most NotAValue.
"""

from pipeline.text.amounts import NoUnit, parse_amount, parse_rate, parse_score
from pipeline.text.clean import NULL_TOKENS, clean
from pipeline.text.comparators import parse_comparator
from pipeline.text.dates import excel_date, is_date, parse_date, parse_period, parse_year
from pipeline.text.numbers import NotAValue, parse_number
from pipeline.text.quantities import Kind, Quantity, parse_quantity
from pipeline.text.units import money_factor

__all__ = [
    "NULL_TOKENS",
    "Kind",
    "NoUnit",
    "NotAValue",
    "Quantity",
    "clean",
    "excel_date",
    "is_date",
    "money_factor",
    "parse_amount",
    "parse_comparator",
    "parse_date",
    "parse_number",
    "parse_period",
    "parse_quantity",
    "parse_rate",
    "parse_score",
    "parse_year",
]
