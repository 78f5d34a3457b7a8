"""How far a learner is, as a page in a notebook: what is done, what comes next, what is running."""

import html

from IPython.display import display

from lab import course, exercises, language, markup
from lab.author.minutes import minutes
from lab.classroom.outbox import Outbox
from lab.messages import say
from lab.progress_file import Entry, Progress
from lab.run import running
from lab.run.running import RunningServer
from lab.workspace import Workspace

_STYLE = """
<style>
.lab-home table { border-collapse: collapse; }
/* JupyterLab's own rule for tables is as particular as two classes are. */
.lab-home .course th, .lab-home .course td { padding: 0.25em 0.8em; text-align: left; }
.lab-home .course .number { text-align: right; }
.lab-home .course tr.next { font-weight: bold; outline: 2px solid; outline-offset: -2px; }
</style>
"""


def show(workspace: Workspace) -> None:
    """Display how far the learner of a workspace is, and which servers run there.

    Raises LabError when the file that notes it isn't what lab wrote.
    """
    progress, servers = Progress(workspace), list(running.servers(workspace.folder))
    in_class = _in_class(workspace)
    text = "\n".join([*in_class, str(progress), *map(_told, servers)])
    display({"text/plain": text, "text/html": _page(progress, servers, in_class)}, raw=True)


def _in_class(workspace: Workspace) -> list[str]:
    outbox = Outbox.of(workspace)
    if not outbox.is_there():
        return []
    from lab.classroom import membership  # here: most learners join no class

    return membership.told(outbox)


def _told(server: RunningServer) -> str:
    return say("server_running", program=server.program, port=server.port, notebook=server.notebook)


def _page(progress: Progress, servers: list[RunningServer], in_class: list[str]) -> str:
    found = progress.read()
    spoken = language.current()
    left = [lesson for lesson in course.lessons() if not found.get(lesson.name, {}).get("check")]
    told = [f"<p>{markup.prose(line)}</p>" for line in in_class]
    told += [f"<p>{_ahead(left, spoken)}</p>", _table(found, left, spoken)]
    if servers:
        told.append(f"<ul>{''.join(map(_item, servers))}</ul>")
    return f'{_STYLE}<div class="lab-home" lang="{spoken}">{"".join(told)}</div>'


def _item(server: RunningServer) -> str:
    """A server, with a button that the course's extension of JupyterLab shows, and obeys."""
    data = f'data-course-session="{html.escape(server.session)}"'
    button = f"<button hidden {data}>{html.escape(say('server_stop', notebook=server.notebook))}</button>"
    return f"<li>{html.escape(_told(server))} {button}</li>"


def _ahead(left: list[course.LessonEntry], spoken: str) -> str:
    if not left:
        return html.escape(say("all_done"))
    link = f'<a href="{left[0].name}.ipynb">{html.escape(left[0].title[spoken])}</a>'
    count = sum(minutes(lesson, spoken).reading for lesson in left)
    return say("next_lesson", link=link, minutes=count, lessons=len(left))


def _table(found: dict[str, Entry], left: list[course.LessonEntry], spoken: str) -> str:
    heads = "".join(f'<th scope="col">{html.escape(say(f"home_{name}"))}</th>' for name in _COLUMNS)
    rows = [_row(lesson, found.get(lesson.name, {}), spoken, left) for lesson in course.lessons()]
    return f'<table class="course"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


_COLUMNS = ("lesson", "minutes", "check", "exercises")


def _row(
    lesson: course.LessonEntry, entry: Entry, spoken: str, left: list[course.LessonEntry]
) -> str:
    check = {True: "home_passed", False: "home_failed", None: "home_open"}[entry.get("check")]
    names = exercises.of_lesson(lesson.name)
    solved = sum(name in entry.get("exercises", []) for name in names)
    title = f"{lesson.number} · {lesson.title[spoken]}"
    cells = [
        f'<th scope="row"><a href="{lesson.name}.ipynb">{html.escape(title)}</a></th>',
        f'<td class="number">{minutes(lesson, spoken).reading}</td>',
        f"<td>{html.escape(say(check))}</td>",
        f"<td>{say('home_of', solved=solved, all=len(names))}</td>",
    ]
    marked = ' class="next" aria-current="step"' if left and lesson is left[0] else ""
    return f"<tr{marked}>{''.join(cells)}</tr>"
