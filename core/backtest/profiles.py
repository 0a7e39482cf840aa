"""Profiles: settings under which orders fill as in other engines, as far as settings reach, and what they do not reach.

The facts are those of the engines' own sources and manuals: backtrader 1.9.78, backtesting.py 0.6.6, zipline-reloaded
3.2.1, LEAN's fill model for equities.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from attrs import evolve, frozen

from core.backtest.settings import Settings, Timing
from core.errors import InputError
from core.execution.costs import Slippage
from core.execution.path import LimitRule, PathRule
from core.order import Order, OrderType

_RULE_OF: Final = {
    "timing": "R1",
    "path": "R3",
    "limit_rule": "R4",
    "slippage": "R11",
    "volume_cap": "R12",
}
"""Which rule each setting of a profile belongs to."""
_ALL: Final = frozenset(OrderType)
_AT_OPEN: Final = frozenset({OrderType.MARKET, OrderType.MARKET_ON_OPEN})
_PRICED: Final = frozenset({OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT})
_STOPS: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TRAILING: Final = frozenset({OrderType.TRAILING_STOP})


@frozen
class Beyond:
    """Something that an engine does and no setting reaches.

    Attributes:
        rule: The rule that it differs from.
        text: What the engine does.
        types: The types of order that it concerns.
        entries: Where it concerns exits of a bracket only: the types of entry whose exits these are; else None.
    """

    rule: str
    text: str
    types: frozenset[OrderType] = _ALL
    entries: frozenset[OrderType] | None = None

    def concerns(self, order: Order, entry: Order | None = None) -> bool:
        """Say whether it can matter to an order, which may be an exit of an entry."""
        if self.entries is not None and (entry is None or entry.type not in self.entries):
            return False
        return order.type in self.types


@frozen
class Profile:
    """How another engine fills.

    Attributes:
        name: What it is called.
        settings: The settings that follow it, by name.
        beyond: What no setting reaches.
    """

    name: str
    settings: Mapping[str, Any]
    beyond: tuple[Beyond, ...] = ()

    def over(self, settings: Settings) -> Settings:
        """Return settings with those of the profile in the place of theirs."""
        return evolve(settings, **self.settings)

    def one_by_one(self, settings: Settings) -> Iterator[tuple[str, str, Settings]]:
        """Yield each setting in which the profile differs: its rule, its name, the settings with it alone changed."""
        for name, value in self.settings.items():
            if getattr(settings, name) != value:
                yield _RULE_OF[name], name, evolve(settings, **{name: value})


_PLAIN: Final[Mapping[str, Any]] = {
    "timing": Timing.NEXT_OPEN,
    "limit_rule": LimitRule.TOUCH,
    "path": PathRule.WORST,
    "slippage": Slippage(),
    "volume_cap": None,
}
PROFILES: Final[Mapping[str, Profile]] = {
    one.name: one
    for one in (
        Profile(
            "backtrader",
            _PLAIN,
            (
                Beyond("R8", "exits of a bracket wait for the bar after the entry's fill", entries=_ALL),
                Beyond("R10", "a trailing stop follows the close of each bar, not its extreme", _TRAILING),
            ),
        ),
        Profile(
            "backtesting.py",
            _PLAIN,
            (Beyond("R8", "exits of a limit or stop entry wait for the bar after its fill", entries=_PRICED),),
        ),
        Profile(
            "zipline",
            {**_PLAIN, "slippage": Slippage(basis_points=Decimal(5)), "volume_cap": Decimal("0.1")},
            (
                Beyond("R5", "market orders fill at the close of the next bar, not at its open", _AT_OPEN),
                Beyond("R4", "limits and stops are tested at the close of a bar only, and fill there", _PRICED),
            ),
        ),
        Profile(
            "lean",
            {**_PLAIN, "limit_rule": LimitRule.THROUGH},
            (
                Beyond("R4", "a price that equals a stop does not trigger it", _STOPS),
                Beyond(
                    "R6",
                    "a stop-limit order fills at its limit, and if the close of a bar is within it",
                    frozenset({OrderType.STOP_LIMIT}),
                ),
                Beyond("R10", "a trailing stop that a bar has moved can be reached from the next bar on", _TRAILING),
            ),
        ),
    )
}
"""The profiles by name."""


def find_profile(name: str) -> Profile:
    """Return a profile by its name, in letters of any case.

    Raises:
        InputError: There is none.
    """
    profile = PROFILES.get(name.lower())
    if profile is None:
        raise InputError(f"profile {name} is unknown: known are {', '.join(PROFILES)}")
    return profile
