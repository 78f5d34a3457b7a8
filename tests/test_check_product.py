"""The later lessons: others' correct solutions pass, and each mistake is named.

The lessons' own are tried by their notebooks, which end with a check.
"""

import shutil
from pathlib import Path

import pytest
from checks.proof import is_of_product, needs_browser, of_this_run, prove
from checks.workspaces import ALTERNATIVES, alternative, digest

from lab.check import Report, catalogue, check, own_tests, sandbox
from lab.check.diagnosis import diagnose
from lab.check.report import Probe
from lab.check.source import Source
from lab.run.browser import find_browser

TESTING = "08-testing"
OTHERS = sorted(
    f"{path.parent.name}/{path.name}" for path in (ALTERNATIVES / "product").glob("*-*/*")
)
ENTRIES = list(filter(is_of_product, catalogue.mistakes()))


@pytest.mark.usefixtures("browser_program")
def test_nothing_warmed_up_and_nothing_changed(finished_after, tmp_path, monkeypatch):
    monkeypatch.setattr("lab.check.SECONDS", 40)
    folder = Path(shutil.copytree(finished_after("13-scale"), tmp_path / "workspace"))
    (folder / "db.sqlite3").touch()  # the learner's own, before its first migration
    before = digest(folder)
    report = check("13-scale", folder)
    assert report.ok, str(report)
    assert not any(probe.remark for probe in report.probes), str(report)
    assert digest(folder) == before


@pytest.mark.usefixtures("hurried", "browser_program")
@pytest.mark.parametrize("name", OTHERS)
def test_other_correct_solutions_pass(name, finished_after, tmp_path):
    lesson = name.partition("/")[0]
    folder = alternative(f"product/{name}", finished_after(lesson), tmp_path / "workspace")
    report = check(lesson, folder)
    assert report.ok, str(report)


@pytest.mark.usefixtures("hurried", "browser_program")
def test_the_other_channel_layer_over_valkey_passes(finished_after, tmp_path):
    folder = Path(shutil.copytree(finished_after("13-scale"), tmp_path / "workspace"))
    settings = folder / "mywebsite/settings.py"
    pub_sub, queues = "channels_redis.pubsub.RedisPubSub", "channels_redis.core.Redis"
    before = settings.read_text("utf-8")
    settings.write_text(before.replace(pub_sub, queues), "utf-8")
    assert settings.read_text("utf-8") != before
    report = check("13-scale", folder)
    assert report.ok, str(report)


def try_tests(lesson: str, folder: Path) -> Report:
    """Only what a check of the lesson tries last: the learner's own tests."""
    with sandbox.opened(folder, 30) as box:
        evidence, in_time = own_tests.judge(own_tests.start(box), box, 0.5)
        assert in_time
        finding = diagnose(evidence, Source(box.folder)) if evidence else None
    return Report(lesson, (Probe("tests", evidence is None, evidence, finding),))


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("mistake", of_this_run(ENTRIES), ids=lambda mistake: mistake.id)
def test_mistake_is_named(mistake, finished_after, tmp_path):
    if needs_browser(mistake) and find_browser() is None:
        pytest.skip("no Chromium, Chrome or Edge found")
    lesson = mistake.check or mistake.lesson
    folder = Path(shutil.copytree(finished_after(lesson), tmp_path / "workspace"))
    prove(mistake, folder, try_tests if lesson == TESTING else check)
