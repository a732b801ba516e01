"""The Velocity template language, run within limits: a template may come from a stranger, as code from a sample does.

`airspeed` parses a template and walks it. By itself it evaluates `$text.__class__` like any other attribute, bounds
neither time nor memory, and differs from the service's Velocity 1.7 in conditions, in loops over maps and in quotes. So
this module loads a copy of `airspeed` for itself alone, and replaces classes of that copy by subclasses. Two arguments
that `airspeed` hands to all its elements carry the budgets: `filename` that of parsing, `loader` that of a rendering.

Sources: Velocity 1.7 User Guide and VTL Reference; "Amazon API Gateway quotas" for 1,000 iterations of a loop.
"""

import importlib.util
from functools import cache
from typing import Any

from local_aws.api_gateway.velocity_values import (
    OPERATORS,
    Budget,
    VelocityError,
    as_key,
    as_text,
    call_method,
    is_true,
)

PARSING_STEPS = 500_000
"""Attempts to read an element, about ten for each reference of a template; half a million take about a second."""
ITERATIONS = 1000
"""Of a loop; the service's quota."""

_REFUSED = ("Evaluate", "Include", "Parse")


class Velocity:
    """A compiled template."""

    def __init__(self, text: str) -> None:
        """Compile a template.

        Raises:
            VelocityError: It is not valid, takes too long to parse or has a directive that API Gateway does not run.

        """
        self._engine = _engine()
        try:
            self._template = self._engine.TemplateBody(Budget(steps=PARSING_STEPS), text)
        except VelocityError:
            raise
        except (self._engine.TemplateError, self._engine.NoMatch, RecursionError, ValueError) as exc:
            raise VelocityError(f"not a mapping template: {exc or type(exc).__name__}") from exc

    def render(self, variables: dict[str, Any], budget: Budget) -> str:
        """Return the text that a template makes of its variables. It may change them, and values inside them.

        Raises:
            VelocityError: It uses what is not known here, or exceeds the budget.

        """
        stream = self._engine.StoppableStream()
        try:
            self._template.evaluate(stream, variables, budget)
        except VelocityError:
            raise
        except Exception as exc:
            # The engine raises bare `Exception` for a macro that does not exist, for example.
            raise VelocityError(f"{type(exc).__name__}: {exc}"[:500]) from exc
        text: str = stream.getvalue()
        return text


@cache
def _engine() -> Any:
    """Load the copy of `airspeed` and replace its classes. Only stacks with mock integrations import it."""
    found = importlib.util.find_spec("airspeed")
    assert found is not None  # noqa: S101  a dependency
    assert found.loader is not None  # noqa: S101
    engine = importlib.util.module_from_spec(found)
    found.loader.exec_module(engine)
    _count_steps(engine)
    _replace_literals(engine)
    _replace_references(engine)
    _replace_expressions(engine)
    _replace_directives(engine)
    return engine


def _count_steps(engine: Any) -> None:
    """Count each element that is parsed or evaluated, and each value that is calculated."""
    base, value = engine._Element, engine.Value  # noqa: SLF001
    parse, calculate = base.__init__, value.calculate

    def counted_parse(self: Any, budget: Budget, text: str, start: int = 0) -> None:
        budget.step()
        parse(self, budget, text, start)

    def counted_evaluate(self: Any, stream: Any, namespace: Any, budget: Budget) -> Any:
        budget.step()
        return self.evaluate_raw(stream, namespace, budget)

    def counted_calculate(self: Any, namespace: Any, budget: Budget) -> Any:
        budget.step()
        return calculate(self, namespace, budget)

    base.__init__, base.evaluate, value.calculate = counted_parse, counted_evaluate, counted_calculate

    def write(self: Any, stream: Any, namespace: Any, budget: Budget) -> None:  # noqa: ARG001
        stream.write(budget.charge(self.text))

    engine.Text.evaluate_raw = engine.FallthroughHashText.evaluate_raw = write


def _replace_literals(engine: Any) -> None:
    """Read strings as Velocity does: a quote is written twice, and a backslash is a character like others."""
    re = engine.re

    def parse(self: Any) -> None:
        (raw,) = self.identity_match(self.STRING)
        self.value = raw.replace(self.QUOTE * 2, self.QUOTE)

    engine.StringLiteral.parse = parse
    engine.StringLiteral.QUOTE, engine.InterpolatedStringLiteral.QUOTE = "'", '"'
    engine.StringLiteral.STRING = re.compile(r"'((?:[^']|'')*)'")
    engine.InterpolatedStringLiteral.STRING = re.compile(r'"((?:[^"]|"")*)"')

    class Range(engine.Range):  # type: ignore[misc]
        def calculate(self, namespace: Any, budget: Budget) -> Any:
            numbers = super().calculate(namespace, budget)
            budget.charge(numbers)
            return list(numbers)

    class DictionaryLiteral(engine.DictionaryLiteral):  # type: ignore[misc]
        def calculate(self, namespace: Any, budget: Budget) -> Any:
            found = super().calculate(namespace, budget)
            return {as_key(key): value for key, value in found.items()}

    engine.Range, engine.DictionaryLiteral = Range, DictionaryLiteral


def _replace_references(engine: Any) -> None:
    """Look names up in maps and in the table of methods, never among the attributes of a Python object."""

    class NameOrCall(engine.NameOrCall):  # type: ignore[misc]
        # Velocity's names have hyphens.
        NAME = engine.re.compile(r"([_a-z][a-z0-9_-]*)", engine.re.IGNORECASE)

        def calculate(self, current: Any, budget: Budget, top: Any) -> Any:
            budget.step()
            arguments = None if self.parameters is None else self.parameters.calculate(top, budget)
            found = self._found(current, arguments, budget, top)
            return found if self.index is None else _at(found, self.index.calculate(top, budget))

        def _found(self, current: Any, arguments: list[Any] | None, budget: Budget, top: Any) -> Any:
            if arguments is not None and not isinstance(current, engine.LocalNamespace):
                return call_method(current, self.name, arguments, budget)
            try:
                found = current[self.name] if isinstance(current, dict) else None
            except KeyError:
                return None
            if isinstance(found, engine._FunctionDefinition):  # noqa: SLF001
                stream = engine.StoppableStream()
                found.execute_function(stream, top, arguments or [], budget)
                return stream.getvalue()
            return found

    class SubExpression(engine.SubExpression):  # type: ignore[misc]
        def calculate(self, current: Any, budget: Budget, top: Any) -> Any:
            if not isinstance(self.expression, engine.ArrayIndex):
                return self.expression.calculate(current, budget, top)
            found = _at(current, self.expression.calculate(top, budget))
            return self.subexpression.calculate(found, budget, top) if self.subexpression else found

    class FormalReference(engine.FormalReference):  # type: ignore[misc]
        def evaluate_raw(self, stream: Any, namespace: Any, budget: Budget) -> None:
            if self.expression is None:
                stream.write(budget.charge(self.my_text()))
                return
            value = self.expression.calculate(namespace, budget)
            if value is None and self.alternate is not None:
                value = self.alternate.calculate(namespace, budget)
            stream.write(as_text(value, budget))

    engine.NameOrCall, engine.SubExpression, engine.FormalReference = NameOrCall, SubExpression, FormalReference


def _at(found: Any, index: Any) -> Any:
    """Return an element of a list or map; None if it has no such element."""
    if isinstance(found, dict):
        return found.get(as_key(index))
    is_index = isinstance(found, list) and isinstance(index, int) and -len(found) <= index < len(found)
    return found[index] if is_index else None


def _replace_expressions(engine: Any) -> None:
    """Apply operators as Velocity does, each within the budget."""

    class BinaryOperator(engine.BinaryOperator):  # type: ignore[misc]
        def parse(self) -> None:
            (self.symbol,) = self.identity_match(self.BINARY_OP)
            if self.symbol not in OPERATORS:
                raise engine.NoMatch
            self.precedence = self.PRECEDENCE[self.symbol]

    class Expression(engine.Expression):  # type: ignore[misc]
        def calculate(self, namespace: Any, budget: Budget) -> Any:
            value, _ = self._from(0, 100, namespace, budget)
            return value

        def _from(self, at: int, loosest: int, namespace: Any, budget: Budget) -> tuple[Any, int]:
            """Return the value of the operand at a position with the operators after it, and the next position.

            A lower `precedence` binds more tightly; operators looser than `loosest` are left to the caller.
            """
            left, at = self.expression[at].calculate(namespace, budget), at + 1
            while at < len(self.expression) and self.expression[at].precedence <= loosest:
                operator = self.expression[at]
                # `#if($a && $a.size() > 0)` must not call a method of null.
                if operator.symbol in {"&&", "and"} and not is_true(left):
                    left, at = False, self._after(at, operator.precedence)
                elif operator.symbol in {"||", "or"} and is_true(left):
                    left, at = True, self._after(at, operator.precedence)
                else:
                    right, at = self._from(at + 1, operator.precedence - 1, namespace, budget)
                    left = OPERATORS[operator.symbol](left, right, budget)
            return left, at

        def _after(self, at: int, precedence: int) -> int:
            """Return the position after the right operand of the operator at a position."""
            at += 2
            while at < len(self.expression) and self.expression[at].precedence < precedence:
                at += 2
            return at

    class UnaryOperatorValue(engine.UnaryOperatorValue):  # type: ignore[misc]
        def calculate(self, namespace: Any, budget: Budget) -> bool:
            return not is_true(self.value.calculate(namespace, budget))

    class Condition(engine.Condition):  # type: ignore[misc]
        def parse(self) -> None:
            super().parse()
            expression: Any = self.calculate
            self.calculate: Any = lambda namespace, budget: is_true(expression(namespace, budget))

    engine.BinaryOperator, engine.Expression = BinaryOperator, Expression
    engine.UnaryOperatorValue, engine.Condition = UnaryOperatorValue, Condition


class _Break(Exception):
    """Leaves the innermost loop."""


def _replace_directives(engine: Any) -> None:
    """Bound loops, add `#break`, and refuse the directives that read or run other templates."""

    class Foreach(engine.ForeachDirective):  # type: ignore[misc]
        def evaluate_raw(self, stream: Any, namespace: Any, budget: Budget) -> None:
            items = self.value.calculate(namespace, budget)
            items = list(items.values()) if isinstance(items, dict) else items
            if not isinstance(items, list):
                return
            if len(items) > ITERATIONS:
                raise VelocityError(f"a loop over {len(items):,} items; API Gateway allows {ITERATIONS:,} iterations")
            try:
                for index, item in enumerate(list(items)):
                    scope = engine.LocalNamespace(namespace)
                    scope |= _loop_variables(index, len(items))
                    scope[self.loop_var_name] = item
                    self.block.evaluate(stream, scope, budget)
            except _Break:
                return

    class Break(engine._Element):  # type: ignore[misc]  # noqa: SLF001
        START = engine.re.compile(r"#(?:break\b|\{break\})")

        def parse(self) -> None:
            self.identity_match(self.START)

        def evaluate_raw(self, stream: Any, namespace: Any, budget: Budget) -> None:  # noqa: ARG002
            raise _Break

    engine.ForeachDirective = Foreach
    engine.UserDefinedDirective.DIRECTIVES = [Break]
    for name in _REFUSED:
        directive = getattr(engine, f"{name}Directive")
        directive.parse = _refuse(directive.START, name.lower())


def _loop_variables(index: int, length: int) -> dict[str, Any]:
    more = index + 1 < length
    state = {"index": index, "count": index + 1, "hasNext": more, "first": index == 0, "last": not more}
    return {"foreach": state, "velocityCount": index + 1, "velocityHasNext": more}


def _refuse(start: Any, name: str) -> Any:
    def parse(self: Any) -> None:
        self.identity_match(start)
        raise VelocityError(f"#{name} is not available in mapping templates")

    return parse
