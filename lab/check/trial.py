"""One trial: a learner's files are served, and the probes of a lesson go through them."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock, Timer
from typing import TypeVar

from lab.check.browsing import Browsing
from lab.check.evidence import Evidence, from_json
from lab.check.probes import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered
from lab.check.sandbox import Sandbox
from lab.check.serving import STEP_SECONDS, Failure, Preparation, Server, Way
from lab.errors import LabError
from lab.messages import say
from lab.run.valkey import Valkey

Begun = TypeVar("Begun", Preparation, Server)

STARTS = Probe("starts", "01-template", lambda _: None)
"""The project can be served; no more is asked of it."""


@dataclass
class Outcome:
    """The probes that passed, each with a remark, and the evidence of the first that failed."""

    passed: dict[str, str] = field(default_factory=dict)
    failure: Evidence | None = None
    slow: bool = False
    """Whether the time was over before a probe could tell."""

    @property
    def ok(self) -> bool:
        """Whether all passed."""
        return self.failure is None and not self.slow

    def add(self, other: "Outcome") -> None:
        """Go on with what came of others."""
        self.passed |= other.passed
        self.failure, self.slow = other.failure, other.slow


class Trials:
    """What all trials of one check share: the sandbox, a browser, a Valkey."""

    def __init__(self, box: Sandbox, lesson: str, browsing: Browsing | None) -> None:
        self.box, self.lesson, self.way = box, lesson, Way.of(lesson)
        self.browsing = browsing
        self._valkey: Valkey | None = None

    def run(
        self,
        files: Mapping[str, str | None],
        probes: Sequence[Probe],
        haste: float = 1.0,
        tell: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Try files (path: text, or None: none) with these probes, up to the first that fails.

        With haste below 1, an answer that is late counts as missing so much sooner. What is
        tried is told as it begins, in words; by two threads, where there is a browser.
        """
        return _Trial(self, self.box.lay_out(files), haste, tell).run(probes)

    def valkey(self) -> Valkey | None:
        """A Valkey of the check's own, or None where there is none for this system."""
        if self._valkey is None:
            with suppress(LabError, OSError):
                self._valkey = Valkey.start(self.box.bench.place("valkey") / "log")
        return self._valkey

    def end(self) -> None:
        """Stop the Valkey; the bench ends the rest."""
        if self._valkey is not None:
            with suppress(LabError):  # the check's own trouble
                self._valkey.stop()


class _Trial:
    """One of them: its servers, and what comes of its probes."""

    def __init__(
        self,
        trials: Trials,
        folder: Path,
        haste: float,
        tell: Callable[[str], None] | None,
    ) -> None:
        self._all, self._folder, self._haste, self._tell = trials, folder, haste, tell
        self._running: list[Preparation | Server] = []
        self._preparation: Preparation | None = None
        self._preparing = Lock()
        self._ending = Lock()
        self._ended = False
        # Servers of one project sign with one secret; else each would make its own.
        self._secret = secrets.token_urlsafe(50)

    def run(self, probes: Sequence[Probe]) -> Outcome:
        """Go through the probes; a browser is at work beside the others, and who merely waits."""
        lanes = defaultdict[str, list[Probe]](list)
        for probe in probes:
            lanes[probe.lane].append(probe)
        ways = {
            "wire": self._on_a_server,
            "beside": self._on_two,
            "operated": self._on_its_own,
            "tests": self._on_none,
        }
        meanwhile = {"killed": self._on_its_own, "page": self._on_a_server}
        # A project that always says a little more would be listened to for ever.
        time_is_up = Timer(max(0.0, self._all.box.left), self._end)
        time_is_up.daemon = True
        beside = ThreadPoolExecutor(len(meanwhile))
        outcome = Outcome()
        try:
            time_is_up.start()
            others = [beside.submit(self._try, way, lanes[lane]) for lane, way in meanwhile.items()]
            for lane, way in ways.items():
                if outcome.ok:
                    outcome.add(self._try(way, lanes[lane]))
            for other in others:
                if outcome.ok:
                    outcome.add(other.result(max(0.0, self._all.box.left)))
        except TimeoutError:
            outcome.slow = True
        finally:
            time_is_up.cancel()
            self._end()
            beside.shutdown(wait=False)
        return outcome

    def _end(self) -> None:
        """Stop its servers, also one that is just being started; who waits for them goes on."""
        with self._ending:
            self._ended = True
        for running in self._running:
            running.stop()

    def _try(
        self, way: Callable[[Sequence[Probe], Outcome], None], probes: Sequence[Probe]
    ) -> Outcome:
        outcome = Outcome()
        try:
            if probes:
                way(probes, outcome)
        except Failure as failure:
            if self._ended:
                outcome.slow = True
            else:
                outcome.failure = failure.evidence
        except OSError:  # the time is over; or the bench is gone, or its disk is full
            outcome.slow = True
        return outcome

    def _on_a_server(self, probes: Sequence[Probe], outcome: Outcome) -> None:
        prepared = self._prepared()
        try:
            [(server, site)] = self._serve(prepared)
        finally:
            outcome.passed |= dict.fromkeys(prepared.passed, "")
        for probe in probes:
            self._attempt(probe, site, outcome, server)

    def _on_its_own(self, probes: Sequence[Probe], outcome: Outcome) -> None:
        """Servers for each, with what it has decided for them; it talks to the first."""
        for probe in probes:
            (server, site), *_ = self._serve(self._prepared(), probe)
            if server.is_shortened:
                self._attempt(probe, site, outcome, server)
            else:
                outcome.passed[probe.name] = "check_not_shortened"

    def _on_two(self, probes: Sequence[Probe], outcome: Outcome) -> None:
        """Servers with one database and one Valkey."""
        for probe in probes:
            valkey = self._all.valkey()
            if valkey is None:
                outcome.passed[probe.name] = "check_no_valkey"
                continue
            variables = {"CHANNEL_LAYER_URL": valkey.url}
            served = self._serve(self._prepare(**variables), replace(probe, variables=variables))
            servers, (site, *_) = zip(*served, strict=True)
            site.valkey_port = valkey.port
            self._attempt(probe, site, outcome, *servers)

    def _on_none(self, probes: Sequence[Probe], outcome: Outcome) -> None:
        site = Site(0, self._all.lesson, self._all.box, self._folder)
        for probe in probes:
            try:
                self._attempt(probe, site, outcome)
            except Unanswered as missing:
                evidence = from_json(probe.name, {"kind": missing.kind, **missing.seen})
                raise Failure(evidence) from missing

    def _attempt(self, probe: Probe, site: Site, outcome: Outcome, *servers: Server) -> None:
        """Go through one probe, while its servers note what they see of it."""
        if self._tell is not None:
            self._tell(say(f"check_tried_{probe.name}"))
        with ExitStack() as noting:
            for server in servers:
                noting.enter_context(server.trying(probe.name))
            probe.attempt(site)
        if probe.name == "talk" and (raised := servers[0].raised()):
            raise Failure(raised)
        for server in servers:
            if forgotten := server.forgotten(probe.name):
                raise Failure(forgotten)
        outcome.passed[probe.name], site.remark = site.remark, ""

    def _prepared(self) -> Preparation:
        """What both lanes that need one server each wait for."""
        with self._preparing:
            if self._preparation is None:
                self._preparation = self._prepare()
            return self._preparation

    def _prepare(self, **variables: str) -> Preparation:
        begin = partial(Preparation, self._all.box, self._all.way, self._folder)
        return self._begun(begin, variables)

    def _serve(self, prepared: Preparation, probe: Probe = STARTS) -> list[tuple[Server, Site]]:
        """As many servers as a probe needs, with one database, and their sites, once they listen."""
        database = self._all.box.bench.place("database")
        way = replace(self._all.way, ws=probe.ws or self._all.way.ws)
        begin = partial(Server, self._all.box, way, self._folder, database, probe.shortened)
        servers = [self._begun(begin, probe.variables) for _ in range(probe.servers)]
        until = self._all.box.deadline - 1
        prepared.wait(until)
        prepared.copy_database(database)
        served = [(server, self._site(server, server.wait(until))) for server in servers]
        first = served[0][1]
        for _, other in served[1:]:
            first.beside, other.members = other, first.members
        return served

    def _begun(
        self, begin: Callable[[float, Mapping[str, str]], Begun], variables: Mapping[str, str]
    ) -> Begun:
        """A preparation or a server that has begun, and will be stopped."""
        seconds = STEP_SECONDS * self._haste
        begun = begin(seconds, {**variables, "SECRET_KEY": self._secret})
        with self._ending:
            self._running.append(begun)
            if self._ended:  # the other lane has failed meanwhile, or the time is up
                begun.stop()
        return begun

    def _site(self, server: Server, port: int) -> Site:
        return Site(
            port,
            self._all.lesson,
            self._all.box,
            self._folder,
            haste=self._haste,
            bounds=server.bounds,
            kill=server.stop,
            browsing=self._all.browsing,
        )
