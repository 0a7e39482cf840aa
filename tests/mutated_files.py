"""Files that were damaged on the way, loaded one after the other in a process that may be ended by one of them.

The process says the number of each file before it loads it. A file on which it computes for more than two seconds ends
it, by a signal; what else is wrong with one is a line that names it.
"""

import io
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: a file is the same each time
from typing import Final

import polars as pl

from core.bars import Bars
from core.data.load import load
from core.data.reading import Reading
from core.errors import InputError
from tests.vendor_files import TEXTS

SECONDS: Final = 2
MOST_KILOBYTES: Final = 1_000_000
_ADDRESS_SPACE: Final = 4 * 10**9
_ROWS: Final = 12
_ENDINGS: Final = {"text": "csv", "parquet": "parquet", "arrow": "arrow"}
_PIECES: Final = (
    b",",
    b";",
    b"\t",
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"-",
    b"e9",
    b"NaN",
    b"Z",
    b"+01:00",
    b"2024-01-02",
)
_READINGS: Final = (
    Reading(),
    Reading(zone="America/New_York", drop_empty=True),
    Reading(sort=True, repair=True),
)


def main() -> None:
    """Load the files of one kind from one number to another: `KIND FIRST COUNT FOLDER`."""
    kind, first, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    for number in range(first, first + count):
        file = folder / f"{first}.{_ENDINGS[kind]}"
        file.write_bytes(mutated(kind, number))
        _say(f"{number}")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of the time that is computed, on however slow a machine
        wrong = what_is_wrong(file, _READINGS[number % len(_READINGS)])
        signal.setitimer(signal.ITIMER_PROF, 0)
        if wrong:
            _say(f"{number}: {wrong}")
    _say("done")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def what_is_wrong(file: Path, reading: Reading) -> str:
    """Load a file, and say what is wrong with what came of it; nothing where it is sound bars, or one line of error."""
    try:
        loaded = load([file], reading)
    except InputError as error:
        line = str(error)
        told = line.removeprefix(f"{file}:")
        return "" if told != line and line.isprintable() and "panicked" not in line and "unwrap" not in line else line
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is wrong
        return f"raised {type(error).__name__}: {error}"
    if not loaded or not all(map(_is_sound, loaded)):
        return "bars that are none"
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"took {used:,} kB" if used > MOST_KILOBYTES else ""


def _is_sound(bars: Bars) -> bool:
    rows = bars.frame.rows()
    rises = all(one[0] < other[0] for one, other in pairwise(rows))
    holds = all(0 < low <= min(opened, close) <= max(opened, close) <= high for _, opened, high, low, close, _ in rows)
    return bool(rows) and rises and holds and all(volume is None or volume >= 0 for *_, volume in rows)


def mutated(kind: str, number: int) -> bytes:
    """Return a file of a kind that was damaged in one to four places; the number says how.

    Of files that are no text, every other one is the first seed with one bit flipped, at one place after the other: the
    bit that is the sign of a count.
    """
    draw = Random(number)  # noqa: S311 - no secret
    seeds = _seeds(kind)
    if kind != "text" and number % 2 == 0:
        place = number // 2 % len(seeds[0])
        return seeds[0][:place] + bytes([seeds[0][place] ^ 1]) + seeds[0][place + 1 :]
    content = bytearray(draw.choice(seeds))
    for _ in range(draw.choice((1, 1, 2, 4))):
        _damage(content, draw, seeds)
    return bytes(content)


def _damage(content: bytearray, draw: Random, seeds: Sequence[bytes]) -> None:
    """Flip a byte, cut some out, or put some in: of the file itself, of another, or what means something in a text."""
    place = draw.randrange(len(content) + 1)
    match draw.randrange(6):
        case 0 if place < len(content):
            content[place] ^= 1 << draw.randrange(8)
        case 1 if place < len(content):
            content[place] = draw.randrange(256)
        case 2:
            del content[place : place + draw.randrange(1, 20)]
        case 3:
            del content[place:]
        case 4:
            content[place:place] = draw.choice(_PIECES)
        case _:
            other = draw.choice(seeds)
            start = draw.randrange(len(other))
            content[place : place + draw.choice((0, 0, 8))] = other[start : start + draw.randrange(1, 60)]


@cache
def _seeds(kind: str) -> Sequence[bytes]:
    """Return the sound files of which damaged ones are made."""
    if kind == "text":
        sample = Path(__file__).parents[1] / "sample_data" / "split" / "AAPL.csv"
        comma = "time;open;high;low;close\n2024-01-02 09:30Z;1,5;3;1;2,25\n2024-01-02 09:31Z;1,5;3;1;2,25\n"
        return (sample.read_bytes(), comma.encode(), *(text.encode() for text in TEXTS.values()))
    files = []
    for columns in _frames():
        for compression in ("uncompressed", "zstd") if kind == "arrow" else ("uncompressed", "zstd", "snappy"):
            file = io.BytesIO()
            frame = pl.DataFrame(columns)
            if kind == "arrow":
                frame.write_ipc(file, compression=compression)
            else:
                frame.write_parquet(file, compression=compression)
            files.append(file.getvalue())
    return files


def _frames() -> Sequence[Mapping[str, pl.Series]]:
    count = range(_ROWS)
    days = pl.Series([datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in count])
    prices = {"open": 1.5, "high": 3.25, "low": 1.0, "close": 2.0}
    floats = {name: pl.Series([price + row for row in count]) for name, price in prices.items()}
    volume = {"volume": pl.Series([None, *count][:_ROWS])}
    symbols = {"symbol": pl.Series(["A", "B"] * (_ROWS // 2))}
    texts = {name: column.cast(pl.String) for name, column in {"time": days.dt.date(), **floats, **volume}.items()}
    decimals = {name: column.cast(pl.Decimal(18, 2)) for name, column in floats.items()}
    return (
        {"time": days, **floats, **volume, **symbols},
        {"time": days.dt.convert_time_zone("America/New_York"), **floats},
        {"time": days.dt.date(), **decimals, "symbol": symbols["symbol"].cast(pl.Categorical)},
        {"time": days.dt.epoch("ms"), **{name: column.cast(pl.Float32) for name, column in floats.items()}},
        texts,
    )


if __name__ == "__main__":
    main()
