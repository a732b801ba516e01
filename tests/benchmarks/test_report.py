from collections import Counter
from xml.etree import ElementTree

import pytest

from benchmarks import sendmessage
from benchmarks.fanout import SDK_V3, Figures, scheme_section
from benchmarks.limits import WRK
from benchmarks.plot import bar_chart
from benchmarks.report import shuffled_rounds, summary, table


def test_a_summary_has_the_median_between_the_extremes() -> None:
    """The spread shows whether a difference is more than noise."""
    assert summary([30.0, 10.04, 1200.0]) == "30 (10 to 1200)"


def test_every_case_comes_once_a_round() -> None:
    """Each round is complete, in any order."""
    cases = list(shuffled_rounds(["a", "b", "c"], 4))
    assert all(Counter(cases[start : start + 3]) == Counter("abc") for start in range(0, 12, 3))


def test_a_table_has_a_line_for_each_row_under_its_head() -> None:
    """Figures are aligned to the right."""
    assert table(["client", "ms"], [["wrk", "1"]]) == ["| client | ms |", "| --- | --: |", "| wrk | 1 |"]


def test_clients_are_compared_with_the_limit_and_with_the_usual_way() -> None:
    """Both ratios are of median CPU times, and the cheapest client is first."""
    figures = {}
    for name, milliseconds in ((SDK_V3, [600.0, 700.0, 800.0]), ("ours", [20.0]), (WRK, [10.0])):
        figures["http", name] = each = Figures()
        for value in milliseconds:
            each.add([{"cpu": 2 * value / 1e3, "wall": value / 1e3}, {"cpu": value / 1e3, "wall": value / 1e3}], 1000)
    rows = scheme_section("http", figures)[4:7]
    assert rows[0].startswith(f"| {WRK} | 10 |")
    assert rows[1] == "| ours | 20 | 20 | 40 | 2.00 | 35.0 |"
    assert rows[2] == f"| {SDK_V3} | 700 (600 to 800) | 700 | 1400 | 70.00 | 1.0 |"


def test_a_chart_is_well_formed_and_its_bars_are_to_scale() -> None:
    """Names may have characters that XML reserves."""
    chart = ElementTree.fromstring(bar_chart("a < b", {"x & y": {"http": 50.0, "https": 100.0}}, unit="ms"))
    bars = [each.get("width", "") for each in chart.iter("{http://www.w3.org/2000/svg}rect")][-2:]
    assert float(bars[1]) == 2 * float(bars[0])


def test_reading_is_a_share_of_the_whole_message() -> None:
    """The rest is the cost of delivering and of the use case."""
    figures = {(1000, "ours"): sendmessage.Figures(cpu=[100.0], wall=[120.0], reading_cpu=[25.0])}
    assert sendmessage.section(1000, ["ours"], figures)[4] == "| ours | 100 | 120 | 25 | 25% |"


@pytest.mark.parametrize(("recipients", "passes"), [(10, (4, 50)), (100, (4, 5)), (1_000, (2, 1)), (10_000, (1, 1))])
def test_every_room_has_warmed_its_process_before_the_last_pass(recipients: int, passes: tuple[int, int]) -> None:
    """For a large room, the one event before the passes is enough."""
    assert sendmessage.passes_for(recipients, 2_000) == passes
