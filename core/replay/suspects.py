"""Suspects: on what besides its inputs the code of a strategy may depend, as its names give away."""

import builtins
import dis
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Final

_SUSPECTS: Final[Mapping[str, frozenset[str]]] = {
    "randomness": frozenset(
        {"random", "randint", "randrange", "uniform", "gauss", "shuffle", "choice", "sample", "uuid4", "urandom", "rng"}
    ),
    "the wall clock": frozenset(
        {"time", "perf_counter", "monotonic", "now", "today", "utcnow", "time_ns", "process_time", "localtime"}
    ),
    "the order of a set": frozenset({"set", "frozenset", "hash"}),
    "the address of an object": frozenset({"id"}),
    "the surroundings": frozenset({"environ", "getenv", "getcwd", "open", "read_text", "read_csv"}),
    "the network": frozenset({"urlopen", "urllib", "requests", "httpx", "socket"}),
}
_SET_MADE: Final = frozenset({"BUILD_SET", "SET_ADD", "SET_UPDATE"})
_LOOPED_OVER: Final = "GET_ITER"
_GENERATED: Final = "<attrs generated"
"""How the names of files begin that are none: of methods that attrs has written."""
_GLOBAL_SET: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})


def likely_cause(kind: type) -> str:
    """Say what a strategy's own code uses that may be another thing the next time."""
    found = list(dict.fromkeys(_found_in(kind)))
    if not found:
        return "its own code shows no cause: it may keep something outside its fields, such as in a class or a module"
    return f"its own code uses what may differ: {', '.join(found)}"


def _found_in(kind: type) -> Iterator[str]:
    for code in _codes_of(kind):
        names = set(code.co_names)
        for suspect, marks in _SUSPECTS.items():
            if names & marks:
                yield f"{suspect} ({', '.join(sorted(names & marks))} in {code.co_name})"
        before: object = None
        for instruction in dis.get_instructions(code):
            name = instruction.opname
            if name in _SET_MADE or (name == _LOOPED_OVER and isinstance(before, frozenset)):
                yield f"the order of a set (in {code.co_name})"
            if name in _GLOBAL_SET:
                yield f"global state (in {code.co_name})"
            before = instruction.argval


def _codes_of(kind: type) -> Iterator[CodeType]:
    """Yield the code of the methods that a strategy's own classes define, and what is nested in it."""
    for owner in kind.__mro__:
        if owner.__module__.startswith("core.") or owner.__module__ == builtins.__name__:
            continue
        for member in vars(owner).values():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            code = getattr(inspect.unwrap(function) if callable(function) else None, "__code__", None)
            if isinstance(code, CodeType) and not code.co_filename.startswith(_GENERATED):
                yield from _with_nested(code)


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_nested(constant)
