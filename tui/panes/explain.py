"""Pane 6: why an order did what it did."""

from typing import Protocol

from tui.panes.pane import Place
from tui.panes.text_pane import TextPane
from tui.shown import ExplainView
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line
from tui.widgets.ruler import build_ruler


class HasExplain(Protocol):
    """What the pane takes from a view."""

    @property
    def explain(self) -> ExplainView:
        """Why something happened, or did not."""
        ...


class ExplainPane(TextPane):
    """The reason, what it did, what led to it, and the bar on which it was as one line."""

    NAME = "explain"
    TITLE = "6 Explain"
    HELP = "Why an order did what it did, the newest first; without a selected order, what happened in this bar."
    SIGNS = (
        ("O H L C", "the prices of the bar on one scale; O→L→H→C is the order in which it is taken to have happened"),
        ("@ !", "the limit of the order, and its stop"),
        ("▲ ▼", "where it was bought, where it was sold"),
    )
    PLACE = Place.SHARED

    def __init__(self) -> None:
        super().__init__()
        self._view = ExplainView("", ())

    def show_view(self, view: HasExplain) -> None:
        """Show the explanation of a view."""
        self._view = view.explain
        self.show_text(self._view)

    def head(self, width: int) -> list[Line]:
        """Return the bar as one line, with its path."""
        view = self._view
        if view.bar is None:
            return []
        path = f"  {view.path}"
        ruler = build_ruler(view.bar, view.marks, max(width - len(path), 1))
        return [((fit_cell(f"{ruler}{path}", width), ""),)]
