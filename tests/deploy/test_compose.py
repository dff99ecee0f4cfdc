"""The compose file and its image agree with the settings and with the pinned engines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

import deploy.local
from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENGINES = ("kafka", "elasticsearch", "kibana")
OURS = [name for name, service in SERVICES.items() if "build" in service]
PINNED = json.loads(Path(deploy.local.__file__).with_name("artifacts.json").read_text("utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")


def _image_version(service: str) -> str:
    version: str = SERVICES[service]["image"].rpartition(":")[2]
    return version


def test_our_own_services_are_set_up_and_the_workers() -> None:
    assert OURS == [
        "setup",
        "worker-enrich",
        "worker-index",
        "worker-act",
        "worker-translate",
        "connect",
        "serve",
    ]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_and_its_value_valid(name: str) -> None:
    environment: dict[str, str] = SERVICES[name]["environment"]
    assert all(variable.startswith("FEEDBACK_") for variable in environment)
    values = {v.removeprefix("FEEDBACK_").lower(): value for v, value in environment.items()}
    assert set(values) <= set(Settings.model_fields)
    settings = Settings.model_validate(values).model_dump(mode="json")
    assert {field: settings[field] for field in values} == values


@pytest.mark.parametrize("name", SERVICES)
def test_no_other_service_is_given_our_variables(name: str) -> None:
    variables = SERVICES[name].get("environment", {})
    ours = any(variable.startswith("FEEDBACK_") for variable in variables)
    assert ours == (name in OURS)


def test_our_services_reach_the_engines_at_addresses_that_exist() -> None:
    environment = SERVICES["setup"]["environment"]
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"://{environment['FEEDBACK_KAFKA_BOOTSTRAP_SERVERS']}" in listeners
    assert environment["FEEDBACK_ELASTICSEARCH_URL"] == "http://elasticsearch:9200"
    assert SERVICES["kibana"]["environment"]["ELASTICSEARCH_HOSTS"] == "http://elasticsearch:9200"


@pytest.mark.parametrize("engine", ["kafka", "elasticsearch"])
def test_engines_have_the_version_that_the_project_is_tested_with(engine: str) -> None:
    assert _image_version(engine) == PINNED[engine]["version"]


def test_kibana_has_the_version_of_its_elasticsearch() -> None:
    assert _image_version("kibana") == _image_version("elasticsearch")
    assert SERVICES["kibana-objects"]["image"] == SERVICES["kibana"]["image"]


def test_engines_say_whether_they_are_well() -> None:
    assert [name for name in SERVICES if "healthcheck" in SERVICES[name]] == list(ENGINES)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_come_true(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert "restart" not in SERVICES[other]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


THE_USERS = "./feedback.toml"  # the README says how to write it


def test_volumes_are_declared_or_files_of_the_project() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            volumes = {*COMPOSE["volumes"], THE_USERS}
            assert source in volumes or (ROOT / source).is_file(), volume


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_exist(name: str) -> None:
    from pipeline.cli import app

    assert isinstance(app, typer.Typer)
    result = CliRunner().invoke(app, [*SERVICES[name]["command"], "--help"])
    assert result.exit_code == 0, result.output


def test_the_image_is_built_from_the_dockerfile() -> None:
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).samefile(
            ROOT / "deploy" / "Dockerfile"
        )


def test_the_image_copies_what_exists() -> None:
    copied = [
        name
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    ]
    assert {"pyproject.toml", "constraints.txt", "schemas", "connectors"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_image_runs_the_command_as_no_root() -> None:
    lines = DOCKERFILE.splitlines()
    assert lines[-2:] == ["USER feedback", 'ENTRYPOINT ["feedback"]']
    assert "-c constraints.txt" in DOCKERFILE
