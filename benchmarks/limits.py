"""wrk and h2load: the highest possible speed of posts of the same size, from one core to another."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.processes import Run, run_fresh
from benchmarks.target import PAYLOAD

WRK = "limit: wrk"
H2LOAD = "limit: h2load"


class LoadFailed(Exception):
    """Some requests of the load did not succeed."""


def wrk(url: str, headers: Mapping[str, str], environment: Mapping[str, str], *, seconds: float) -> dict[str, float]:
    """Post over 100 connections, one request in each write; return the CPU and wall time of one post, in seconds."""
    script = ['wrk.method = "POST"', f'wrk.body = "{PAYLOAD}"']
    script += [f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(script))
        file.flush()
        # wrk accepts whole seconds only.
        command = ["wrk", "-t1", "-c100", f"-d{max(1, round(seconds))}s", "-s", file.name, url]
        run = run_fresh(command, environment=environment)
    requests, took = parse_wrk(run.stdout)
    return {"cpu": run.cpu / requests, "wall": took / requests}


def parse_wrk(output: str) -> tuple[int, float]:
    """Return the number of requests that were answered, and the seconds that this took.

    Raises:
        LoadFailed: some requests had an error or no answer, or the output is not wrk's.

    """
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)\b", output)
    if not found or "Non-2xx" in output or "Socket errors" in output:
        raise LoadFailed(output)
    return int(found[1]), float(found[2]) * {"ms": 0.001, "s": 1, "m": 60}[found[3]]


def h2load(url: str, headers: Mapping[str, str], environment: Mapping[str, str], *, posts: int) -> dict[str, float]:
    """Post over one HTTP/2 connection, 128 streams at once; return the figures of one post, as `wrk` does."""
    with tempfile.TemporaryDirectory() as directory:
        body = Path(directory, "body")
        body.write_text(PAYLOAD)
        lines = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        command = ["h2load", "-n", str(posts), "-c", "1", "-m", "128", "-d", str(body), *lines, url]
        run = run_fresh(command, environment=environment)
    return {"cpu": run.cpu / posts, "wall": parse_h2load(run, posts) / posts}


def parse_h2load(run: Run, posts: int) -> float:
    """Return the seconds until all posts were answered.

    Raises:
        LoadFailed: some posts did not succeed, or the output is not h2load's.

    """
    found = re.search(r"finished in ([\d.]+)(us|ms|s)\b", run.stdout)
    if not found or f"{posts} 2xx" not in run.stdout:
        raise LoadFailed(run.stdout)
    return float(found[1]) * {"us": 1e-6, "ms": 0.001, "s": 1}[found[2]]


def installed(program: str) -> bool:
    """Return whether the program is installed."""
    return shutil.which(program) is not None


def _lua(text: str) -> str:
    return f"[==[{text}]==]"
