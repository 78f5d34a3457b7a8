"""The later lessons: others' correct solutions pass, and nobody is told what isn't so.

The lessons' own are tried by their notebooks, which end with a check.
"""

import shutil
from pathlib import Path

import pytest
from checks.workspaces import ALTERNATIVES, alternative, digest

from lab.check import check
from lab.messages import say
from regression.turns import in_turn

OTHERS = sorted(
    f"{path.parent.name}/{path.name}" for path in (ALTERNATIVES / "product").glob("*-*/*")
)


@pytest.mark.usefixtures("browser_program", "patience")
def test_nothing_warmed_up_and_nothing_changed(finished_after, tmp_path):
    folder = Path(shutil.copytree(finished_after("28-relay"), tmp_path / "workspace"))
    (folder / "db.sqlite3").touch()  # the learner's own, before its first migration
    before = digest(folder)
    report = check("28-relay", folder)
    assert report.ok, str(report)
    assert not any(tried.remark for tried in report.tried), str(report)
    assert digest(folder) == before


@pytest.mark.usefixtures("browser_program")
@pytest.mark.parametrize("name", in_turn(OTHERS, "other right projects"))
def test_other_correct_solutions_pass(name, finished_after, tmp_path, patient_check):
    lesson = name.partition("/")[0]
    folder = alternative(f"product/{name}", finished_after(lesson), tmp_path / "workspace")
    report = patient_check(lesson, folder)
    assert report.ok, str(report)


@pytest.mark.usefixtures("browser_program")
def test_a_blank_that_nothing_tried_needs_is_told_all_the_same(
    finished_after, tmp_path, patient_check
):
    folder = Path(shutil.copytree(finished_after("16-presence"), tmp_path / "workspace"))
    origin = folder / "chat/origin.py"
    written, blank = "        return True", "        return ...  # yours: what the settings say"
    text = origin.read_text("utf-8")
    assert written in text
    origin.write_text(text.replace(written, blank), "utf-8")
    report = patient_check("16-presence", folder)
    assert report.ok, str(report)
    assert str(report).splitlines()[-1].endswith(": what the settings say"), str(report)


@pytest.mark.usefixtures("browser_program")
def test_what_was_tried_before_is_no_evidence_and_a_search_cut_short_is_told(
    finished_after, tmp_path, patient_check, monkeypatch
):
    folder = Path(shutil.copytree(finished_after("18-reconnect"), tmp_path / "workspace"))
    history = folder / "chat/history.py"
    text, right = history.read_text("utf-8"), 'mark in (None, "", last.mark)'
    assert right in text
    history.write_text(text.replace(right, "mark == last.mark"), "utf-8")
    (folder / "chat/tests/test_rooms.py").unlink()  # has nothing to do with it
    with monkeypatch.context() as hurried:
        hurried.setattr("lab.check.causes.LEAST_SECONDS", 1000)  # there is no time
        report = patient_check("18-reconnect", folder)
    assert report.failed.name == "history", str(report)
    assert say("check_cut_short") in str(report)
    assert "evil" not in str(report)  # of the check's own attack, before
    report = patient_check("18-reconnect", folder)
    assert {finding.file for finding in report.findings} == {"chat/history.py"}, str(report)


@pytest.mark.usefixtures("browser_program")
def test_the_other_channel_layer_over_valkey_passes(finished_after, tmp_path, patient_check):
    folder = Path(shutil.copytree(finished_after("28-relay"), tmp_path / "workspace"))
    settings = folder / "mywebsite/settings.py"
    pub_sub, queues = "channels_redis.pubsub.RedisPubSub", "channels_redis.core.Redis"
    before = settings.read_text("utf-8")
    settings.write_text(before.replace(pub_sub, queues), "utf-8")
    assert settings.read_text("utf-8") != before
    report = patient_check("28-relay", folder)
    assert report.ok, str(report)
