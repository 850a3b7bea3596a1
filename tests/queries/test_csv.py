"""A CSV of strangers' text is safe to open."""

import csv
import io
import time

import pytest

from accounts.csv_cells import SafeTexts, columns_to_csv, rows_to_csv


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "＝1",
        "|calc",
        "%0",
        '=cmd|" /C calc"!A0',
    ],
)
def test_formulas_are_text(text):
    read = list(csv.reader(io.StringIO(rows_to_csv([[text, -5, "plain", None, 1.5]]), newline="")))
    assert read == [[f"'{text}", "-5", "plain", "", "1.5"]]
    by_column = columns_to_csv([[text, "plain"] * 2, [-5, None] * 2], [True, False], SafeTexts())
    assert list(csv.reader(io.StringIO(by_column, newline=""))) == [[f"'{text}", "-5"], ["plain", ""]] * 2


def test_no_pattern_of_a_site_is_slow():
    from ingestion.sites import wildcards

    began = time.monotonic()
    assert not wildcards(["*a" * 30 + "b", "**a" * 30 + "b"], "/").fullmatch("a" * 2000)
    assert time.monotonic() - began < 1
    matcher = wildcards(["/Admin/*/Ü**"], "/")
    assert matcher.fullmatch("/admin/x.y/üb/er") and not matcher.fullmatch("/admin/x/y/üb")
    assert wildcards([], "/") is None
