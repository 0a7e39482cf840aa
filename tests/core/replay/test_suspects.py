"""What a strategy's code uses besides its inputs, as its names give away."""

import functools
import os
import random  # noqa: TID251 - to be found out
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from attrs import define, field

from core.backtest.examples import SHIPPED
from core.backtest.strategy import Now, Strategy
from core.replay.suspects import likely_cause

NOTHING = "its own code shows no cause: it may keep something outside its fields, such as in a class or a module"
USES = "its own code uses what may differ: "
COUNT = 0


def _chance(now: Now) -> object:
    return now["A"].close > random.random()  # noqa: S311 - to be found out


def _clock(_: Now) -> object:
    return time.perf_counter()


def _set(now: Now) -> object:
    return next(iter({"a", "b", str(now)}))


def _set_of_constants(_: Now) -> object:
    return [one for one in {"a", "b"}]  # noqa: C416, PLC0208 - to be found out


def _set_asked(now: Now) -> object:
    return now.step in {1, 2}


def _set_built(now: Now) -> object:
    return list(set(now.symbols))


def _comprehension(now: Now) -> object:
    return [*{one.lower() for one in now.symbols}]


def _address(now: Now) -> object:
    return id(now) % 2


def _surroundings(_: Now) -> object:
    return os.environ["HOME"]


def _global(_: Now) -> object:
    global COUNT  # noqa: PLW0603 - to be found out
    COUNT += 1
    return COUNT


def _nested(_: Now) -> object:
    return max([1, 2], key=lambda _: time.time())  # noqa: TID251 - to be found out


FOUND = {
    _chance: "randomness (random in _chance)",
    _clock: "the wall clock (perf_counter, time in _clock)",
    _set: "the order of a set (in _set)",
    _set_of_constants: "the order of a set (in _set_of_constants)",
    _set_built: "the order of a set (set in _set_built)",
    _address: "the address of an object (id in _address)",
    _surroundings: "the surroundings (environ in _surroundings)",
    _global: "global state (in _global)",
    _nested: "the wall clock (time in <lambda>)",
}


def with_on_bar(method: Callable[..., object]) -> type[Strategy]:
    """Return a strategy of one method."""
    return type("Mine", (Strategy,), {"on_bar": method})


@pytest.mark.parametrize(("method", "said"), FOUND.items(), ids=[one.__name__ for one in FOUND])
def test_what_may_differ_is_named_with_where_it_is_used(method: Callable[..., object], said: str) -> None:
    assert likely_cause(with_on_bar(method)) == f"{USES}{said}"


def test_a_set_of_which_only_a_member_is_asked_has_no_order() -> None:
    assert likely_cause(with_on_bar(_set_asked)) == NOTHING


def test_a_set_that_is_built_inside_a_comprehension_is_found() -> None:
    assert likely_cause(with_on_bar(_comprehension)).startswith(f"{USES}the order of a set (in <setcomp>)")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_strategies_that_ship_show_nothing(name: str) -> None:
    assert likely_cause(SHIPPED[name]) == NOTHING


def test_a_strategy_that_uses_its_fields_alone_shows_nothing() -> None:
    @define
    class Plain(Strategy):
        count: int = 0
        seen: list[str] = field(factory=list)

        def on_bar(self, now: Now) -> None:
            self.count += 1
            self.seen.extend(now.symbols)

    assert likely_cause(Plain) == NOTHING


def test_a_class_attribute_shows_no_name_so_that_is_said() -> None:
    class Counting(Strategy):
        count: ClassVar[int] = 0

        def on_bar(self, now: Now) -> None:
            type(self).count += now.step

    assert "such as in a class or a module" in likely_cause(Counting)


def test_what_is_inherited_from_a_class_of_the_user_s_own_is_found() -> None:
    class Base(Strategy):
        def on_bar(self, now: Now) -> None:
            _ = random.choice([now, self])  # noqa: S311 - to be found out

    class Mine(Base):
        pass

    assert likely_cause(Mine) == f"{USES}randomness (choice, random in on_bar)"


def test_a_property_a_class_method_and_what_is_wrapped_are_looked_into() -> None:
    def wrapping(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapper(*arguments: object) -> object:
            return method(*arguments)

        return wrapper

    class Mine(Strategy):
        @property
        def first(self) -> float:
            return random.random()  # noqa: S311 - to be found out

        @classmethod
        def second(cls) -> float:
            return time.monotonic()

        @staticmethod
        def third() -> str:
            return os.getcwd()  # noqa: PTH109 - to be found out

        @wrapping
        def fourth(self) -> int:
            return id(self)

    said = likely_cause(Mine)
    assert "random in first" in said
    assert "monotonic, time in second" in said
    assert "getcwd in third" in said
    assert "id in fourth" in said


def test_each_use_is_said_once_and_several_are_said_in_the_order_of_the_code() -> None:
    class Mine(Strategy):
        def on_bar(self, now: Now) -> None:
            first, second = {now.step, 1}, {now.step, 2}
            _ = random.random(), random.random(), first, second  # noqa: S311 - to be found out

        def on_end(self, now: Now) -> None:
            _ = now, time.time()  # noqa: TID251 - to be found out

    said = likely_cause(Mine).removeprefix(USES)
    assert said == "randomness (random in on_bar), the order of a set (in on_bar), the wall clock (time in on_end)"
