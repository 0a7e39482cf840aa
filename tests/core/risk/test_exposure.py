"""What positions are worth and risk together."""

from decimal import Decimal

import pytest

from core.risk.exposure import drawdown, drawdown_ratio, gross_exposure, leverage, total


def numbers(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("values", "net", "gross"),
    [
        pytest.param((), "0", "0", id="nothing"),
        pytest.param(("0.1", "0.2"), "0.3", "0.3", id="longs"),
        pytest.param(("300", "-100.25"), "199.75", "400.25", id="a long and a short"),
        pytest.param(("-5", "-7"), "-12", "12", id="shorts"),
    ],
)
def test_net_is_the_sum_and_gross_the_sum_of_what_each_amounts_to(
    values: tuple[str, ...], net: str, gross: str
) -> None:
    assert total(numbers(*values)) == Decimal(net)
    assert gross_exposure(numbers(*values)) == Decimal(gross)


@pytest.mark.parametrize(
    ("gross", "equity", "ratio"),
    [
        ("400", "1000", "0.4"),
        ("2", "3", "0.666666666667"),
        ("0", "1000", "0"),
        ("400", "0", None),
        ("400", "-1", None),
    ],
)
def test_leverage_is_gross_exposure_over_equity_above_zero(gross: str, equity: str, ratio: str | None) -> None:
    expected = None if ratio is None else Decimal(ratio)
    assert leverage(Decimal(gross), Decimal(equity)) == expected


@pytest.mark.parametrize(
    ("peak", "equity", "money", "ratio"),
    [
        pytest.param("1250", "1000", "250", "0.2", id="below the peak"),  # 250 / 1250
        pytest.param("1000", "1000", "0", "0", id="at the peak"),
        pytest.param("1000", "1100", "0", "0", id="above the last peak"),
        pytest.param("1000", "-500", "1500", "1.5", id="more than all is lost"),  # 1500 / 1000
        pytest.param("0", "-500", "500", "0", id="a peak of zero has no ratio"),
        pytest.param("-10", "-500", "490", "0", id="a peak below zero has no ratio"),
    ],
)
def test_drawdown_is_peak_less_equity_and_never_below_zero(peak: str, equity: str, money: str, ratio: str) -> None:
    assert drawdown(Decimal(peak), Decimal(equity)) == Decimal(money)
    assert drawdown_ratio(Decimal(peak), Decimal(equity)) == Decimal(ratio)
