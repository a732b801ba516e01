"""The peers on AWS SDK v3 in Node, which is installed for the benchmarks alone."""

import shutil
import subprocess
from pathlib import Path

PEER = Path(__file__).parent / "peers" / "node-sdk"


def missing() -> str | None:
    """Install the peers' packages if necessary; return why they cannot be measured here, or None if they can."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "Node is not installed"
    if not (PEER / "node_modules").is_dir():
        install = subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=PEER, check=False)
        if install.returncode:
            return "npm ci failed"
    return None


def command(script: str) -> list[str]:
    """Return the command that runs a script of the peers."""
    return ["node", str(PEER / script)]
