import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks import package


@pytest.mark.parametrize("bytecode", [True, False])
def test_a_package_holds_what_the_functions_import_and_nothing_else(tmp_path: Path, *, bytecode: bool) -> None:
    """The figures are those of the files on Lambda, with or without their bytecode."""
    files = tmp_path / "package"
    package.build(files, bytecode=bytecode)
    script = (
        "import json, importlib.util, pynamodb, chat_core;"
        "print(json.dumps([pynamodb.__cached__, importlib.util.find_spec('pytest') is None]))"
    )
    ended = subprocess.run(
        [package.empty_interpreter(tmp_path / "interpreter"), "-B", "-c", script],
        env=os.environ | {"PYTHONPATH": str(files)},
        capture_output=True,
        text=True,
        check=True,
    )
    cached, alone = json.loads(ended.stdout)
    assert Path(cached).exists() is bytecode
    assert alone


def test_a_requirement_is_found_by_its_normalised_name() -> None:
    """Extras, versions and markers are not part of the name."""
    assert package.requirement_name('Aio_Boto.core[x]>=2; python_version > "3"') == "aio-boto-core"
