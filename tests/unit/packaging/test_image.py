"""The ``Dockerfile`` cannot be built where we test: what it takes along is held to the project's own files."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_all_of_our_packages_are_copied_and_let_through() -> None:
    copied = re.findall(r"^COPY ([a-z_]+) \1$", DOCKERFILE, re.MULTILINE)
    assert sorted(copied) == sorted(PACKAGES)
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    files = re.findall(r"^COPY ((?:[\w.]+ )+)\./$", DOCKERFILE, re.MULTILINE)[0].split()
    assert let_through == {*PACKAGES, *files}
    assert all((ROOT / name).exists() for name in let_through)


def test_what_is_needed_in_a_container_is_installed_and_nothing_of_ours_to_develop_with() -> None:
    syncs = re.findall(r"uv sync (.*)", DOCKERFILE)
    assert len(syncs) == 2
    assert all("--frozen" in sync and "--no-dev" in sync for sync in syncs)
    left_out = set(re.findall(r"--no-install-package (\S+)", DOCKERFILE))
    required = {re.split(r"[<>=\[;]", name)[0] for name in PROJECT["project"]["dependencies"]}
    assert left_out <= required


def test_it_runs_as_nobody_in_particular_with_the_command_line_as_its_door() -> None:
    final = DOCKERFILE.split("FROM ")[-1]
    assert re.search(r"^USER zyenta$", final, re.MULTILINE)
    assert 'ENTRYPOINT ["zyenta"]' in final
    assert PROJECT["project"]["scripts"] == {"zyenta": "infra.cli:main"}


def test_its_python_is_one_we_support_and_test_on() -> None:
    minor = re.findall(r"^ARG PYTHON=python:3\.(\d+)-slim", DOCKERFILE, re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (python,) = [
        step["with"]["python-version"]
        for step in workflow["jobs"]["everything"]["steps"]
        if "setup-python" in step.get("uses", "")
    ]
    assert python == f"3.{minor[0]}"
    assert PROJECT["project"]["requires-python"] == f">={python}"


def test_the_workflow_runs_what_must_be_green_with_java_17() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["everything"]
    assert job["runs-on"].startswith("ubuntu-")
    assert [step["with"]["java-version"] for step in job["steps"] if "setup-java" in step.get("uses", "")] == ["17"]
    assert job["steps"][-1]["run"] == "bash .ci/run"
    assert (ROOT / ".ci/run").exists()


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
