"""The same workloads in other engines, where they are installed: which there are, and what each can do."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from attrs import frozen


@frozen
class Peer:
    """Another engine.

    Attributes:
        name: What it is called.
        distribution: What pip installs.
        module: What runs it, in a process of its own.
        cannot: What it has no way to do, and why.
    """

    name: str
    distribution: str
    module: str
    cannot: Mapping[str, str]

    @property
    def version(self) -> str | None:
        """The version that is installed; None where none is."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None


_ARRAYS: Final = "is given arrays and calls nobody back"

PEERS: Final = (
    Peer("backtesting.py", "backtesting", "benchmarks.peers.with_backtesting", {"W4": "has one symbol a run"}),
    Peer("backtrader", "backtrader", "benchmarks.peers.with_backtrader", {}),
    Peer("bt", "bt", "benchmarks.peers.with_bt", {"W3": "has no limit orders"}),
    Peer("vectorbt", "vectorbt", "benchmarks.peers.with_vectorbt", dict.fromkeys(("W2", "W3", "W4"), _ARRAYS)),
)
