"""A small form for an order; what it gives is the command that could have been written."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from core.text import clean
from tui.screens.parts import Dialog

_FIELDS: Final = {
    "side": "buy or sell",
    "quantity": "units",
    "symbol": "what",
    "limit": "the worst price, or nothing",
    "stop": "the price that wakes it, or nothing",
    "life": "day, ioc, fok, gtc, or nothing",
}


class OrderForm(Dialog[str | None]):
    """One line for each part of an order: tab goes on, enter asks for it, esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close the form", id="close_form")]
    DEFAULT_CSS = """
    OrderForm { align: center middle; }
    OrderForm > Vertical { width: 50; height: auto; border: round $accent; background: $surface; padding: 0 1; }
    OrderForm Input { background: $panel; }
    OrderForm Static { height: 1; }
    """

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol

    def compose(self) -> ComposeResult:
        """Lay the form over the panes."""
        with Vertical() as box:
            box.border_title = "Order"
            box.border_subtitle = "tab next, enter asks, esc leaves"
            for name, hint in _FIELDS.items():
                yield Static(name, markup=False)
                value = {"side": "buy", "symbol": clean(self._symbol)}.get(name, "")
                yield Input(value, placeholder=hint, id=f"order-{name}", compact=True)

    def on_mount(self) -> None:
        """Begin with the quantity."""
        for line in self.query(Input):
            line.cursor_blink = False
        self.query_one("#order-quantity", Input).focus()

    def on_input_submitted(self) -> None:
        """Give the command."""
        said = {name: self.query_one(f"#order-{name}", Input).value.strip() for name in _FIELDS}
        words = [said["side"], said["quantity"], said["symbol"]]
        words += [f"{name} {said[name]}" for name in ("limit", "stop") if said[name]]
        self.dismiss(" ".join(filter(None, (*words, said["life"]))))

    def action_cancel(self) -> None:
        """Give nothing."""
        self.dismiss(None)
