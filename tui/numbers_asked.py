"""Which number of the focused pane one means, when one asks where it was changed."""

from collections.abc import Mapping

from tui.messages import PaneName

MONEY: Mapping[str, tuple[str, str]] = {
    "c": ("cash", "cash"),
    "r": ("realized", "realized"),
    "m": ("commissions", "commissions"),
    "e": ("equity", "equity"),
    "l": ("equity low", "equity_low"),
    "d": ("drawdown", "drawdown"),
}
"""The numbers of the run: by their keys, what each is called, and how it is written as an expression."""


def numbers_of(pane: PaneName, symbol: str | None, order_id: int | None) -> Mapping[str, tuple[str, str]]:
    """Return the numbers of a pane: by their keys, what each is called, and how it is searched for.

    Args:
        pane: The focused pane.
        symbol: The symbol of the row that is selected; None where there is none.
        order_id: The order of the row that is selected; None where there is none.
    """
    if pane == "orders" and order_id is not None:
        return {"o": (f"order #{order_id}", f"#{order_id}")}
    if pane in ("positions", "price") and symbol is not None:
        quote = "'" if '"' in symbol else '"'
        name = f"[{quote}{symbol}{quote}]"
        return {
            "q": (f"{symbol} quantity", f"position{name}"),
            "a": (f"{symbol} average", f"average{name}"),
            "r": (f"{symbol} realized", f"realized{name}"),
            "c": ("cash", "cash"),
            "l": ("equity low", "equity_low"),
        }
    return MONEY
