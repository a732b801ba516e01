"""Templates that are meant to take the machine's memory, read by a process that has little."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

MEMORY = 600 * 1024 * 1024
SECONDS = 20
READ = """
import resource, sys
from pathlib import Path
from local_aws.cloudformation.documents import read
from local_aws.errors import TemplateError
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
try:
    read(Path(sys.argv[1]))
except TemplateError as exc:
    print("refused:", str(exc).replace("\\n", " ")[:300])
else:
    print("read")
"""


def laughs(width: int, levels: int, opening: str, closing: str) -> str:
    """Return aliases of aliases, `width` each, so many levels deep."""
    first = f"a0: &a0 {opening}{', '.join(['x: 1'] if opening == '{' else ['x'] * width)}{closing}\n"
    return first + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]\n" for level in range(1, levels + 1)
    )


RESOURCE = "Resources: {T: {Type: AWS::SNS::Topic}}\n"
HOSTILE = {
    "laughs of lists": laughs(10, 9, "[", "]") + RESOURCE,
    "laughs of maps": laughs(10, 9, "{", "}") + RESOURCE,
    "laughs by two": laughs(2, 60, "[", "]") + RESOURCE,
    "merged laughs": RESOURCE
    + "m0: &m0 {a: 1}\n"
    + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 12)),
    "deep lists": RESOURCE + "d: " + "[" * 400_000,
    "deep maps": RESOURCE + "d: " + "{a: " * 200_000,
    "deep by tags": RESOURCE + "d: " + "!Sub [" * 100_000,
    "deep json": '{"Resources": ' + '{"a": ' * 150_000,
    "deep by dashes": RESOURCE + "d:\n" + "- " * 300_000 + "x",
    "many anchors": RESOURCE + "".join(f"k{n}: &a{n} x\n" for n in range(60_000)),
    "many documents": "---\nResources: {}\n" * 40_000,
    "long key": RESOURCE + "? " + "k" * 900_000 + "\n: v\n",
    "large": RESOURCE + "#" * 1_100_000,
    "a number": RESOURCE + "n: " + "9" * 900_000,
    "base 60": RESOURCE + "n: 1" + ":59" * 200_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_template_takes_neither_memory_nor_time(tmp_path: Path, kind: str) -> None:
    """It is refused in one line, or is harmless."""
    path = tmp_path / "template.yaml"
    path.write_text(HOSTILE[kind], encoding="utf-8")
    if sys.platform == "darwin":
        pytest.skip("macOS does not hold a process to RLIMIT_AS")
    command = [sys.executable, "-c", READ, str(path), str(MEMORY)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.stdout.startswith(("refused: ", "read")), done.stderr[-2000:]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 * MEMORY / 1024
