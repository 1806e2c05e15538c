"""Reports of invented runs, written once a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import fake_evaluation as fake
import pytest
from written_report import Report, make

from mhx.reporting.sources import of_runs
from mhx.reporting.write import write


@contextmanager
def undrawn() -> Iterator[None]:
    """Reports without figures: drawing takes most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mhx.reporting.write.all_pictures", lambda evaluation: {})
        yield


@pytest.fixture
def no_figures() -> Iterator[None]:
    """For tests of words."""
    with undrawn():
        yield


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Reports of a base that is for use: Polish with figures, Persian (right to left) without."""
    polish = make(tmp_path_factory.mktemp("pl"), fake.evaluation("pl", pipeline_check=False))
    with undrawn():
        persian = make(tmp_path_factory.mktemp("fa"), fake.evaluation("fa", pipeline_check=False))
    return {"pl": polish, "fa": persian}


@pytest.fixture(scope="session", params=["pl", "fa"])
def report(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    return reports[request.param]


@pytest.fixture(scope="session")
def persian(reports: dict[str, Report]) -> Report:
    return reports["fa"]


@pytest.fixture(scope="session")
def real(reports: dict[str, Report]) -> Report:
    """A run of a real base model: nothing is marked as a pipeline check."""
    return reports["pl"]


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run of a base that is for trials."""
    return make(tmp_path_factory.mktemp("trial"), fake.evaluation("pl"))


@pytest.fixture(scope="session")
def both(reports: dict[str, Report], tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The runs of both languages in one report."""
    folder = tmp_path_factory.mktemp("both")
    with undrawn():
        write(of_runs([one.folder for one in reports.values()]), folder / "report")
    return Report(folder, {})


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run of which only the meta record is known."""
    return make(tmp_path_factory.mktemp("bare"), fake.empty())
