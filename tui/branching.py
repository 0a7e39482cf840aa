"""Branching: what a person changes of a run, and the branch that comes of it."""

from collections.abc import Mapping
from typing import Final

import attrs

from core.backtest.command import Submit
from core.backtest.configuration import Layer, overlay, read_assignments
from core.backtest.conversion import Text
from core.backtest.guard import RAISED
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Strategy
from core.errors import InputError
from core.replay.branch import Branch, Change, remedy, with_order, without_order
from core.replay.cursor import Cursor
from core.replay.divergence import place_of
from core.replay.history import History
from core.text import clean
from tui.commands import MakeBranch
from tui.numbers import signed
from tui.sentences import asked, sentence
from tui.session import Session

_FILE: Final = ".py"


def change_of(session: Session, wanted: MakeBranch) -> Change:
    """Return the change that a person has written.

    Raises:
        InputError: There is no such field, setting or order, or it cannot have that value.
    """
    run = session.backtest
    if wanted.field is not None:
        name, value = wanted.field
        kind, layer = type(run.strategy), _read(name, value)
        given = {name: layer.value(key, one.type) for key, name, one in layer.fields(kind)}
        return Change(f"{name} is {value}", strategy=_made(kind, {**_fields_of(run.fresh_strategy()), **given}))
    if wanted.setting is not None:
        key, value = wanted.setting
        said = {name: Text(one) if isinstance(one, str) else one for name, one in _read(key, value).values.items()}
        return Change(f"{key} is {value}", settings=overlay(run.settings, Layer(said, "setting ")))
    if wanted.edit is not None:
        order_id, order = wanted.edit
        session.timeline.asked_at(order_id)
        return without_order(order_id) if order is None else with_order(order_id, order)
    if wanted.order is not None:
        step = session.timeline.cursor.step
        return Change(f"{asked(wanted.order)} after bar {step + 1}", command=(step, Submit(wanted.order)))
    raise InputError("a branch must have a change")


def retry(session: Session, order_id: int) -> Change:
    """Return the change that an order is asked for as it would have passed.

    Raises:
        InputError: It was not rejected, or there is no remedy for it.
    """
    moment = session.timeline.at(session.timeline.cursor)
    tracked = moment.get_order(order_id)
    if tracked.status.value != "REJECTED" or tracked.reason is None:
        raise InputError(f"order #{order_id} was not rejected: there is nothing to retry")
    order = remedy(tracked.order, tracked.reason)
    if order is None:
        raise InputError(f"order #{order_id}: nothing that would pass follows from {tracked.reason.code.value}")
    return with_order(order_id, order)


def reloaded(run: Backtest) -> Change:
    """Return the change that the strategy is what its file says now, with the fields it was given.

    Raises:
        InputError: It has no file, or that cannot be run.
    """
    kind = type(run.strategy)
    if not kind.__module__.endswith(_FILE):
        raise InputError(f"{kind.__name__} ships with the program: there is no file of it to load again")
    edited = find_strategy(f"{kind.__module__}:{kind.__qualname__}")
    known = {one.alias for one in attrs.fields(edited) if one.init}
    fields = {name: value for name, value in _fields_of(run.fresh_strategy()).items() if name in known}
    return Change(f"{kind.__module__} as it is now", strategy=_made(edited, fields))


def _made(kind: type[Strategy], fields: Mapping[str, object]) -> Strategy:
    try:
        return kind(**fields)
    except RAISED as error:
        raise InputError(f"{kind.__name__} cannot be made: {type(error).__name__}: {error}") from error


def _read(name: str, value: str) -> Layer:
    return Layer(read_assignments([f"{name}={value}"]).values, "set ")


def _fields_of(strategy: Strategy) -> dict[str, object]:
    return {str(one.alias): getattr(strategy, one.name) for one in attrs.fields(type(strategy)) if one.init}


def standing(session: Session, result: Branch) -> tuple[Branch, Cursor, Cursor]:
    """Return a branch, with where one stands in it and in its parent.

    Both are where the runs part; where they do not, both are where one stood, or as far as the branch has come.
    """
    parting = result.divergence
    if parting is None:
        here = session.timeline.cursor
        return result, min(here, History(result.run).head, key=lambda place: place.order), here
    return result, place_of(History(result.run), parting), place_of(session.timeline, parting)


def told(result: Branch) -> str:
    """Say what a branch is, where it parts from its parent, and what it gained."""
    parting = result.divergence
    where = "the runs do not part" if parting is None else f"parts at bar {parting.step + 1}"
    gained = f"equity {signed(result.equity_gained)} at bar {result.compared_step + 1}"
    return clean(f"branch: {result.change.text} | {where} | {gained} | p parent, d both")


def first_facts(result: Branch) -> tuple[str, str, str]:
    """Write the first fact that differs: what both say alike, and then what the parent and the branch say."""
    parting = result.divergence
    if parting is None:
        return "", "-", "-"
    one, other = ("nothing" if row is None else sentence(row[2].make(*row[3])) for row in (parting.one, parting.other))
    words, others = one.split(" "), other.split(" ")
    alike = next((at for at, pair in enumerate(zip(words, others, strict=False)) if pair[0] != pair[1]), 0)
    return " ".join(words[:alike]), " ".join(words[alike:]), " ".join(others[alike:])
