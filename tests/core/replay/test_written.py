"""Values as JSON by their types: what is written is read as it was, and nothing else is."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.command import Amend, Cancel, Command, Submit
from core.errors import FillstepError, InputError
from core.execution.costs import Commission
from core.order import BUY, Order, OrderType, Side
from core.reason import Code, Param, Reason
from core.replay.written import LONGEST, MOST, as_json, form_of, from_json

NOON = datetime(2024, 1, 2, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None, min_value=-(10**20), max_value=10**20)


@given(
    st.one_of(
        st.tuples(st.just(Decimal), NUMBERS),
        st.tuples(st.just(int), st.integers(-MOST, MOST)),
        st.tuples(st.just(str), st.text(st.characters(codec=None, categories=None))),
        st.tuples(st.just(bool), st.booleans()),
        st.tuples(st.just(datetime), st.datetimes(timezones=st.timezones() | st.just(UTC))),
        st.tuples(st.just(Decimal | None), st.none() | NUMBERS),
        st.tuples(st.just(int | Decimal), st.integers(-MOST, MOST) | NUMBERS),
        st.tuples(st.just(tuple[int, ...]), st.lists(st.integers(-5, 5)).map(tuple)),
        st.tuples(st.just(Param), st.text() | st.integers(-5, 5) | NUMBERS | st.just(NOON)),
        st.tuples(st.just(OrderType), st.sampled_from(OrderType)),
    )
)
def test_what_is_written_is_read_as_it_was(case: tuple[Any, Any]) -> None:
    kind, value = case
    back = from_json(as_json(value, kind), kind)
    assert back == value
    assert str(back) == (value.isoformat(sep=" ") if isinstance(value, datetime) else str(value))


@pytest.mark.parametrize(
    "command",
    [Submit(Order("A", BUY, 1, good_till=NOON)), Cancel(3), Amend(3, quantity=2, limit_price=Decimal("1.50"))],
)
def test_a_command_says_which_it_is(command: Command) -> None:
    assert from_json(as_json(command, Command), Command) == command


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (1.5, Decimal, "must be an exact number, was float 1.5"),
        (Decimal("NaN"), Decimal, "must be a number such as 187.15, was NaN"),
        (Decimal("1E+999999"), Decimal, "must be a number such as 187.15, was 1E+999999"),
        (True, int, "must be a whole number of at most 1,000,000,000,000,000,000, was bool True"),
        (MOST + 1, int, "must be a whole number of at most 1,000,000,000,000,000,000, was int 1000000000000000001"),
        (5, str, "must be a text, was int 5"),
        (1, bool, "must be true or false, was int 1"),
        (datetime(2024, 1, 2), datetime, "must be a time with its zone, was datetime 2024-01-02 00:00:00"),  # noqa: DTZ001
        ("A", Side, "must be a Side, was A"),
        ("x", Order, "must be a Order, was x"),
        (5, Command, "must be Submit or Cancel or Amend, was int 5"),
        ((1,), tuple[int, int], "must be a row of 2, was tuple (1,)"),
        ([1], tuple[int, ...], "must be a row, was list [1]"),
        (Reason(Code.NO_VOLUME, [("a", 1)]), Reason, "params must be a record, was list [('a', 1)]"),  # type: ignore[arg-type]
        (Order("A", BUY, 1, tag=5), Order, "tag must be a text, was int 5"),  # type: ignore[arg-type]
        ("x" * LONGEST, str, "must be at most 1,048,576 bytes, was "),
    ],
)
def test_what_is_of_another_type_is_not_written(value: object, kind: Any, said: str) -> None:
    with pytest.raises(InputError) as refused:
        as_json(value, kind)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ('"1_000"', Decimal, "must be a number such as 187.15, was 1_000"),
        ('"١"', Decimal, "must be a number such as 187.15, was ١"),
        ('"2024-01-02"', datetime, "must be a time such as 2024-01-02T21:00:00.000000+00:00, was 2024-01-02"),
        ('"2024-13-02T21:00:00.000000+00:00"', datetime, "is no datetime: month must be in 1..12"),
        ('"BOTH"', Side, "must be one of BUY, SELL, was BOTH"),
        ('{"Eval":{}}', Command, "must be Submit or Cancel or Amend, was Eval"),
        ("{}", Command, "is no "),
        ("[]", Command, "must be a record of one key, was list []"),
        ('{"float":"1"}', Param, "must be a text, was NoneType None"),
        ("{}", Param, "is no "),
        ("[1,2,3]", tuple[int, int], "must be a row of 2, was list [1, 2, 3]"),
        ('{"order_id":1,"more":2}', Cancel, "key more is unknown: known are order_id"),
        ("{}", Cancel, "key order_id is missing"),
        ('{"code":"EXPIRED","params":{}}', Reason, "EXPIRED has no 'until'"),
        ('{"code":"NO_VOLUME","params":{"asked":"ten"}}', Reason, "must be a number for asked, was ten"),
        ('{"code":"NO_VOLUME","params":{"symbol":5}}', Reason, "must be a text for symbol, was int 5"),
        (" " * (LONGEST + 1), int, "must be at most 1,048,576 bytes, was 1,048,577"),
        ('"' + "\\ud800" + '"', int, "must be a whole number of at most 1,000,000,000,000,000,000, was <D800>"),
    ],
)
def test_what_must_not_stand_there_is_not_read(text: str, kind: Any, said: str) -> None:
    with pytest.raises(InputError) as refused:
        from_json(text, kind)
    assert str(refused.value).startswith(said)


def test_what_an_order_refuses_is_refused_when_it_is_read() -> None:
    text = as_json(Order("A", BUY, 1), Order).replace('"limit_price":null', '"limit_price":"1"')
    with pytest.raises(InputError, match="order: a market order has no limit_price, was 1"):
        from_json(text, Order)


def test_a_param_that_is_a_time_keeps_its_zone() -> None:
    assert from_json(as_json(NOON, Param), Param).isoformat() == NOON.isoformat()


def test_a_model_of_costs_that_is_a_class_of_its_own_is_not_written() -> None:
    @frozen
    class Own(Commission):
        pass

    with pytest.raises(InputError, match="must be a Commission, was Own"):
        as_json(Own(), Commission)


def test_a_type_that_is_not_written_is_a_mistake_of_the_project() -> None:
    with pytest.raises(FillstepError, match="a set cannot be written"):
        form_of(set)


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:0123456789.eE-ntfalsru', max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InputError):
        from_json(data, Order)
