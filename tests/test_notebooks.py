"""Every lesson, in both languages, held to tests/gates.py; and each gate shown to bite."""

import copy
import dataclasses
import functools
import hashlib
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from support import gates

from lab import course, language
from lab.author import notebooks, translation
from lab.author.execution import CELL_TIMEOUT

LESSONS = [
    pytest.param(lesson, spoken, id=f"{lesson.name}-{spoken}")
    for lesson in course.lessons()
    for spoken in language.LANGUAGES
]
DOCUMENT = "ea4ff92106f8d73393afed1e8b04479796c90490f9472901e18d8d2813a718e3"
"""The SHA-256 of the document that the course follows."""
GATES = [
    gates.not_executed,
    gates.unannounced_errors,
    gates.unstable_outputs,
    gates.told_without_html,
    gates.stderr,
    gates.untidy_metadata,
    gates.exceptions_to_comparing,
    gates.verdicts_by_the_clock,
    gates.pages_in_jupyter,
    gates.pictures_without_data,
    gates.shared_places,
    gates.waits_longer_than_cells,
    gates.folders_left,
    gates.document_out_of_reach,
    gates.too_large,
    gates.browser_cells_without_tag,
]

read = functools.cache(notebooks.read)
"""Of what no test changes: each gate asks for each notebook."""


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_no_gate_finds_anything(lesson, spoken):
    notebook = read(lesson.notebook(spoken))
    found = {gate.__name__: list(gate(notebook)) for gate in GATES}
    assert {gate: problems for gate, problems in found.items() if problems} == {}


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_frame(lesson, spoken):
    notebook = read(lesson.notebook(spoken))
    assert list(gates.broken_frame(notebook, lesson, spoken)) == []


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_what_is_not_compared_is_named_in_the_index(lesson, spoken):
    notebook = read(lesson.notebook(spoken))
    assert list(gates.measured_out_of_step(notebook, lesson)) == []


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_each_picture_has_its_text_in_the_readers_language(lesson, spoken):
    notebook = read(lesson.notebook(spoken))
    assert list(gates.pictures_out_of_step(notebook, lesson, spoken)) == []


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_the_lessons_own_check_finds_all_well(lesson, spoken):
    """What stands there is what nbval compares: so each run tries the lessons' own solution."""
    notebook = read(lesson.notebook(spoken))
    assert list(gates.check_not_passed(notebook, spoken)) == []


@pytest.mark.parametrize("lesson, spoken", LESSONS)
def test_links_between_lessons_resolve(lesson, spoken):
    path = lesson.notebook(spoken)
    for cell, target in gates.links(read(path)):
        if not re.match(r"https?://", target):
            assert (path.parent / target).exists(), f"{cell}: {target}"


@pytest.mark.parametrize("lesson, spoken", LESSONS[len(language.LANGUAGES) :])
def test_a_lesson_keeps_what_an_earlier_one_promised_and_says_so(lesson, spoken):
    earlier = {
        each.name
        for each in course.before(lesson.name)
        if lesson.name in gates.promised(read(each.notebook(spoken)))
    }
    assert earlier, "no earlier lesson's last cell leads to it"
    assert gates.remembered(read(lesson.notebook(spoken))) & earlier, f"names none of {earlier}"


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("spoken", translation.TRANSLATIONS)
def test_the_translation_is_in_step(lesson, spoken):
    source = read(lesson.notebook(language.SOURCE))
    assert translation.problems(source, read(lesson.notebook(spoken))) == []


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("spoken", translation.TRANSLATIONS)
def test_both_languages_tell_the_same(lesson, spoken):
    source = read(lesson.notebook(language.SOURCE))
    assert [*gates.told_otherwise(source, read(lesson.notebook(spoken)))] == []


def test_no_notebook_is_outside_the_index():
    indexed = {
        lesson.notebook(spoken) for lesson in course.lessons() for spoken in language.LANGUAGES
    }
    folders = [course.ROOT / "notebooks" / spoken for spoken in language.LANGUAGES]
    first_pages = {folder / "index.ipynb" for folder in folders}
    found = {path for folder in folders for path in folder.glob("*.ipynb")}
    assert found == indexed | first_pages


# --- each gate bites -------------------------------------------------------------------------


@pytest.fixture
def good() -> nbformat.NotebookNode:
    """A notebook that no gate minds."""
    lesson = course.lessons()[0]
    return notebooks.read(lesson.notebook("en"))


def printing(text: str) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(metadata=nbformat.from_dict(notebooks.METADATA))
    output = new_output("stream", name="stdout", text=text)
    notebook.cells = [new_code_cell("print()", execution_count=1, outputs=[output])]
    return notebook


def test_a_cell_never_run_is_found(good):
    gates.code(good)[3].execution_count = None
    assert len(list(gates.not_executed(good))) == 1


def test_an_error_is_found_unless_announced():
    notebook = printing("")
    cell = notebook.cells[0]
    cell.outputs = [new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])]
    assert list(gates.unannounced_errors(notebook))
    cell.metadata["tags"] = ["raises-exception"]
    assert not list(gates.unannounced_errors(notebook))
    cell.outputs = []
    assert list(gates.unannounced_errors(notebook))


def test_a_check_that_finds_something_is_found(good):
    [cell] = [cell for cell in good.cells if cell.id == "check"]
    assert not list(gates.check_not_passed(good, "en"))
    passed = cell.outputs[0].data["text/plain"]
    for said in (passed.replace("✓", "✗", 1), passed.partition("All is well")[0], ""):
        cell.outputs[0].data = {"text/plain": said}
        assert list(gates.check_not_passed(good, "en"))


def test_what_lab_tells_without_html_is_found(good):
    assert not list(gates.told_without_html(good))
    cells = [c for c in gates.code(good) if c.id == "check" or c.id.startswith("exercise-")]
    for cell in cells:
        cell.outputs = [new_output("stream", name="stdout", text="said")]
    assert len(list(gates.told_without_html(good))) == len(cells) > 1


@pytest.mark.parametrize(
    "text",
    [
        "/home/ana/course/workspace",
        'File "/tmp/x/chat/consumers.py"',
        r"C:\Users\ana",
        "http://127.0.0.1:43121/",
        "('127.0.0.1', 43121)",
        "localhost:8888",
        "22/Nov/2026:13:50:12",
        "2026-11-22",
        "took 0.31 s",
        "2.5ms",
        "<Server object at 0x7f37ce440680>",
        "specific.inmemory!0123456789abcdef0123456789abcdef",
    ],
)
def test_an_output_that_changes_from_run_to_run_is_found(text):
    assert list(gates.unstable_outputs(printing(text)))


@pytest.mark.parametrize(
    "text", ["/ws/socket-server/", "HTTP/1.1 101", "1 < 2", "a 20 minute talk"]
)
def test_a_stable_output_is_not_found(text):
    assert not list(gates.unstable_outputs(printing(text)))


def test_stderr_is_found():
    notebook = printing("warning")
    notebook.cells[0].outputs[0].name = "stderr"
    assert list(gates.stderr(notebook))


def test_an_editors_metadata_is_found(good):
    changed = copy.deepcopy(good)
    changed.metadata["widgets"] = {}
    changed.cells[0].metadata["collapsed"] = True
    changed.cells[1].metadata["tags"] = ["nbval-ignore-output"]
    assert len(list(gates.untidy_metadata(changed))) == 3


@pytest.mark.parametrize(
    "source, said",
    [
        ("# NBVAL_SKIP\nprint()", ""),
        ("print()\n# NBVAL_IGNORE_OUTPUT", "12 ms"),
        ("# PYTEST_VALIDATE_IGNORE_OUTPUT\nprint()", "12 ms"),
        ("# NBVAL_IGNORE_OUTPUT\n# NBVAL_SKIP\nprint()", "12 ms"),
        ("# NBVAL_IGNORE_OUTPUT\nprint(12 < 310)", "sooner: True"),
    ],
)
def test_what_nbval_would_not_compare_is_found(source, said):
    notebook = printing(said)
    notebook.cells[0].source = source
    assert list(gates.exceptions_to_comparing(notebook))


def test_a_cell_marked_as_measured_shows_times_and_is_counted():
    notebook, lesson = printing("12 ms and 0.31 s"), course.lessons()[1]
    assert list(gates.unstable_outputs(notebook))
    notebook.cells[0].source = "# NBVAL_IGNORE_OUTPUT\nprint()"
    assert not list(gates.unstable_outputs(notebook))
    assert not list(gates.exceptions_to_comparing(notebook))
    assert list(gates.measured_out_of_step(notebook, lesson))
    named = dataclasses.replace(lesson, measured=[notebook.cells[0].id])
    assert not list(gates.measured_out_of_step(notebook, named))
    notebook.cells[0].outputs[0].text = "listening at 127.0.0.1:43121 after 12 ms"
    assert list(gates.unstable_outputs(notebook))


def showing(data: dict[str, str], printed: str = "") -> nbformat.NotebookNode:
    """A notebook whose one cell shows this and prints that."""
    notebook = printing(printed) if printed else printing("x")
    shown = new_output("display_data", data=data)
    notebook.cells[0].outputs = [*(notebook.cells[0].outputs if printed else []), shown]
    return notebook


def test_a_picture_without_its_text_or_without_compared_data_is_found():
    lesson = dataclasses.replace(course.lessons()[1], pictures={"plot": {"en": 'a "rising" line'}})
    good = {"text/html": '<img alt="a &quot;rising&quot; line" src="data:image/png;base64,AA==">'}
    assert not list(gates.pictures_out_of_step(showing(good), lesson, "en"))
    bare = {"text/html": '<img src="data:image/png;base64,AA==">'}
    for bad in ({"image/png": "AA=="}, bare, {"text/html": good["text/html"].replace("a ", "A ")}):
        assert list(gates.pictures_out_of_step(showing(bad), lesson, "en"))
    assert list(gates.pictures_without_data(showing(good)))
    assert not list(gates.pictures_without_data(showing(good, printed="up to 1,000,000")))


@pytest.mark.parametrize(
    "source",
    [
        "with ValkeyServer() as server: ...",
        "server = lesson.serve(port=8001)",
        'connect(("127.0.0.1", 8000))',
        'url = "ws://localhost:8000/"',
        'log = open("/tmp/server.log")',
    ],
)
def test_a_place_that_two_runs_would_share_is_found(source):
    notebook = printing("")
    notebook.cells[0].source = source
    assert list(gates.shared_places(notebook))


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("run(tests, timeout=100)", "run(tests, timeout=90)"),
        ("async with asyncio.timeout(120): ...", "async with asyncio.timeout(40): ..."),
        ("%%writefile chat/tests/x.py\nrun(timeout=120)", "page.wait_for_timeout(300)"),
        ("expect(log).to_be_visible(timeout=120_000)", "expect(log).to_be_visible(timeout=15_000)"),
        ("deadline = time.monotonic() + 120", "deadline = time.monotonic() + 30"),
    ],
)
def test_a_wait_that_outlasts_its_cell_is_found(long, short):
    notebook = printing("")
    for source, found in (long, 1), (short, 0):
        notebook.cells[0].source = source
        assert len([*gates.waits_longer_than_cells(notebook)]) == found


def test_a_cell_has_the_same_time_whatever_runs_it(request):
    assert request.config.getoption("nbval_cell_timeout") == CELL_TIMEOUT


@pytest.mark.parametrize(
    ("making", "removing"),
    [
        ("folder = TemporaryDirectory()", "folder.cleanup()"),
        ("with ValkeyServer(port=0) as valkey: ...", "with ValkeyServer(data_dir=folder): ..."),
    ],
)
def test_a_folder_that_stays_is_found(making, removing):
    left, kept = new_code_cell(making), new_code_cell(removing)
    assert len([*gates.folders_left(nbformat.v4.new_notebook(cells=[left]))]) == 1
    cells = [kept] if "Valkey" in making else [left, kept]
    assert not [*gates.folders_left(nbformat.v4.new_notebook(cells=cells))]


def test_a_verdict_by_the_clock_is_found():
    notebook = printing("soon: True")
    notebook.cells[0].source = 'print("soon:", time.perf_counter() - begun < 5)'
    assert list(gates.verdicts_by_the_clock(notebook))


@pytest.mark.parametrize(
    "cell",
    [
        new_code_cell("IFrame(server.url, 600, 300)"),
        new_code_cell("f'/proxy/{server.port}/'"),
        new_markdown_cell("[The page](/proxy/8000/)"),
    ],
    ids=["frame", "path", "link"],
)
def test_a_page_that_could_have_jupyters_address_is_found(cell):
    assert list(gates.pages_in_jupyter(nbformat.v4.new_notebook(cells=[cell])))


def test_a_frame_that_was_saved_is_found():
    data = {"text/html": '<iframe src="http://127.0.0.1/"></iframe>'}
    cell = new_code_cell("server.show()", outputs=[new_output("display_data", data=data)])
    assert list(gates.pages_in_jupyter(nbformat.v4.new_notebook(cells=[cell])))


@pytest.mark.parametrize("name", ["O {}documento{} diz", "The {}document{}'s consumer"])
def test_a_document_that_a_reader_cannot_open_is_found(name):
    bare, linked = name.format("", ""), name.format("[", gates.TO_DOCUMENT)
    for texts, unreached in (([bare, linked], True), ([linked, bare], False), (["a"], False)):
        notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell(text) for text in texts])
        assert any(gates.document_out_of_reach(notebook)) is unreached


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
def test_the_portuguese_is_brazils(lesson):
    assert [*gates.turns_of_elsewhere(read(lesson.notebook(language.SOURCE)))] == []


@pytest.mark.parametrize("said", ["O channel layer perde", "Partilham a sala", "numa moldura"])
def test_portuguese_of_elsewhere_is_found(said):
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell(said, id="prose")])
    assert len([*gates.turns_of_elsewhere(notebook)]) == 1
    notebook.cells[0].source = "A channel layer; compartilham a sala, num iframe."
    assert not [*gates.turns_of_elsewhere(notebook)]


def test_the_document_is_what_the_course_was_given():
    """It is the course's source, in its author's words: nobody mends it."""
    text = (course.ROOT / "docs/document.md").read_bytes()
    assert hashlib.sha256(text).hexdigest() == DOCUMENT


def test_a_large_notebook_is_found():
    assert list(gates.too_large(printing("x" * gates.MAX_BYTES)))


def test_a_browser_cell_without_its_tag_is_found():
    notebook = printing("")
    notebook.cells[0].source = "browser = await open_browser()"
    assert list(gates.browser_cells_without_tag(notebook))


def test_a_broken_frame_is_found(good):
    lesson = course.lessons()[0]
    good.cells[0].source = good.cells[0].source.replace(" minutes", "9 minutes")
    good.cells.pop()
    assert len(list(gates.broken_frame(good, lesson, "en"))) == 2


def test_a_link_is_seen():
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell("[x](../en/00.ipynb)", id="a")])
    assert list(gates.links(notebook)) == [("a", "../en/00.ipynb")]


# --- translations -----------------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    """A source and a translation that are in step."""
    source = nbformat.v4.new_notebook(
        cells=[new_markdown_cell("oi", id="hello"), new_code_cell("x = 1", id="code")]
    )
    translated = copy.deepcopy(source)
    translated.cells[0].source = "hi"
    translated.cells[0].metadata["translates"] = translation.version("oi")
    return source, translated


def test_a_pair_in_step_has_no_problems(pair):
    assert translation.problems(*pair) == []


def test_a_stale_translation_is_found(pair):
    pair[0].cells[0].source = "olá"
    assert translation.problems(*pair) == ["hello: its source changed since it was translated"]


def test_other_code_is_found(pair):
    pair[1].cells[1].source = "x = 2"
    assert translation.problems(*pair) == ["code: its code differs from the source's"]


@pytest.fixture
def drawings(pair):
    """A cell that draws, in the source and translated."""
    source, translated = pair
    source.cells[1].source = 'plt.plot([1])\nplt.xlabel("segundos")'
    translated.cells[1].source = 'plt.plot([1])\nplt.xlabel("seconds")'
    translated.cells[1].metadata["translates"] = translation.version(source.cells[1].source)
    return source, translated


def test_a_figure_has_its_words_in_each_language(drawings):
    assert translation.problems(*drawings) == []


def test_a_figure_whose_words_changed_is_to_be_translated_again(drawings):
    source, _ = drawings
    source.cells[1].source = source.cells[1].source.replace("segundos", "minutos")
    assert translation.problems(*drawings) == ["code: its source changed since it was translated"]


def test_a_figure_that_draws_something_else_is_found(drawings):
    _, translated = drawings
    translated.cells[1].source = translated.cells[1].source.replace("[1]", "[2]")
    assert translation.problems(*drawings) == ["code: its code differs from the source's"]


def test_synchronising_keeps_a_figures_words_while_it_draws_the_same(
    drawings, tmp_path, monkeypatch
):
    source, translated = drawings
    entry = course.lessons()[0]
    monkeypatch.setattr(course, "ROOT", tmp_path)
    notebooks.write(source, entry.notebook("pt-br"))
    notebooks.write(translated, entry.notebook("en"))
    assert translation.synchronise(entry.name, "en") == []
    assert "seconds" in notebooks.read(entry.notebook("en")).cells[1].source

    source.cells[1].source = source.cells[1].source.replace("[1]", "[2]")
    notebooks.write(source, entry.notebook("pt-br"))
    assert translation.synchronise(entry.name, "en") == ["code"]
    assert "[2]" in notebooks.read(entry.notebook("en")).cells[1].source


def test_other_tags_are_found(pair):
    pair[1].cells[1].metadata["tags"] = ["browser"]
    assert translation.problems(*pair) == ["code: its tags differ from the source's"]


@pytest.mark.parametrize("told", ["2 pessoas ouviram\n", "3 people\nheard\n", "✗ 3 people heard\n"])
def test_an_output_that_tells_something_else_than_its_twin_is_found(told):
    source, twin, other = map(printing, ["3 pessoas ouviram\n", "3 people heard\n", told])
    twin.cells[0].id = other.cells[0].id = source.cells[0].id
    assert [*gates.told_otherwise(source, twin)] == []
    [found] = gates.told_otherwise(source, other)
    assert "something else" in found


def test_a_missing_an_extra_and_a_moved_cell_are_found(pair):
    source, translated = pair
    translated.cells.reverse()
    assert translation.problems(source, translated)
    extra = translated.cells.pop()
    assert translation.problems(source, translated) == ["hello: missing from the translation"]
    source.cells.remove(source.cells[0])
    translated.cells.append(extra)
    assert translation.problems(source, translated) == ["hello: not in the source"]


def test_synchronising_brings_code_and_new_prose_and_names_what_to_translate(
    pair, tmp_path, monkeypatch
):
    source, translated = pair
    entry = course.lessons()[0]
    monkeypatch.setattr(course, "ROOT", tmp_path)
    source.cells[1].source = "x = 3"
    source.cells.append(new_markdown_cell("novo", id="new"))
    notebooks.write(source, entry.notebook("pt-br"))
    notebooks.write(translated, entry.notebook("en"))

    assert translation.synchronise(entry.name, "en") == ["new"]
    written = notebooks.read(entry.notebook("en"))
    assert [cell.source for cell in written.cells] == ["hi", "x = 3", "novo"]
    translation.accept(entry.name, "en", ["new"])
    assert translation.problems(source, notebooks.read(entry.notebook("en"))) == []
