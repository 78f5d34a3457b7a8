"""A text as statements: what is left of it when layout, quotes and comments don't count."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_QUOTED = r'"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?'
_TRIPLE = r'"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)'
_TEMPLATE = r"`(?:\\.|[^`\\])*`?"
_SIGNS = (
    r"\*\*=|//=|>>=|<<=|===|!==|\?\?=|\|\|=|&&=|\.\.\.|->|=>|:=|[=!<>+\-*/%&|^@]="
    r"|\*\*|//|<<|>>|&&|\|\||\?\?|\?\.|\+\+|--|\S"
)


def _pattern(comment: str, string: str, tag: str = "(?!)") -> re.Pattern[str]:
    return re.compile(
        rf"(?P<skipped>[ \t\r\n\f\ufeff]+|{comment})|(?P<string>{string})|(?P<tag>{tag})"
        rf"|(?P<word>[^\W\d][\w$]*)|\d[\w.]*|{_SIGNS}",
        re.DOTALL,
    )


_PYTHON = _pattern(r"\#[^\n]*|\\\r?\n", rf"(?i:[rbuft]{{0,2}})(?:{_TRIPLE}|{_QUOTED})")
_SCRIPT = _pattern(r"//[^\n]*|/\*.*?\*/", rf"{_QUOTED}|{_TEMPLATE}")
_STYLE = _pattern(r"/\*.*?\*/", _QUOTED)
_MARKUP = _pattern(
    r"<!--.*?-->|(?<=\s)//[^\n]*|\{#.*?#\}|\{%\s*comment\b.*?endcomment\s*%\}",
    rf'"[^"\n]*"|(?<==)\'[^\'\n]*\'|{_TEMPLATE}',
    r"</?(?=[A-Za-z!])|\{%|%\}",
)
_INSIDE = re.compile(r"(<(script|style)\b[^>]*>)(.*?)(?=</\2\b|\Z)", re.DOTALL | re.IGNORECASE)
_LANGUAGES = {"py": "python", "js": "script", "css": "style", "html": "markup", "svg": "markup"}
_UNREADABLE = re.compile("[\ud800-\udfff\0]")
"""What no comment and no docstring may hold either: a byte that isn't UTF-8's, or 0."""

_OPENERS, _CLOSERS = ("(", "[", "{"), (")", "]", "}")
_BLOCKS = ("def", "class", "if", "for", "while", "with", "try", "else", "elif", "except", "async")
_GOING_ON = ("else", "elif", "except", "finally", *_CLOSERS)
_UNFINISHED = ("=", "+", "&&", "||", "?", ":", ",", "(", "return")
"""After these, and a few more, a script goes on in the next line, and a brace opens an object."""
_KNOWN = {*keyword.kwlist, *dir(builtins), "self", "cls"}


class Token(NamedTuple):
    """A piece of a text, and the key by which it is the same as another."""

    text: str
    key: str
    start: int
    end: int
    is_word: bool = False
    """Whether it is a name or a keyword of a program."""


@dataclass(eq=False)
class Statement:
    """A logical line of Python, a statement of a script or a style, a tag, or a line of prose."""

    tokens: list[Token]
    end: int
    """Behind it, and behind the docstring that follows it."""
    depth: int = 0
    """How many blocks it is in; negative: its indentation is wrong."""
    indent: str | None = None
    """In Python: the space before it."""
    block: str = ""
    """In Python: the class or function that it is of, such as ChatConsumer.connect."""
    scopes: tuple[str, ...] = ()
    """Where the names that it sees may be bound, the innermost scope last."""
    binds: dict[str, str] = field(default_factory=dict)
    """The names that it gives a value, and their scopes; those after `self.` with their dot."""
    at: int = 0
    """Which of the text's tokens is its first."""

    def __post_init__(self) -> None:
        self.keys = [token.key for token in self.tokens]
        self.said = [token.text for token in self.tokens]
        self.names = [self._name(at) for at in range(len(self.tokens))]
        """Of each token the name, if it is one that could be another."""

    @property
    def start(self) -> int:
        """Where its first token starts."""
        return self.tokens[0].start

    @property
    def opens_block(self) -> bool:
        """Whether a block follows, be its colon forgotten."""
        return self.keys[-1] in (":", "{") or self.keys[0] in _BLOCKS

    @property
    def defines(self) -> tuple[str, str] | None:
        """In Python: "def" or "class", and the name, of what it is the head of."""
        kind = next((kind for kind in ("def", "class") if kind in self.keys[:-1]), None)
        if kind and self.keys[0] in ("@", "async", kind):
            return kind, self.keys[self.keys.index(kind) + 1]
        return None

    @property
    def goes_on(self) -> bool:
        """Whether it doesn't stand alone: a tag, or what ends a block or goes on with it."""
        return self.keys[0] in _GOING_ON or self.is_tag

    @property
    def is_tag(self) -> bool:
        """Whether it is a tag of a page, or of a template."""
        return self.keys[0].startswith(("<tag", "{%"))

    def _name(self, at: int) -> str | None:
        token = self.tokens[at]
        if not token.is_word or token.text in _KNOWN:
            return None
        around = ["", "", *self.keys, ""]
        before, after = around[at + 1], around[at + 3]
        if before == ".":
            return "." + token.text if around[at] == "self" else None
        is_key = before in ("{", ",") and after == ":"
        is_keyword = before in ("(", ",") and after == "=" and not self.defines
        return None if before == "?." or is_key or is_keyword else token.text


def language(path: str) -> str | None:
    """The language of a file that statements() can read, or None."""
    return _LANGUAGES.get(path.rpartition(".")[2].lower())


def statements(text: str, language: str) -> list[Statement]:
    """The statements of a text in one of the languages, however broken it is."""
    found = list(_python(text) if language == "python" else _script(text, language))
    at = 0
    for statement in found:
        statement.at = at
        at += len(statement.tokens)
    return found


# -- tokens -------------------------------------------------------------------


def _tokens(text: str, pattern: re.Pattern[str], start: int, end: int) -> list[Token]:
    found: list[Token] = []
    for match in pattern.finditer(text, start, end):
        piece, at = match[0], match.start()
        if match["string"] and "{" in piece and (piece[0] == "`" or "f" in piece[:2].lower()):
            found += _template(text, piece, at, pattern)
        elif match["string"]:
            found.append(Token(piece, _value(piece, pattern), at, match.end()))
        elif not match["skipped"] or _UNREADABLE.search(piece):
            is_last_comma = found and found[-1].key == "," and piece in _CLOSERS
            if is_last_comma and (piece != ")" or "\n" in text[found[-1].end : at]):
                found.pop()
            is_word = bool(match["word"]) and pattern in (_PYTHON, _SCRIPT)
            key = "<tag" + piece if piece[0] == "<" and match["tag"] else piece
            found.append(Token(piece, key, at, match.end(), is_word))
    return found


def _template(text: str, piece: str, at: int, pattern: re.Pattern[str]) -> Iterator[Token]:
    """The text of a template and, as tokens of their own, what is put into it."""
    for number, part in enumerate(re.split(r"(?<=\{)([^{}]*)(?=\})", piece)):
        if number % 2:
            yield from _tokens(text, pattern, at, at + len(part))
        else:
            unquoted = re.sub(r"^[fFrR]{0,2}[\"'`]+|[\"'`]+$", "", part)
            yield Token(part, "text:" + unquoted, at, at + len(part))
        at += len(part)


def _value(text: str, pattern: re.Pattern[str]) -> str:
    """A key that is the same however a string is quoted."""
    if pattern is _PYTHON:
        try:
            return repr(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            return text
    closed = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    return repr(re.sub(r"\\([\"'`])", r"\1", text[1:-1])) if closed else text


# -- Python -------------------------------------------------------------------


def _python(text: str) -> Iterator[Statement]:
    indents = [""]
    blocks = [("", "", -1)]  # the name, the kind and the depth of each that is open
    seen: set[str] = set()
    last: Statement | None = None
    for tokens, indent in _logical_lines(text):
        if _is_text(tokens):
            if last:
                last.end = tokens[0].end
            continue
        last = Statement(tokens, tokens[-1].end, _depth(indent, indents, last), indent)
        while 0 <= last.depth <= blocks[-1][2]:
            blocks.pop()
        kind, name = last.defines or ("", "")
        if kind and blocks[-1][1] != "def":
            name = f"{blocks[-1][0]}.{name}".lstrip(".")
            while name in seen:
                name += "'"  # defined once more
            seen.add(name)
            blocks.append((name, kind, max(last.depth, 0)))
        last.block = blocks[-1][0]
        last.scopes = ("self", last.block) if blocks[-1][1] == "def" else ("self",)
        last.binds = _bound(text[last.start : last.end], last)
        yield last


def _is_text(tokens: list[Token]) -> bool:
    """Whether a line is nothing but a string, as a docstring is."""
    whole = tokens[0].text.endswith(('"', "'")) and not _UNREADABLE.search(tokens[0].text)
    return len(tokens) == 1 and whole


def _logical_lines(text: str) -> Iterator[tuple[list[Token], str]]:
    """The tokens of each logical line, and its indentation."""
    line: list[Token] = []
    indent, brackets, end, decorator = "", 0, 0, False
    is_broken = not _parses(text)
    for token in _tokens(text, _PYTHON, 0, len(text)):
        between = text[end : token.start].replace("\\\n", "")
        if line and "\n" in between:
            margin = between.rpartition("\n")[2]
            # A bracket was left open, where a word stands no further right than the statement.
            is_left_open = is_broken and token.is_word and len(margin) <= len(indent)
            if brackets <= 0 and decorator:
                decorator = token.key == "@"  # one line with what it decorates
            elif brackets <= 0 or is_left_open:
                yield line, indent
                line, brackets = [], 0
        if not line:
            decorator = token.key == "@"
            indent = text[text.rfind("\n", 0, token.start) + 1 : token.start].lstrip("\ufeff\f")
        line.append(token)
        brackets += (token.key in _OPENERS) - (token.key in _CLOSERS)
        end = token.end
    if line:
        yield line, indent


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _depth(indent: str, indents: list[str], before: Statement | None) -> int:
    """How deep a line is; indents, those of the open blocks, is kept up to date."""
    while len(indent) < len(indents[-1]):
        indents.pop()
    if indent != indents[-1]:
        if not (before and before.opens_block and indent.startswith(indents[-1])):
            return -1 - len(indent)
        indents.append(indent)
    return len(indents) - 1


def _bound(text: str, statement: Statement) -> dict[str, str]:
    """The names that a statement of Python binds, as far as they are a function's or an object's."""
    targets = re.match(r"(\w+(?:\s*,\s*\w+)*)\s*(?::[^=]*)?[-+*/|&]?=(?!=)", text)
    lists = re.findall(r"\bfor\s+([\w\s,()]+?)\s+in\b|\bas\s+(\w+)|\b(\w+)\s*:=", text)
    found = re.findall(r"\w+", " ".join([targets[1] if targets else "", *map(" ".join, lists)]))
    if statement.defines:
        parameters = re.search(r"\bdef\s+\w+\s*\((.*)", text, re.DOTALL)
        found += re.findall(r"(?:^|,)\s*\**(\w+)", parameters[1] if parameters else "")
    attributes = re.findall(r"\bself(\.\w+)\s*(?::[^=]*)?=(?!=)", text)
    own = set(found) - _KNOWN if len(statement.scopes) > 1 else ()
    return dict.fromkeys(own, statement.scopes[-1]) | dict.fromkeys(attributes, "self")


# -- pages, scripts and styles --------------------------------------------------


def _script(text: str, language: str) -> Iterator[Statement]:
    patterns = {"script": _SCRIPT, "style": _STYLE}
    if language == "markup":
        tokens, done = [], 0
        for inside in _INSIDE.finditer(text):
            start, end = inside.span(3)
            tokens += _tokens(text, _MARKUP, done, start)
            tokens += _tokens(text, patterns[inside[2].lower()], start, end)
            done = end
        tokens += _tokens(text, _MARKUP, done, len(text))
    else:
        tokens = _tokens(text, patterns[language], 0, len(text))
    line: list[Token] = []
    stack: list[str] = []  # the open brackets; those of a block are its scope
    outer: tuple[str, ...] = ("",)

    def ended() -> Iterator[Statement]:
        if line:
            yield _of_script(text, list(line), outer, _scopes(stack))
            line.clear()

    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else token
        in_tag = bool(line) and line[0].key.startswith("<tag")
        is_free = not in_tag and (not stack or stack[-1].startswith("{block"))
        goes_on = token.key[0] in ".?" or before.key in _UNFINISHED
        if token.key.startswith(("<tag", "{%")) or (in_tag and before.key == ">"):
            yield from ended()
            stack.clear()
        elif is_free and (
            token.key in "};" or ("\n" in text[before.end : token.start] and not goes_on)
        ):
            yield from ended()
        if not line:
            if token.key == ";":
                continue
            outer = _scopes(stack[:-1] if token.key == "}" else stack)
        line.append(token)
        if in_tag:
            continue
        if token.key in _OPENERS:
            is_object = before.key in (*_UNFINISHED, "[", "??", "...")
            is_block = token.key == "{" and not is_object
            stack.append(f"{{block {number}" if is_block else token.key)
            if is_block:
                yield from ended()
        elif token.key in _CLOSERS and stack:
            stack.pop()
    yield from ended()


def _scopes(stack: list[str]) -> tuple[str, ...]:
    return ("", *(bracket for bracket in stack if bracket.startswith("{block")))


def _of_script(
    text: str, tokens: list[Token], outer: tuple[str, ...], inner: tuple[str, ...]
) -> Statement:
    for at in range(1, len(tokens) - 1):  # an object's key is the same without quotes
        if tokens[at - 1].key in ("{", ",") and tokens[at + 1].key == ":":
            tokens[at] = tokens[at]._replace(key=tokens[at].key.strip("\"'"))
    scopes = max(inner, outer, key=len)
    statement = Statement(tokens, tokens[-1].end, len(outer) - 1, scopes=scopes)
    source = text[statement.start : statement.end]
    own = re.findall(r"\b(?:const|let|var|function)\s+(\w+)", source)
    statement.binds = dict.fromkeys(own, outer[-1])
    for parameters in re.findall(
        r"\bfunction\s*\w*\s*\(([^()]*)\)|\(([^()]*)\)\s*=>|(\w+)\s*=>", source
    ):
        names = re.findall(r"(?:^|,)\s*(\w+)", "".join(parameters))
        statement.binds |= dict.fromkeys(names, scopes[-1])
    return statement
