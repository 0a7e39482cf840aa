"""A finished run in a few numbers: as a table for a person, and as JSON for a program; files of bars likewise."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

from core.backtest.conversion import plain
from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from core.data.report import Section
from core.money import add, subtract
from core.order import OrderStatus
from core.protocols import PortfolioView
from core.text import clean
from tui.numbers import money, percent, signed

_RULES: Final = 1  # the version of docs/fill-rules.md
_WIDTH: Final = 20
_NAME_WIDTH: Final = 12
_ALWAYS_COUNTED: Final = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED})


def fields_of(strategy: Strategy) -> dict[str, Any]:
    """Return the fields that a strategy was given, by name, as TOML and JSON can hold them."""
    fields = [one for one in attrs.fields(type(strategy)) if one.init]
    return {str(one.alias): plain(getattr(strategy, one.name)) for one in fields}


def as_json(strategy: str, backtest: Backtest) -> str:
    """Write a run as one JSON object; quantities and money are text, exact."""
    portfolio = backtest.portfolio
    facts = {
        "rules": _RULES,
        "strategy": {"name": strategy, "fields": fields_of(backtest.strategy)},
        "settings": plain(backtest.settings),
        "steps": backtest.step_count,
        "orders": {status.value: count for status, count in _orders(backtest).items()},
        "fills": len(backtest.broker.fills()),
        "realized_pnl": plain(portfolio.realized_pnl),
        "unrealized_pnl": plain(portfolio.unrealized_pnl),
        "commissions": plain(portfolio.commissions),
        "net_pnl": plain(_net_pnl(portfolio)),
        "income": plain(portfolio.income),
        "equity": plain(portfolio.equity),
        "drawdown": plain(portfolio.drawdown),
        "money_at_stake": plain(backtest.money_at_stake),
        "clamped": plain(backtest.clamped),
    }
    return json.dumps(facts, indent=2, allow_nan=False, default=lambda value: type(value).__name__)


def as_table(strategy: str, backtest: Backtest) -> str:
    """Write a run as lines of a name and a number; money is rounded to cents."""
    portfolio = backtest.portfolio
    rows = {
        "strategy": clean(strategy),
        "steps": f"{backtest.step_count:,}",
        "orders": f"{backtest.broker.order_count:,}",
        **{
            f"  {_words(status)}": f"{count:,}"
            for status, count in _orders(backtest).items()
            if _is_told(status, count)
        },
        "fills": f"{len(backtest.broker.fills()):,}",
        "realized P&L": signed(portfolio.realized_pnl),
        "unrealized P&L": signed(portfolio.unrealized_pnl),
        "commissions": money(portfolio.commissions),
        "net P&L": signed(_net_pnl(portfolio)),
        **({"income": signed(portfolio.income)} if portfolio.income else {}),
        "equity": money(portfolio.equity),
        "drawdown": f"{money(portfolio.drawdown)} ({percent(portfolio.drawdown_ratio)})",
        "at stake in paths": money(backtest.money_at_stake),
        "slippage clamped": money(backtest.clamped),
    }
    return "\n".join(f"{name:<{_WIDTH}}{value}" for name, value in rows.items())


def as_text(sections: Sequence[Section]) -> str:
    """Write a data report as a title and lines for each section."""
    return "\n".join(
        line
        for section in sections
        for line in (section.title, *(f"  {one.name:<{_NAME_WIDTH}}{one.text}" for one in section.lines))
    )


def count_facts(backtest: Backtest) -> str:
    """Say how far a run came."""
    done = f"step {backtest.step_count:,} of {len(backtest.feed):,}"
    return f"{done}, with {backtest.broker.order_count:,} orders and {len(backtest.broker.fills()):,} fills"


def _net_pnl(portfolio: PortfolioView) -> Decimal:
    return subtract(add(portfolio.realized_pnl, portfolio.unrealized_pnl), portfolio.commissions)


def _orders(backtest: Backtest) -> dict[OrderStatus, int]:
    counts = Counter(order.status for order in backtest.broker.orders())
    return {status: counts[status] for status in OrderStatus}


def _words(status: OrderStatus) -> str:
    return status.value.lower().replace("_", " ")


def _is_told(status: OrderStatus, count: int) -> bool:
    """Say whether a count has its line: what came of nothing has one also where there is none."""
    return count > 0 or status in _ALWAYS_COUNTED
