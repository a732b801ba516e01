"""`*` and `?` as IAM's policies have them: pure."""

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Compile `*` (any characters, none included) and `?` (any one), to be used with `fullmatch`.

    Each fixed part is found where it comes first and not sought again further on, which a glob never needs: without
    that, a pattern of many stars could take as good as for ever.
    """
    first, *others = [re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", pattern)]
    middle = "".join(f"(?>.*?{part})" for part in others[:-1])
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(first + middle + (f".*{others[-1]}" if others else ""), flags)
