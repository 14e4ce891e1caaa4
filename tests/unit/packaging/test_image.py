"""The ``Dockerfile`` is consistent with the project's files. Tests cannot build it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_all_packages_are_copied_and_not_ignored() -> None:
    copied = re.findall(r"^COPY ([a-z_]+) \1$", DOCKERFILE, re.MULTILINE)
    assert sorted(copied) == sorted(PACKAGES)
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    files = re.findall(r"^COPY ((?:[\w.]+ )+)\./$", DOCKERFILE, re.MULTILINE)[0].split()
    assert let_through == {*PACKAGES, *files}
    assert all((ROOT / name).exists() for name in let_through)


def test_the_image_has_runtime_dependencies_and_no_development_tools() -> None:
    syncs = re.findall(r"uv sync (.*)", DOCKERFILE)
    assert len(syncs) == 2
    assert all("--frozen" in sync and "--no-dev" in sync for sync in syncs)
    left_out = set(re.findall(r"--no-install-package (\S+)", DOCKERFILE))
    required = {re.split(r"[<>=\[;]", name)[0] for name in PROJECT["project"]["dependencies"]}
    assert left_out <= required


def test_what_it_runs_with_a_bare_python_needs_the_standard_library_alone() -> None:
    (module,) = re.findall(r"^RUN (?:\w+=\S+ )*python -m ([\w.]+)$", DOCKERFILE, re.MULTILINE)
    subprocess.run([sys.executable, "-S", "-c", f"import {module}"], cwd=ROOT, check=True)


def test_it_runs_the_command_line_as_an_unprivileged_user() -> None:
    final = DOCKERFILE.split("FROM ")[-1]
    assert re.search(r"^USER zyenta$", final, re.MULTILINE)
    assert 'ENTRYPOINT ["zyenta"]' in final
    assert PROJECT["project"]["scripts"] == {"zyenta": "infra.cli:main"}


def test_its_python_is_a_supported_version() -> None:
    minor = re.findall(r"^ARG PYTHON=python:3\.(\d+)-slim", DOCKERFILE, re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (python,) = [
        step["with"]["python-version"]
        for step in workflow["jobs"]["everything"]["steps"]
        if "setup-python" in step.get("uses", "")
    ]
    assert python == f"3.{minor[0]}"
    assert PROJECT["project"]["requires-python"] == f">={python}"


def test_the_workflow_runs_ci_with_java_17() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["everything"]
    assert job["runs-on"].startswith("ubuntu-")
    assert [step["with"]["java-version"] for step in job["steps"] if "setup-java" in step.get("uses", "")] == ["17"]
    assert job["steps"][-1]["run"] == "bash .ci/run"
    assert (ROOT / ".ci/run").exists()


def test_the_license_is_that_of_the_project_file() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
