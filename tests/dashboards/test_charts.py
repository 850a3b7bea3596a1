"""Charts are pure: what they say of their data."""

import pytest

from dashboards.charts.lines import Line, beside, columns, lines


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([5.0], ["top center"]),
        ([1.0, 5.0, 1.0], ["top center", "top center", "bottom center"]),
        ([9.0, 6.0, 3.0, 2.0], ["top center", "top right", "top right", "bottom center"]),
        ([1.0, 2.0, 3.0], ["top center", "top left", "top center"]),
        ([9.0, 3.0, 8.0], ["top center", "bottom center", "top center"]),  # in a valley
        ([9.0, 0.2, 8.0], ["top center", "top right", "top center"]),  # one as deep as the axis
        ([None, 3.0, None], ["top center", "top center", "top center"]),
        ([], []),
    ],
)
def test_values_stand_where_their_line_does_not_run(values, places):
    assert beside(values) == places


def test_what_is_not_over_is_told_apart():
    """Dashed lines and pale columns: a day that has just begun is no fall."""
    when, values = ["a", "b", "c"], [Line("x", [3.0, 4.0, 1.0]), Line("y", [1.0, 1.0, 0.0])]
    drawn = lines(when, values, partial=1)["data"]
    assert [(list(t["x"]), t["line"]["dash"]) for t in drawn[:2]] == [(["a", "b"], "solid"), (["b", "c"], "dash")]
    assert [list(t["marker"]["opacity"]) for t in columns(when, values, partial=1)["data"]] == [[1.0, 1.0, 0.45]] * 2
    assert [list(t["marker"]["opacity"]) for t in columns(when, values)["data"]] == [[1.0] * 3] * 2


def test_many_points_are_not_written_out():
    few, many = (lines([str(n) for n in range(count)], [Line("x", [1.0] * count)]) for count in (14, 15))
    assert few["data"][0]["mode"] == "lines+markers+text" and many["data"][0]["mode"] == "lines"
