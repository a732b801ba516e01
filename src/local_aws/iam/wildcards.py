"""The wildcards `*` and `?` of IAM's policies. Pure."""

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Compile `*` (any number of characters) and `?` (one character), for use with `fullmatch`.

    Each fixed part is matched at its first occurrence, without backtracking, which a glob never needs. With
    backtracking, a pattern of many stars could take practically for ever.
    """
    first, *others = [re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", pattern)]
    middle = "".join(f"(?>.*?{part})" for part in others[:-1])
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(first + middle + (f".*{others[-1]}" if others else ""), flags)
