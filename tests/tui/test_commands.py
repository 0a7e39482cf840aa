"""What is written after the colon is read into a value, or refused at the word that is wrong."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.export import Format
from core.backtest.command import Amend, Cancel, Submit
from core.bars import END_OF_DAY
from core.errors import ExpressionError, InputError
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from tui.commands import (
    HELP,
    AddBreak,
    AddNote,
    Asked,
    ChooseTheme,
    Compare,
    DeleteBreak,
    DoAction,
    Export,
    Give,
    GoTo,
    Known,
    MakeBranch,
    Quit,
    ShowOutput,
    Verify,
    Watch,
    read_command,
)

KNOWN = Known(symbols=("AAPL", "GOOG"), themes=("dark", "light"))
DAY = datetime(2024, 1, 5, tzinfo=UTC)
ZONE = timezone(timedelta(hours=2))

READ: dict[str, Asked] = {
    "goto 2024-01-05": GoTo(time=DAY + END_OF_DAY),
    "g 2024-01-05": GoTo(time=DAY + END_OF_DAY),
    "goto 2024-01-05 9:30": GoTo(time=DAY.replace(hour=9, minute=30)),
    "goto 2024-01-05 09:30": GoTo(time=DAY.replace(hour=9, minute=30)),
    "goto 2024-01-05T09:30:15": GoTo(time=DAY.replace(hour=9, minute=30, second=15)),
    "goto 2024-01-05T09:30+02:00": GoTo(time=datetime(2024, 1, 5, 9, 30, tzinfo=ZONE)),
    "goto 120": GoTo(bar=120),
    "  goto   0 ": GoTo(bar=0),
    "goto #12": GoTo(order_id=12),
    "goto event 40": GoTo(event=40),
    "break equity < 95000": AddBreak("equity < 95000"),
    "break  fill AAPL ": AddBreak("fill AAPL"),
    "break": AddBreak(""),
    "delete 2": DeleteBreak(2),
    "watch cash < 0": Watch("cash < 0"),
    "note was it the gap?  yes": AddNote("was it the gap?  yes"),
    "buy 100 AAPL": Give(Submit(Order("AAPL", BUY, 100))),
    "sell 0.5 GOOG": Give(Submit(Order("GOOG", SELL, Decimal("0.5")))),
    "buy 100 AAPL limit 50.25": Give(Submit(Order("AAPL", BUY, 100, limit_price=Decimal("50.25")))),
    "buy 100 AAPL stop 50 limit 51": Give(Submit(Order("AAPL", BUY, 100, stop_price=50, limit_price=51))),
    "sell 100 AAPL trail 2": Give(Submit(Order("AAPL", SELL, 100, trail_amount=2))),
    "sell 100 AAPL trail 5%": Give(Submit(Order("AAPL", SELL, 100, trail_percent=5))),
    "buy 100 AAPL open": Give(Submit(Order("AAPL", BUY, 100, type=OrderType.MARKET_ON_OPEN))),
    "buy 100 AAPL close": Give(Submit(Order("AAPL", BUY, 100, type=OrderType.MARKET_ON_CLOSE))),
    "buy 1 AAPL limit 9 day": Give(Submit(Order("AAPL", BUY, 1, limit_price=9, time_in_force=TimeInForce.DAY))),
    "buy 1 AAPL limit 9 ioc": Give(Submit(Order("AAPL", BUY, 1, limit_price=9, time_in_force=TimeInForce.IOC))),
    "buy 1 AAPL limit 9 fok": Give(Submit(Order("AAPL", BUY, 1, limit_price=9, time_in_force=TimeInForce.FOK))),
    "buy 1 AAPL limit 9 gtc": Give(Submit(Order("AAPL", BUY, 1, limit_price=9))),
    "buy 1 AAPL limit 9 gtd 2024-01-05": Give(Submit(Order("AAPL", BUY, 1, limit_price=9, good_till=DAY + END_OF_DAY))),
    "cancel 12": Give(Cancel(12)),
    "cancel #12": Give(Cancel(12)),
    "amend 12 limit 50.50": Give(Amend(12, limit_price=Decimal("50.50"))),
    "amend 12 quantity 5 stop 9": Give(Amend(12, quantity=Decimal(5), stop_price=Decimal(9))),
    "branch set slow=40": MakeBranch(field=("slow", "40")),
    "branch setting path=a=b": MakeBranch(setting=("path", "a=b")),
    "branch drop 12": MakeBranch(edit=(12, None)),
    "branch change 12 buy 50 AAPL": MakeBranch(edit=(12, Order("AAPL", BUY, 50))),
    "branch sell 100 AAPL": MakeBranch(order=Order("AAPL", SELL, 100)),
    "diff a": Compare("a"),
    "verify": Verify(),
    "export results": Export("results", Format.CSV),
    "export ~/my-results parquet": Export("~/my-results", Format.PARQUET),
    "output": ShowOutput(),
    "theme light": ChooseTheme("light"),
    "help": DoAction("help"),
    "zoom": DoAction("zoom"),
    "next_fill": DoAction("travel('next_fill')"),
    "focus_orders": DoAction("focus_pane('orders')"),
    "q": Quit(),
    "quit": Quit(),
}

COMMANDS = (
    "goto, break, delete, watch, buy, cancel, amend, branch, note, diff, verify, export, record, output, theme, q, sell"
)
TERMS = "expected limit, stop, trail, open, close, day, ioc, fok, gtc or gtd"
A_TIME = "a date or a time must stand here, such as 2024-01-05 or 2024-01-05 09:30"

REFUSED = {
    "": (0, "a command must stand here"),
    "   ": (3, "a command must stand here"),
    "xyzzy": (0, f"xyzzy is unknown: known are {COMMANDS}"),
    " Goto 5": (1, "Goto is unknown: did you mean goto"),
    "  wacth cash": (2, "wacth is unknown: did you mean watch"),
    "nextfill": (0, "nextfill is unknown: did you mean next_fill"),
    "down": (0, f"down is unknown: known are {COMMANDS}"),  # which is of a list
    "zoom orders": (5, "unexpected orders"),
    "theme": (5, "a theme must stand here"),
    "theme bright": (6, "bright is unknown: known are dark, light"),
    "q now": (2, "unexpected now"),
    "verify 2": (7, "unexpected 2"),
    "goto": (4, "a date, a bar, #12, or event 40 must stand here"),
    "goto #x": (5, "a whole number must stand here"),
    "goto event": (10, "an event, such as 40 must stand here"),
    "goto event x": (11, "a whole number must stand here"),
    "goto soon": (5, A_TIME),
    "goto 2024-13-05": (5, A_TIME),
    "goto 0001-01-01T00:00+05:00": (5, A_TIME),
    "goto 9999-12-31T23:59-05:00": (5, A_TIME),
    f"goto {10**18}": (5, "a whole number must stand here"),
    f"goto #{'9' * 5000}": (5, "a whole number must stand here"),
    "goto -5": (5, A_TIME),
    "goto 2024-01-05 25:00": (5, A_TIME),
    "goto 5 6": (7, "unexpected 6"),
    "delete": (6, "a breakpoint, such as 2 must stand here"),
    "delete two": (7, "a whole number must stand here"),
    "buy": (3, "a quantity, such as 100 must stand here"),
    "buy x": (4, "a number must stand here: it must be a number such as 187.15, was x"),
    "buy 100": (7, "a symbol must stand here"),
    "buy 100 aapl": (8, "symbol aapl is unknown: known are AAPL, GOOG"),
    "buy 100 AAPL now": (13, TERMS),
    "buy 100 AAPL limit": (18, "a price must stand here"),
    "buy 100 AAPL trail": (18, "an amount, or a percentage such as 5% must stand here"),
    "buy 100 AAPL gtd": (16, "a date must stand here"),
    "buy 100 AAPL gtd soon": (17, A_TIME),
    "cancel": (6, "an order, such as 12 must stand here"),
    "amend 12": (8, "quantity, limit or stop must stand here"),
    "amend 12 price 5": (9, "quantity, limit or stop must stand here"),
    "amend 12 limit": (14, "a number must stand here"),
    "export": (6, "a folder must stand here"),
    "export my results": (10, "csv or parquet must stand here"),
    "branch": (6, "set, setting, drop, change, buy or sell must stand here"),
    "branch fly": (7, "set, setting, drop, change, buy or sell must stand here"),
    "branch set": (10, "NAME=VALUE must stand here"),
    "branch set slow": (11, "NAME=VALUE must stand here"),
    "branch set slow=": (11, "NAME=VALUE must stand here"),
    "branch set slow= 40": (11, "NAME=VALUE must stand here"),
    "branch drop": (11, "an order, such as 12 must stand here"),
    "branch change 12 keep 5 AAPL": (17, "buy or sell must stand here"),
}


@pytest.mark.parametrize(("text", "asked"), READ.items())
def test_a_command_is_read(text: str, asked: Asked) -> None:
    assert read_command(text, KNOWN) == asked


@pytest.mark.parametrize(("text", "refusal"), REFUSED.items())
def test_what_is_no_command_is_refused_at_the_word_that_is_wrong(text: str, refusal: tuple[int, str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_command(text, KNOWN)
    assert (caught.value.text, caught.value.start, caught.value.what) == (text, *refusal)


def test_an_order_that_cannot_be_is_refused_at_its_side() -> None:
    with pytest.raises(ExpressionError, match="limit") as caught:
        read_command("  buy 1 AAPL open limit 9", KNOWN)
    assert caught.value.start == 2


def test_every_example_of_the_help_can_be_read() -> None:
    for example in HELP:
        read_command(example, Known(symbols=("AAPL",), themes=("textual-light",)))


WORDS = st.sampled_from(
    [word for text in (*READ, *REFUSED) for word in text.split()] + ["1e99999999", "²", "٣", "#", "=", "%", "\x1b[2J"]
)


@given(st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=8).map(" ".join)))
def test_any_other_text_is_refused_and_nothing_else(text: str) -> None:
    with suppress(InputError):
        read_command(text, KNOWN)
