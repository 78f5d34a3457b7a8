"""The learner's files as evidence: finding the line that a failure speaks of."""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

SETTINGS = "mywebsite/settings.py"
ASGI = "mywebsite/asgi.py"
URLS = "mywebsite/urls.py"
CONSUMERS = "chat/consumers.py"
ROUTING = "chat/routing.py"
VIEWS = "chat/views.py"
TEMPLATE = "chat/templates/chat/index.html"
MANAGE = "manage.py"
TEXTS = (".py", ".html", ".txt", ".js", ".css", ".svg")
"""How the names of files that the project reads as text end."""


class Source:
    """The files of one workspace; a file that isn't there has no text and no lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )

    def text(self, file: str | None) -> str:
        """The file's text; empty when there is none."""
        path = self.folder / (file or "")
        return path.read_text("utf-8", "replace") if path.is_file() else ""

    def not_utf8(self) -> tuple[str, int] | None:
        """The first of the project's texts that isn't UTF-8, and the line; None when all are."""
        for file in self.files:
            try:
                if file.endswith(TEXTS):
                    (self.folder / file).read_text("utf-8")
            except UnicodeDecodeError as error:
                return file, error.object.count(b"\n", 0, error.start) + 1
        return None

    def lines(self, file: str | None) -> list[str]:
        """The file's lines."""
        return self.text(file).splitlines()

    def source_line(self, file: str | None, line: int | None) -> str:
        """The text of a line, or an empty one."""
        lines = self.lines(file)
        return lines[line - 1].strip() if line and 0 < line <= len(lines) else ""

    def line(self, file: str | None, pattern: str, after: int = 0) -> int | None:
        """The number of the first line that pattern is found in, below the line after."""
        for number, line in enumerate(self.lines(file), 1):
            if number > after and re.search(pattern, line) and not line.lstrip().startswith("#"):
                return number
        return None

    def find(self, pattern: str, ending: str = ".py") -> tuple[str, int] | None:
        """The first file of that ending, and its line, that pattern is found in."""
        for file in self.files:
            number = self.line(file, pattern) if file.endswith(ending) else None
            if number:
                return file, number
        return None

    def tree(self, file: str | None) -> ast.Module | None:
        """The file's syntax tree, or None when it has none."""
        try:
            return ast.parse(self.text(file))
        except (SyntaxError, ValueError):
            return None

    def empty(self, file: str) -> bool:
        """Whether the file is there with nothing in it but comments or a docstring."""
        tree = self.tree(file)
        return (
            file in self.files
            and tree is not None
            and all(
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                for node in tree.body
            )
        )

    def modules(self) -> list[str]:
        """The dotted names of the Python files."""
        names = [file[:-3].replace("/", ".") for file in self.files if file.endswith(".py")]
        return [name.removesuffix(".__init__") for name in names]

    def like(self, file: str) -> str | None:
        """A file that looks like a misplaced or misnamed one, or None."""
        name = file.rpartition("/")[2]
        others = [other for other in self.files if other != file]
        for other in others:
            found = other.rpartition("/")[2].lower()
            if found in (name, name + ".txt", name.rpartition(".")[0] + ".txt"):
                return other
        near = difflib.get_close_matches(
            name,
            [o.rpartition("/")[2] for o in others if _same_kind(o, file) or name in o + "l"],
            1,
            0.7,
        )
        return next((other for other in others if near and other.endswith(near[0])), None)

    # -- the consumer ------------------------------------------------------

    def consumer(self, file: str = CONSUMERS) -> ast.ClassDef | None:
        """The consumer's class: ChatConsumer, else the last class."""
        tree = self.tree(file)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)] if tree else []
        named = [node for node in classes if node.name == "ChatConsumer"]
        return (named or classes or [None])[-1]

    def is_async(self) -> bool:
        """Whether the consumer's base class is one of the async ones."""
        node = self.consumer()
        return node is not None and any("Async" in ast.unparse(base) for base in node.bases)

    def methods(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The consumer's methods by name."""
        node = self.consumer()
        return {method.name: method for method in functions(node.body)} if node else {}

    def strays(self) -> dict[str, int]:
        """Functions with `self` that are in no class, or within another: name and line."""
        tree = self.tree(CONSUMERS)
        if tree is None:
            return {}
        within = {id(m) for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for m in c.body}
        return {
            node.name: node.lineno
            for node in functions(ast.walk(tree))
            if id(node) not in within and node.args.args and node.args.args[0].arg == "self"
        }

    def setting(self, name: str) -> ast.Assign | None:
        """Where settings.py gives a value to name, the last time."""
        tree = self.tree(SETTINGS)
        found = None
        for node in tree.body if tree else ():
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == name for target in node.targets
            ):
                found = node
        return found

    def setting_like(self, name: str) -> tuple[str, int] | None:
        """An upper-case name in settings.py that was probably meant to be name, and its line."""
        tree = self.tree(SETTINGS)
        names = {
            target.id: node.lineno
            for node in (tree.body if tree else ())
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id != name
        }
        upper = {found.upper(): found for found in names}
        near = difflib.get_close_matches(name, upper, 1, 0.8)
        return (upper[near[0]], names[upper[near[0]]]) if near else None


def _same_kind(one: str, other: str) -> bool:
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def functions(nodes: object) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those of the nodes that are functions."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(node: ast.AST | None, name: str) -> list[ast.Call]:
    """The calls of something.name(...), or name(...), within node."""
    found = []
    for call in ast.walk(node) if node else ():
        if isinstance(call, ast.Call):
            function = call.func
            called = getattr(function, "attr", None) or getattr(function, "id", None)
            if called == name:
                found.append(call)
    return found


def mentions(node: ast.AST | None, name: str) -> list[ast.Attribute]:
    """Where something.name stands within node, called or not."""
    return [
        found
        for found in (ast.walk(node) if node else ())
        if isinstance(found, ast.Attribute) and found.attr == name
    ]


def key_line(node: ast.AST | None, key: str) -> int | None:
    """The line of a dict's key, or of a subscript, within node."""
    for found in ast.walk(node) if node else ():
        if isinstance(found, ast.Dict):
            for name in found.keys:
                if isinstance(name, ast.Constant) and name.value == key:
                    return name.lineno
        if isinstance(found, ast.Subscript) and getattr(found.slice, "value", None) == key:
            return found.lineno
        if isinstance(found, ast.keyword) and found.arg == key:
            return found.value.lineno
    return None
