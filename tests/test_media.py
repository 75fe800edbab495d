"""Every form of the public benchmark ends as its truth, column by column, in every medium."""

import pytest

from tests.synthetic import LAYOUTS, MEDIA, differences, found, truth


def test_the_benchmark_is_whole() -> None:
    assert sum(len(truth(layout)) for layout in LAYOUTS) >= 30
    assert all(found(medium, layout) for medium in MEDIA for layout in LAYOUTS)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("medium", MEDIA)
def test_rows_equal_the_truth(medium: str, layout: str) -> None:
    assert differences(truth(layout), found(medium, layout)) == []
