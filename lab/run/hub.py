"""A port of the class's hub for a page, where browsers are on other machines (`make hub`)."""

import json
import os
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

from lab.errors import LabError
from lab.messages import say

ANSWER_TIMEOUT = 15
"""Seconds that the hub may take to say where a page is."""


def page(port: int) -> dict[str, Any] | None:
    """Where a browser finds what listens at that port of this machine; None where there is no hub.

    It is a `scheme`, a `port` of the name that the browser has for the hub, and a `query` that lets
    it in. Raises LabError: the hub has no port left, or doesn't answer.
    """
    asked = os.environ.get("LAB_PAGES")
    if asked is None:
        return None
    connection = HTTPConnection(asked, timeout=ANSWER_TIMEOUT)
    headers = {"Authorization": f"token {os.environ.get('JUPYTERHUB_API_TOKEN')}"}
    try:
        connection.request("POST", "/", json.dumps({"port": port}), headers)
        answer = connection.getresponse()
        if answer.status == HTTPStatus.OK:
            found: dict[str, Any] = json.load(answer)
            return found
        is_full = answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    except (OSError, HTTPException):
        is_full = False
    finally:
        connection.close()
    raise LabError(say("page_hub_full" if is_full else "page_hub_silent"))
