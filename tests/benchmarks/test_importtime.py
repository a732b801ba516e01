from benchmarks.importtime import by_package, parse

OUTPUT = """import time: self [us] | cumulative | imported package
import time:       186 |        186 |   json.scanner
import time:       340 |       2035 |   json.decoder
import time:       999 |       9990 | botocore.utils
a warning of somebody's
import time:       400 |       2700 | json
"""


def test_modules_are_summed_up_by_package_without_what_they_import() -> None:
    """Cumulative figures would count a module again in every module that imports it."""
    assert by_package(parse(OUTPUT)) == {"botocore": (999, 1), "json": (926, 3)}
