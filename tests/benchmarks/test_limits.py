import pytest

from benchmarks.limits import LoadFailed, parse_h2load, parse_wrk
from benchmarks.processes import Run

WRK_OUTPUT = """Running 2s test @ https://127.0.0.1:41227/prod/@connections/000000
  1 threads and 100 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.42ms  231.52us   6.83ms   91.42%
    Req/Sec    70.31k     3.44k   75.50k    80.00%
  139992 requests in 2.01s, 21.76MB read
Requests/sec:  69619.19
Transfer/sec:     10.82MB
"""

H2LOAD_OUTPUT = """finished in 567.31ms, 88134.21 req/s, 2.61MB/s
requests: 50000 total, 50000 started, 50000 done, 50000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 50000 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def test_requests_and_seconds_are_read_from_what_wrk_prints() -> None:
    """The time is the one that wrk reports, which may be a little longer than requested."""
    assert parse_wrk(WRK_OUTPUT) == (139992, 2.01)


@pytest.mark.parametrize(
    "complaint", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 1, write 0, timeout 0\n"]
)
def test_a_run_of_wrk_with_errors_is_no_limit(complaint: str) -> None:
    """An endpoint that refuses requests is faster than one that answers them."""
    with pytest.raises(LoadFailed):
        parse_wrk(WRK_OUTPUT + complaint)


def test_the_time_is_read_from_what_h2load_prints() -> None:
    """h2load chooses the unit."""
    assert parse_h2load(Run(stdout=H2LOAD_OUTPUT, stderr="", cpu=0.5, wall=0.6), 50000) == pytest.approx(0.56731)


def test_a_run_of_h2load_with_errors_is_no_limit() -> None:
    """h2load's exit status is 0 even then."""
    with pytest.raises(LoadFailed):
        parse_h2load(Run(stdout=H2LOAD_OUTPUT, stderr="", cpu=0.5, wall=0.6), 50001)
