"""The teacher's page, its door, and what can be taken home of it."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from lab import language
from lab.board import doors, exports
from lab.board.register import LONGEST_HINT, Register
from lab.messages import catalogue, say

PREFIX = "board_page_"


def words() -> dict[str, str]:
    """What the page says, by the names that it has there."""
    spoken = language.current()
    texts = catalogue().items()
    return {key.removeprefix(PREFIX): text[spoken] for key, text in texts if key.startswith(PREFIX)}


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The board for who gave the password, and for others the question for it."""
    if request.method == "POST":
        return _enter(request)
    if not doors.is_teacher(request):
        return _door(request)
    place = request.scope["place"]
    shown = {
        "language": language.current(),
        "words": words(),
        "code": request.scope["doors"].code,
        "join": place.join_line,
        "reach": place.who_can_reach,
        "longest": LONGEST_HINT,
        "anonymous": request.scope["register"].anonymous,
    }
    return render(request, "board.html", shown)


def _enter(request: HttpRequest) -> HttpResponse:
    guarded: doors.Doors = request.scope["doors"]
    if guarded.opens(request, request.POST.get("password", "")):
        return doors.let_in(request, redirect("."))
    seconds = guarded.seconds_to_wait(request)
    said = say("board_page_wait", seconds=seconds) if seconds else say("board_page_wrong_password")
    return _door(request, said, 429 if seconds else 403)


def _door(request: HttpRequest, said: str = "", status: int = 200) -> HttpResponse:
    shown = {"language": language.current(), "words": words(), "said": said}
    return render(request, "door.html", shown, status=status)


@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """How the class stands, as a table."""
    if not doors.is_teacher(request):
        return redirect(".")
    register: Register = request.scope["register"]
    table = exports.as_csv(register.standings(), register.anonymous)
    return _file(HttpResponse(table, content_type="text/csv; charset=utf-8"), "class.csv")


@require_GET
def as_json(request: HttpRequest) -> HttpResponse:
    """The same as data."""
    if not doors.is_teacher(request):
        return redirect(".")
    register: Register = request.scope["register"]
    data = exports.as_data(register.standings(), register.anonymous)
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return _file(HttpResponse(text, content_type="application/json"), "class.json")


def _file(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
