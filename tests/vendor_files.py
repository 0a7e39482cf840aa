"""Small files as vendors write them: two bars each, from which tests make what they need."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "Yahoo": ("Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-03,2,4,2,3,1.5,20\n2024-01-02,1,3,1,2,1.1,10\n"),
    "Stooq": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "A.US,5,20240102,153500,1,3,1,2,10,0\n"
        "A.US,5,20240102,154000,2,4,2,3,20,0\n"
    ),
    "Stooq of days": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "A.US,D,20240102,000000,1,3,1,2,10,0\n"
        "A.US,D,20240103,000000,2,4,2,3,20,0\n"
    ),
    "Binance": (
        "1704067200000,1,3,1,2,10,1704067259999,20.5,3,4,8.2,0\n1704067260000,2,4,2,3,20,1704067319999,60.1,3,4,9.2,0\n"
    ),
    "Binance with names": (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count\n"
        "1704067200000000,1,3,1,2,10,1704067259999999,20,3\n"
        "1704067260000000,2,4,2,3,20,1704067319999999,60,3\n"
    ),
    "Dukascopy": (
        "Gmt time,Open,High,Low,Close,Volume\n01.02.2024 00:00:00.000,1,3,1,2,10\n01.02.2024 00:01:00.000,2,4,2,3,20\n"
    ),
    "Dukascopy in local time": (
        "Local time,Open,High,Low,Close,Volume\n"
        "01.02.2024 01:00:00.000 GMT+0100,1,3,1,2,10\n"
        "01.02.2024 01:01:00.000 GMT+0100,2,4,2,3,20\n"
    ),
    "MetaTrader 4": ("2024.01.02,09:30,1,3,1,2,10\n2024.01.02,09:31,2,4,2,3,20\n"),
    "MetaTrader 5": (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.02\t09:30:00\t1\t3\t1\t2\t7\t10\t2\n"
        "2024.01.02\t09:31:00\t2\t4\t2\t3\t7\t20\t2\n"
    ),
    "MetaTrader 5 of days": (
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.02\t1\t3\t1\t2\t7\t10\t2\n"
        "2024.01.03\t2\t4\t2\t3\t7\t20\t2\n"
    ),
    "Interactive Brokers": (
        "date,open,high,low,close,volume,average,barCount\n"
        "20240102  09:30:00,1,3,1,2,10,1.5,3\n"
        "20240102  09:31:00,2,4,2,3,20,2.5,3\n"
    ),
    "Interactive Brokers with zone": (
        "date,open,high,low,close,volume,average,barCount\n"
        "20240102 09:30:00 US/Eastern,1,3,1,2,10,1.5,3\n"
        "20240102 09:31:00 US/Eastern,2,4,2,3,20,2.5,3\n"
    ),
    "nobody's, without names": ("20240102 093000;1;3;1;2;10\n20240102 093100;2;4;2;3;20\n"),
    "a date and a time": (
        "Time,Date,Open,High,Low,Close,Volume\n09:30,2024-01-02,1,3,1,2,10\n09:31,2024-01-02,2,4,2,3,20\n"
    ),
}
