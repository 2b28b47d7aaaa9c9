from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.gui.plots.mosaic_layout import arrange


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=12),
    st.floats(0.5, 4.0),
)
def test_every_image_has_a_place_of_its_own_and_classes_do_not_share_rows(counts, aspect):
    labels = [k for k, count in enumerate(counts) for _ in range(count)]
    names = [f"class {k}" for k in range(len(counts))]
    grid = arrange(labels, names, aspect)
    assert len(set(grid.places)) == len(labels)
    assert all(row < grid.rows and column < grid.columns for row, column in grid.places)
    for index, (row, column) in enumerate(grid.places):
        assert grid.index_at(row, column) == index
    if not grid.captioned:
        rows_of = [
            {grid.places[i][0] for i, k in enumerate(labels) if k == c} for c in range(len(counts))
        ]
        assert sum(map(len, rows_of)) == grid.rows


def test_ten_of_each_class_stand_in_even_rows():
    grid = arrange([k for k in range(4) for _ in range(10)], "abcd", 1.0)
    assert grid.columns in (5, 10)
    assert [heading.text for heading in grid.headings] == list("abcd")


def test_one_of_each_class_is_named_below():
    grid = arrange([0, 1, 2, 3], "abcd", 1.0)
    assert grid.captioned
    assert (grid.rows, grid.columns) == (2, 2)


def test_nothing_is_laid_out_too():
    grid = arrange((), ())
    assert grid.places == ()
    assert grid.index_at(0, 0) is None
