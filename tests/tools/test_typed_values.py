"""Values typed after `make deploy`, or into the form of the workflow, are never executed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tools.artifact.build import REPOSITORY

HOSTILE = [
    "$(shell touch pwned)",
    "${shell touch pwned}",
    ")$(shell touch pwned)(",
    "$$(touch pwned)",
    "$(touch pwned)",
    "`touch pwned`",
    "StageName=dev; touch pwned",
    "StageName=dev & touch pwned",
    "StageName=dev | touch pwned",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "a\ntouch pwned",
    "a\n\ttouch pwned",
    "a\\\ntouch pwned",
    "> pwned",
    "#",
    "\\",
    "$",
]
VARIABLES = ["STACK", "REGION", "PROFILE", "PARAMS", "YES", "ARCH", "ADAPTERS", "PYTHON"]
URL = "https://issuer.example/keys?a=1&b=2"

PYTHON = r"""#!/bin/sh
printf '%s\0' "$@" >>runs
printf '\n\0' >>runs
"""
"""Replaces `.venv/bin/python`, and records its arguments."""

DEPLOYER = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
from tools.deploy import aws
from tools.deploy.__main__ import main
aws.OWN = Path("aws").absolute()
sys.exit(main([*sys.argv[3:], "--built", "build"]))
"""
"""Runs `tools.deploy` with the program below in place of AWS's command line."""

AWS = f"""#!{sys.executable}
import json, sys
with open("calls", "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
words = sys.argv[1:]
match words[1]:
    case "get-caller-identity":
        print(json.dumps({{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}}))
    case "describe-stacks":
        sys.exit("Stack with id chat does not exist")
    case "package":
        with open(words[words.index("--output-template-file") + 1], "w") as packaged:
            packaged.write("Resources: {{}}")
    case "get-template-summary":
        names = ("JwksUrl", "StageName", "TokenIssuer")
        print(json.dumps({{"Parameters": [{{"ParameterKey": each}} for each in names]}}))
    case "create-change-set":
        sys.exit("that is far enough")
"""
"""AWS's command line up to the first change of a deploy."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the Makefile and everything that `make deploy` depends on."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for each in ("pyproject.toml", "requirements/dev.txt", "build/infrastructure/template.yaml", ".venv/installed"):
        path = tmp_path / each
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    for path, text in ((tmp_path / ".venv" / "bin" / "python", PYTHON), (tmp_path / "aws", AWS)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `make`, which finds `aws` in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", *VARIABLES))}
    variables = kept | {"PATH": f"{folder}:{os.environ['PATH']}", "AWS_REGION": "eu-west-1"} | dict(environment or {})
    return subprocess.run(
        ["make", *words], cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def runs(folder: Path) -> list[list[str]]:
    """Return the arguments of each run of Python, and delete the record."""
    path = folder / "runs"
    *words, _end = path.read_text(encoding="utf-8").split("\0")
    path.unlink()
    found: list[list[str]] = [[]]
    for word in words:
        if word == "\n":
            found.append([])
        else:
            found[-1].append(word)
    return found[:-1]


def deploy(folder: Path, **typed: str) -> subprocess.CompletedProcess[str]:
    """Do what `make deploy` with these variables does, without the build."""
    make(folder, "deploy", *(f"{name}={value}" for name, value in typed.items()))
    words = runs(folder)[-1]
    environment = os.environ | {"AWS_REGION": "eu-west-1"}
    command = [sys.executable, "-c", DEPLOYER, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def calls(folder: Path) -> list[list[str]]:
    """Return the arguments of each call of AWS's command line."""
    path = folder / "calls"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.mark.parametrize("variable", VARIABLES)
def test_what_is_typed_runs_nothing(folder: Path, variable: str) -> None:
    """Neither make nor a shell expands it, whether it comes from the command line or from the environment."""
    before = {path.name for path in folder.iterdir()}
    for value in HOSTILE:
        make(folder, "-n", "deploy", f"{variable}={value}")
        make(folder, "deploy", "destroy", f"{variable}={value}")
        make(folder, "deploy", "destroy", environment={variable: value})
        assert len(runs(folder)) == 6
        assert {path.name for path in folder.iterdir()} == before, value


@pytest.mark.parametrize(
    ("variable", "target", "option"),
    [
        ("PARAMS", "deploy", "--parameters"),
        ("STACK", "destroy", "--stack"),
        ("REGION", "destroy", "--region"),
        ("PROFILE", "destroy", "--profile"),
        ("ARCH", "build", "--arch"),
        ("ADAPTERS", "build", "--adapters"),
        ("PYTHON", "build", "--python"),
    ],
)
def test_what_is_typed_arrives_as_it_is(folder: Path, variable: str, target: str, option: str) -> None:
    """It arrives as one argument, which the program validates."""
    for value in HOSTILE:
        make(folder, target, f"{variable}={value}")
        assert f"{option}={value}" in runs(folder)[-1]
        make(folder, target, environment={variable: value})
        assert f"{option}={value}" in runs(folder)[-1]


def test_value_with_what_a_shell_would_read_reaches_cloudformation_whole(folder: Path) -> None:
    """The values have a query string, spaces, and a quote in quotes."""
    done = deploy(
        folder,
        PARAMS=f"""JwksUrl={URL} TokenIssuer="two 'words'  $HOME" StageName=prod""",
        STACK="chat-2",
        REGION="eu-west-3",
        PROFILE="two words",
        YES="1",
    )
    asked = next(call for call in calls(folder) if call[1] == "create-change-set")
    options = {word: asked[at + 1] for at, word in enumerate(asked[:-1]) if word.startswith("--")}

    assert {each["ParameterKey"]: each["ParameterValue"] for each in json.loads(options["--parameters"])} == {
        "JwksUrl": URL,
        "TokenIssuer": "two 'words'  $HOME",
        "StageName": "prod",
    }, done.stdout + done.stderr
    assert [options[name] for name in ("--stack-name", "--region", "--profile")] == ["chat-2", "eu-west-3", "two words"]


def test_nothing_typed_is_the_defaults(folder: Path) -> None:
    """An empty variable, which a form sends, is the same as a missing one."""
    make(folder, "deploy", "REGION=", "YES=", environment={"STACK": ""})
    assert runs(folder) == [["-m", "tools.artifact"], ["-m", "tools.deploy", "up", "--parameters="]]
    deploy(folder)
    described = next(call for call in calls(folder) if call[1] == "describe-stacks")
    assert described[2:6] == ["--region", "eu-west-1", "--stack-name", "chat"]


@pytest.mark.parametrize("stack", ["file:///etc/passwd", "http://127.0.0.1/", "-", "a b", "a/b", "1a", "a" * 129])
def test_name_that_no_stack_can_have_is_refused_before_aws_is_asked(folder: Path, stack: str) -> None:
    """AWS's command line would read the file and send its contents."""
    done = deploy(folder, STACK=stack)
    assert (done.returncode, calls(folder)) == (2, [])
    assert "is not a stack name" in done.stderr


@pytest.mark.parametrize("region", ["eu-west-1.evil.example", "eu/west", "http://x", "../x", "eu west"])
def test_region_that_would_be_part_of_an_address_is_refused(folder: Path, region: str) -> None:
    """The region is part of the service's host name and of the bucket's name."""
    done = deploy(folder, REGION=region)
    assert (done.returncode, calls(folder)) == (2, [])
    assert "is not a region" in done.stderr


@pytest.mark.parametrize("params", ["StageName='dev", "StageName", "=dev", "StageName=dev ; ls"])
def test_parameters_that_cannot_be_read_are_refused_with_what_is_wrong(folder: Path, params: str) -> None:
    """The error is one line, and no call is sent to AWS."""
    done = deploy(folder, PARAMS=params)
    assert (done.returncode, calls(folder)) == (2, [])
    assert "argument --parameters" in done.stderr


def test_form_of_the_workflow_runs_nothing(folder: Path) -> None:
    """The test runs the script of the workflow with hostile values in each field."""
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    (step,) = (each for each in job["steps"] if "STACK" in each.get("env", {}))
    options = {"STACK": "--stack", "REGION": "--region", "PARAMS": "--parameters"}
    before = {path.name for path in folder.iterdir()}
    for value in [*HOSTILE, f"JwksUrl={URL}", ""]:
        for name in options:
            typed = dict.fromkeys(options, "chat") | {name: value}
            command = ["bash", "-e", "-c", step["run"]]
            subprocess.run(command, cwd=folder, env=os.environ | typed, check=True, capture_output=True)
            words = [f"{option}={typed[each]}" for each, option in options.items()]
            assert runs(folder) == [["-m", "tools.deploy", "up", *words, "--yes"]]
    assert {path.name for path in folder.iterdir()} == before


def test_boundary_of_the_environment_counts_for_more_than_the_form(folder: Path) -> None:
    """The person who types parameters must not choose the boundary of the roles."""
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["deploy"]["steps"][-1]["run"]
    typed = {"STACK": "chat", "REGION": "eu-west-3", "PARAMS": "StageName=prod JwksUrl=none"}
    boundary = "arn:aws:iam::123456789012:policy/pipeline/b"
    subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=os.environ | typed | {"BOUNDARY": boundary}, check=True
    )
    (words,) = runs(folder)
    assert words[-2:] == ["--yes", f"PermissionsBoundary={boundary}"]

    command = [sys.executable, "-c", DEPLOYER, *words[:-1], "JwksUrl=of-the-environment"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    asked = next(call for call in calls(folder) if call[1] == "create-change-set")
    values = {
        each["ParameterKey"]: each["ParameterValue"] for each in json.loads(asked[asked.index("--parameters") + 1])
    }
    assert values == {"StageName": "prod", "JwksUrl": "of-the-environment"}
