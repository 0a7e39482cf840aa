"""The selected row: what its order did, and where it happened."""

from typing import Any

from attrs import define

from core.events import OrderEvent
from tui.desk.part import Part
from tui.travel import Travel


@define(eq=False)
class SelectedRow(Part):
    """Explains the selected row, and goes to it."""

    _travel: Travel

    def explain_row(self) -> None:
        """Explain the order of the selected row; of a fill, go to it."""
        pane, (_, key) = self._host.focused_name, self._host.selected
        if pane == "orders" and isinstance(key, int):
            self._host.explain(key)
            self._host.show()
        elif pane == "events" and isinstance(key, int):
            row = self.session.run.journal.rows[key]
            place = self.session.timeline.whole_after(key)
            self._host.explain(_order_of(row))
            self.go(place)

    def go_to_row(self) -> None:
        """Go to where the event of the selected row happened, where its order was asked for, or to the chart's bar."""
        pane, (_, key) = self._host.focused_name, self._host.selected
        if pane == "events" and isinstance(key, int):
            self.go(self.session.timeline.whole_after(key))
        elif pane == "orders" and isinstance(key, int):
            self.go(self.session.timeline.find_order(key))
        elif pane == "price" and isinstance(key, int):
            self._travel.go_to_recorded(key)


def _order_of(row: Any) -> int | None:
    return int(row[3][1]) if issubclass(row[2], OrderEvent) else None
