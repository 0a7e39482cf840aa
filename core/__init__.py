"""Fillstep's core: exact books, an order-only broker, and a backtest that one can step through."""

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import Bar, Bars
from core.data.load import load
from core.data.reading import DateOrder, Reading
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission, Slippage
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits
from core.fill import Fill
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, OrderType, Side, TimeInForce, TrackedOrder
from core.position import Position
from core.protocols import PortfolioStateProtocol, PortfolioView
from core.reason import Code, Reason
from core.replay.timeline import Timeline
from core.risk.portfolio import PortfolioState

__all__ = [
    "BUY",
    "SELL",
    "Backtest",
    "BacktestBroker",
    "Bar",
    "Bars",
    "CashRule",
    "Code",
    "Commission",
    "DateOrder",
    "ExecutionEngine",
    "Fill",
    "Instrument",
    "LimitRule",
    "Limits",
    "MarketSimulator",
    "Now",
    "Order",
    "OrderStatus",
    "OrderType",
    "PathRule",
    "PortfolioState",
    "PortfolioStateProtocol",
    "PortfolioView",
    "Position",
    "Reading",
    "Reason",
    "Settings",
    "Side",
    "Slippage",
    "Strategy",
    "TimeInForce",
    "Timeline",
    "Timing",
    "TrackedOrder",
    "load",
]
