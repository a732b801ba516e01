"""Every interleaving of some processes: coroutines that share ports, each call of which is a step.

No event loop: a process runs until its next call of a port, where it waits until it is chosen. So it can die, or be
overtaken, between any two calls. A state that was met before, by another order of the same steps, is not gone through
again.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol


class Gate:
    """Where a process waits until it is chosen."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __await__(self) -> Generator["Gate", Any, Any]:
        return (yield self)


class Cancelled(BaseException):
    """Raised in a task that is cancelled."""


class Task(Awaitable[Any]):
    """A coroutine of a process, which another may wait for."""

    def __init__(self, process: "Process", coroutine: Coroutine[Any, Any, Any]) -> None:
        self.coroutine = coroutine
        self.process = process
        self.waits_for: Gate | Task | None = None
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def __await__(self) -> Generator["Task", Any, Any]:
        while not self.done:
            yield self
        if self.error is not None:
            raise self.error
        return self.result

    def cancel(self) -> None:
        """Stop it where it waits."""
        if not self.done:
            self.run(Cancelled())

    def run(self, error: BaseException | None = None) -> None:
        """Run until the next gate, or until another task has to end first."""
        if self.done:
            return
        try:
            self.waits_for = self.coroutine.throw(error) if error else self.coroutine.send(None)
        except StopIteration as stop:
            self.done, self.result = True, stop.value
        except BaseException as exc:  # noqa: BLE001 - whoever awaits it raises it
            self.done, self.error = True, exc


@dataclass
class Process:
    """One process: its tasks, and all that it has seen."""

    name: str
    tasks: list[Task] = field(default_factory=list)
    seen: int = 0
    """A hash of all answers that it had: with the ports' state, it says all about the process."""
    dead: bool = False

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Task:
        """Start a task of this process: what `StartTask` is to the core."""
        task = Task(self, coroutine)
        self.tasks.append(task)
        task.run()
        return task

    @property
    def ended(self) -> bool:
        """Whether nothing of it will ever run."""
        return self.dead or all(each.done for each in self.tasks)

    def waiting(self) -> Iterator[tuple[int, str]]:
        """Yield the tasks that wait at a gate: the number and the label."""
        if not self.dead:
            for number, task in enumerate(self.tasks):
                if not task.done and isinstance(task.waits_for, Gate):
                    yield number, task.waits_for.label

    def step(self, number: int) -> None:
        """Let a task make its call, and then everything run that needs no call."""
        self.tasks[number].run()
        moved = True
        while moved:
            moved = False
            for task in self.tasks:
                if not task.done and isinstance(task.waits_for, Task) and task.waits_for.done:
                    task.run()
                    moved = True

    def saw(self, answer: object) -> None:
        """Take note of an answer."""
        self.seen = hash((self.seen, repr(answer)))


class Steps:
    """An object whose awaited methods are steps of a process, or do not count as such."""

    def __init__(
        self, process: Process, port: Any, *, quiet: Callable[[str, dict[str, Any]], bool] | None = None
    ) -> None:
        self._process = process
        self._port = port
        self._quiet = quiet

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **more: Any) -> Any:
            if inspect.isasyncgenfunction(method):
                return self._iterate(name, method(*args, **more), more)
            return self._call(name, method, args, more)

        return call

    async def _call(
        self, name: str, method: Callable[..., Awaitable[Any]], args: tuple[Any, ...], more: dict[str, Any]
    ) -> Any:
        if self._quiet is None or not self._quiet(name, more):
            await Gate(name)
        result = await method(*args, **more)
        self._process.saw((name, result))
        return result

    async def _iterate(self, name: str, answer: Any, more: dict[str, Any]) -> Any:
        if self._quiet is None or not self._quiet(name, more):
            await Gate(name)
        async for each in answer:
            self._process.saw((name, each))
            yield each


class World(Protocol):
    """What is searched: the ports, and the processes."""

    def choices(self) -> list[Hashable]:
        """Return what can happen next. Empty at an end."""
        ...

    def choose(self, choice: Any) -> None:
        """Let it happen."""

    def key(self) -> Hashable:
        """Return what tells two states apart."""
        ...

    def check(self) -> None:
        """Raise `AssertionError` if something is wrong already."""

    def check_end(self) -> None:
        """Raise `AssertionError` if something is wrong at an end."""


@dataclass
class Searched:
    """How far a search went."""

    states: int = 0
    ends: int = 0


def search(make: Callable[[], World], *, most: int | None = None) -> Searched:
    """Go through every state that can be reached; raise `AssertionError` with the way to the first that is wrong.

    Args:
        make: Returns the world at its beginning, always the same.
        most: After how many states to give up; None for never.

    """
    searched = Searched()
    met: set[Hashable] = set()
    paths: list[list[Any]] = [[]]
    while paths:
        path = paths.pop()
        world = make()
        for choice in path:
            world.choose(choice)
        while True:
            key = hash(world.key())
            if key in met:
                break
            met.add(key)
            searched.states += 1
            choices = world.choices()
            try:
                world.check()
                if not choices:
                    world.check_end()
            except AssertionError as exc:
                raise AssertionError(f"{exc}, by {path}") from exc
            if not choices:
                searched.ends += 1
                break
            if most is not None and searched.states >= most:
                return searched
            paths += [[*path, each] for each in choices[1:]]
            path = [*path, choices[0]]
            world.choose(choices[0])
    return searched


def walk(make: Callable[[], World], choose: Callable[[list[Any]], Any]) -> list[Any]:
    """Go one way to its end; return it. Raise `AssertionError` if something is wrong on it."""
    world, path = make(), []
    while choices := world.choices():
        choice = choose(choices)
        path.append(choice)
        world.choose(choice)
        try:
            world.check()
        except AssertionError as exc:
            raise AssertionError(f"{exc}, by {path}") from exc
    try:
        world.check_end()
    except AssertionError as exc:
        raise AssertionError(f"{exc}, by {path}") from exc
    return path
