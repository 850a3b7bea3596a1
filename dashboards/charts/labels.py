"""Texts of others in Plotly's charts, which takes <b> and <a href> in any label for markup."""

from html import escape


def plain(text: str) -> str:
    """Shown as it is. Quotes stay: Plotly does not read their entities back."""
    return escape(text, quote=False)
