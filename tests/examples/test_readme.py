"""The examples of the README, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_embedding_example_delivers_its_message() -> None:
    """It is the first code that an embedder copies."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, cwd=REPOSITORY / "src"
    )
    assert (done.stdout, done.stderr) == ("to ada: live long\n", "")
