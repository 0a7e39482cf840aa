"""Surroundings: what a process has once and a strategy may change, kept apart for each run.

The decimal context, the environment with its time zone, the folder, the locale, and how deep calls may go: as long as
a strategy changes none of them it has the program's; what it changes is its own from then on, there again whenever its
run goes on, and the program never sees it. Random numbers are a run's own from the start.
"""

import ctypes
import locale
import os
import random  # noqa: TID251 - to keep a strategy's numbers apart, not to draw any
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Context, getcontext, setcontext
from itertools import count
from typing import Any, Final, NamedTuple, Self
from weakref import WeakKeyDictionary

_NUMPY: Final = "numpy.random"
_WORDS: Final = 624  # of a generator of random numbers, after the number of those that are used up
_WORD_BYTES: Final = 4


class Part(NamedTuple):
    """One of the things that a process has once.

    Attributes:
        mark: Returns what is another value once it was changed; takes little time.
        save: Returns all of it.
        restore: Takes what `save` has returned.
        begin: Makes it another thing for each number that it is given; None for what a run begins with as it is.
    """

    mark: Callable[[], Any]
    save: Callable[[], Any]
    restore: Callable[[Any], object]
    begin: Callable[[int], object] | None = None


def mark_of_random() -> Callable[[], Any]:
    """Return what tells cheaply whether random numbers were drawn or seeded since.

    The state has 625 numbers, and to ask for it takes 9 us. Two of them tell as well, and are read where Python keeps
    them; where a Python keeps them elsewhere, the whole state is asked for.
    """
    generator: Any = random._inst  # noqa: SLF001 - that of the module's functions
    start = object.__basicsize__
    if type(generator).__basicsize__ < start + (_WORDS + 1) * _WORD_BYTES:
        return random.getstate
    used, *words = (ctypes.c_uint32 * (_WORDS + 1)).from_address(id(generator) + start)
    if (*words, used) != random.getstate()[1]:
        return random.getstate
    index = ctypes.c_uint32.from_address(id(generator) + start)
    word = ctypes.c_uint64.from_address(id(generator) + start + _WORDS * _WORD_BYTES // 2)
    return lambda: (index.value, word.value, generator.gauss_next)


def _numpy_state() -> Any:
    """Return the state of numpy's global generator; None where numpy is not there."""
    numpy_random = sys.modules.get(_NUMPY)
    return None if numpy_random is None else numpy_random.get_state()


def _numpy_mark() -> Any:
    state = _numpy_state()
    return state and (state[0], state[1].tobytes(), *state[2:])


def _set_numpy_state(state: Any) -> None:
    if state is not None:
        sys.modules[_NUMPY].set_state(state)


def _seed_numpy(number: int) -> None:
    numpy_random = sys.modules.get(_NUMPY)
    if numpy_random is not None:
        numpy_random.seed(number % 2**32)


_environment: Any = vars(os.environ)["_data"]  # to compare all of it at once takes no decoding


def _set_environment(variables: dict[Any, Any]) -> None:
    """Make the environment hold just these variables."""
    zone, decode = os.environ.get("TZ"), os.environ.decodevalue
    for name in _environment.keys() - variables.keys():
        del os.environ[decode(name)]
    for name, value in variables.items():
        if _environment.get(name) != value:
            os.environ[decode(name)] = decode(value)
    if os.environ.get("TZ") != zone and hasattr(time, "tzset"):
        time.tzset()


def _folder() -> str | None:
    """Return the current folder; None where it is gone."""
    with suppress(OSError):
        return os.getcwd()  # noqa: PTH109 - a path takes longer
    return None


def _set_folder(folder: str | None) -> None:
    if folder is not None:
        with suppress(OSError):  # it is gone meanwhile
            os.chdir(folder)


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


def _set_depth(depth: int) -> None:
    with suppress(RecursionError):  # one is deeper than that already
        sys.setrecursionlimit(depth)


PARTS: Final[Sequence[Part]] = (
    Part(mark_of_random(), random.getstate, random.setstate, random.seed),
    Part(_numpy_mark, _numpy_state, _set_numpy_state, _seed_numpy),
    Part(_environment.copy, _environment.copy, _set_environment),
    Part(_folder, _folder, _set_folder),
    Part(_locale, _locale, lambda name: locale.setlocale(locale.LC_ALL, name)),
    Part(sys.getrecursionlimit, sys.getrecursionlimit, _set_depth),
)


_runs: Final = count()


class Surroundings:
    """Those of one run's strategy.

    Each run has other random numbers, which follow from the state of the program's generator and from how many runs
    there were before. The surroundings are entered before the strategy's code is called and left afterwards, which
    takes some microseconds; not once more before they are left.
    """

    def __init__(self) -> None:
        self._context: Context | None = None
        self._own: list[Any] = [None] * len(PARTS)
        self._is_own = [False] * len(PARTS)
        self._is_changed = [False] * len(PARTS)
        self._outer: list[Any] = [None] * len(PARTS)
        self._outer_marks: list[Any] = [object()] * len(PARTS)
        self._inner_marks: list[Any] = [None] * len(PARTS)
        self._outer_context = getcontext()
        self._has_begun = False

    def fork(self) -> "Surroundings":
        """Return others that begin with what was changed in these."""
        other = Surroundings()
        other._context = self._context and self._context.copy()
        other._own = list(self._own)
        other._is_own, other._is_changed = list(self._is_changed), list(self._is_changed)
        return other

    def enter(self) -> None:
        """Put the strategy's in the place of the program's."""
        self._outer_context = getcontext()
        setcontext(self._context or self._outer_context.copy())
        for place, part in enumerate(PARTS):
            mark = part.mark()
            if mark != self._outer_marks[place]:
                self._outer_marks[place], self._outer[place] = mark, part.save()
            if self._is_own[place]:
                part.restore(self._own[place])
                mark = part.mark()
            self._inner_marks[place] = mark
        if not self._has_begun:
            self._begin()

    def leave(self) -> None:
        """Keep what the strategy has changed, and put the program's back."""
        self._context = getcontext()
        setcontext(self._outer_context)
        for place, part in enumerate(PARTS):
            mark = part.mark()
            if mark != self._inner_marks[place]:
                self._own[place], self._is_own[place], self._is_changed[place] = part.save(), True, True
            if mark != self._outer_marks[place]:
                part.restore(self._outer[place])

    def _begin(self) -> None:
        """Take other random numbers than the program and the runs before, unless the strategy's file chose some."""
        self._has_begun = True
        number = hash((next(_runs), random.getstate()[1]))
        for place, part in enumerate(PARTS):
            if part.begin is not None and not self._is_own[place]:
                part.begin(number)
                self._own[place], self._is_own[place] = part.save(), True
                self._inner_marks[place] = part.mark()

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


_left: WeakKeyDictionary[type, Surroundings] = WeakKeyDictionary()


def keep_surroundings(kind: type, surroundings: Surroundings) -> None:
    """Note what a strategy's file has changed while it was executed: its strategies begin with that."""
    _left[kind] = surroundings


def surroundings_of(kind: type) -> Surroundings:
    """Return those with which a run of a strategy begins: the program's, with what the strategy's file has changed."""
    left = _left.get(kind)
    return Surroundings() if left is None else left.fork()
