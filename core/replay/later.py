"""A clock that is set forward, for whoever asks Python what time it is; what depends on that shows."""

import datetime as dt
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

_PAIRS = ("time", "monotonic", "perf_counter")
_WRITERS = ("localtime", "gmtime", "ctime")


class _Kind(type):
    """Of a class that stands for another: what is an instance of that one is one of its own."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.__mro__[1])


class _Date(date, metaclass=_Kind):
    """A date; only today is another."""

    def __new__(cls, *parts: Any, **named: Any) -> Any:
        return date(*parts, **named)

    @classmethod
    def today(cls) -> Any:
        return date.fromtimestamp(time.time())  # noqa: DTZ012, TID251 - as it is asked, and which was set


class _Time(datetime, metaclass=_Kind):
    """A date and a time; only now is another."""

    def __new__(cls, *parts: Any, **named: Any) -> Any:
        return datetime(*parts, **named)  # noqa: DTZ001 - as it is asked

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return datetime.fromtimestamp(time.time(), tz)  # noqa: TID251 - which was set

    @classmethod
    def today(cls) -> Any:
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(dt.UTC).replace(tzinfo=None)


def set_clock_forward(seconds: int) -> None:
    """Make it so many seconds later for what is imported from now on, in this process, for good.

    The clocks of `time` and `datetime` are set; a library that asks the system itself is told the truth.
    """
    for name in _PAIRS:
        setattr(time, name, _later(getattr(time, name), seconds))
        setattr(time, f"{name}_ns", _later(getattr(time, f"{name}_ns"), seconds * 10**9))
    for name in _WRITERS:
        setattr(time, name, _of_later(getattr(time, name)))
    write: Any = time.strftime
    setattr(time, "strftime", lambda form, at=None: write(form, at or time.localtime()))  # noqa: B010 - mypy
    setattr(dt, "date", _Date)  # noqa: B010 - mypy
    setattr(dt, "datetime", _Time)  # noqa: B010 - mypy


def _later(clock: Callable[[], Any], more: int) -> Callable[[], Any]:
    return lambda: clock() + more


def _of_later(convert: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda seconds=None: convert(time.time() if seconds is None else seconds)  # noqa: TID251 - which was set
