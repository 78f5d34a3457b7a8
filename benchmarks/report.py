"""The results as people read them: results.md, in tables."""

from collections.abc import Callable

from benchmarks.summary import Target, failures, targets

NONE = "-"
FLAG = "†"
"""Stands by a figure that something else than its server may have limited."""


def markdown(results: dict) -> str:
    """The report of a whole run, as benchmarks.__main__ collects it."""
    summary, settings = results["summary"], results["settings"]
    sizes = [str(readers) for readers in settings["readers"]]
    heads = [f"{int(size):,}" for size in sizes]
    titles = results["peers"]

    def table(heading: str, name: str, digits: int) -> list[str]:
        rows = {
            titles[peer]: [cell(found["rooms"].get(size, {}).get(name), digits) for size in sizes]
            for peer, found in summary.items()
        }
        return ["", f"## {heading}", "", *_table(["readers", *heads], rows)]

    lines = [
        "# Our finished chat and its peers",
        "",
        "Written by `make bench`; [how it is measured](../README.md).",
        f"{results['date']}, {settings['rounds']} interleaved rounds: the median (least to most).",
        "",
        _machine(results),
        "",
        "![Deliveries a second](results.png)",
        "",
        "A dash: not measured. Where a message takes a design seconds, its larger rooms are left out.",
    ]
    if results["left_out"]:
        lines += ["", "**Left out:**", ""]
        lines += [f"- {titles[peer]}: {why}" for peer, why in results["left_out"].items()]
    lines += table("Deliveries a second, eight messages under way", "deliveries_per_second", 0)
    lines += table("Latency at half of the peer's own maximum: median, ms", "half_load_p50_ms", 2)
    lines += table("Latency at half of the peer's own maximum: p99, ms", "half_load_p99_ms", 2)
    lines += table("Latency at half of Socket.IO's maximum: median, ms", "paced_p50_ms", 2)
    lines += table("Latency at half of Socket.IO's maximum: p99, ms", "paced_p99_ms", 2)
    lines += table(
        "Messages a second at half of Socket.IO's maximum", "paced_messages_per_second", 0
    )
    lines += table("Server's CPU seconds a million deliveries", "cpu_seconds_per_million", 2)
    rows = {
        titles[peer]: [
            cell(found["connections_per_second"], 0),
            cell(found["kib_per_reader"], 1),
            cell(found["rss_kib_per_reader"], 1),
        ]
        for peer, found in summary.items()
    }
    heads_alone = ["", "connections/s", "KiB an idle reader (USS)", "KiB an idle reader (RSS)"]
    lines += ["", "## Connections and memory", "", *_table(heads_alone, rows)]
    lines += _spread(summary, sizes)
    lines += ["", "## Targets", "", *_targets(targets(summary))]
    lines += _load_generator(results, table)
    failed = list(failures(results["rounds"]))
    lines += ["", "## Failures", "", *([f"- {failure}" for failure in failed] or ["None."])]
    return "\n".join(lines) + "\n"


def cell(figure: dict | None, digits: int) -> str:
    """A figure as it stands in a table."""
    if figure is None:
        return NONE
    middle, least, most = (f"{figure[key]:,.{digits}f}" for key in ("median", "least", "most"))
    text = middle if figure["rounds"] == 1 else f"{middle} ({least} to {most})"
    if figure["flagged"]:
        text += f" {FLAG}"
    if figure["failed"]:
        text += f", {figure['failed']} failed"
    return text


def _machine(results: dict) -> str:
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    pinned = (
        "server on one core, load on another"
        if results["settings"]["cores"]
        else "**not pinned to cores: this system can't, or has only one**"
    )
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']} {machine['kernel']}; {pinned}. {versions}."
    )


def _spread(summary: dict, sizes: list[str]) -> list[str]:
    """Whether the connections really were with all of a peer's processes."""
    lines = []
    for peer, found in summary.items():
        shares = {size: found["rooms"].get(size, {}).get("fewest_connections") for size in sizes}
        said = [f"{cell(share, 2)} with {int(size):,}" for size, share in shares.items() if share]
        if said:
            lines += ["", f"Of its readers and sender, `{peer}`'s emptiest process had a share of"]
            lines += [", ".join(said) + " readers."]
    return lines


def _load_generator(results: dict, table: Callable[[str, str, int], list[str]]) -> list[str]:
    lines = table("The load generator's share of its core", "load_share_of_core", 2)
    lines += [
        "",
        (
            f"{FLAG} in some round it used over 90 % or sent late, or other programs took "
            "over 10 % of a core."
        ),
    ]
    if not results["calibration"]:
        return lines
    lines += ["", "What it can take, from servers that are no chat:", ""]
    rows = {}
    for bare in results["calibration"]:
        for readers, room in bare["rooms"].items():
            title = f"{bare['title']}, {readers} readers"
            if "failed" in room:
                rows[title] = [f"failed: {room['failed']}", NONE, NONE]
                continue
            closed = room["closed"]
            each = closed["load_cpu"] / closed["deliveries"]
            rows[title] = [
                f"{closed['deliveries'] / closed['seconds']:,.0f}",
                f"{closed['load_cpu'] / closed['seconds']:.2f}",
                f"{1 / each:,.0f}",
            ]
    heads = ["", "deliveries/s", "share of its core", "deliveries/s with all of it"]
    return [*lines, *_table(heads, rows)]


def _targets(all_targets: list[Target]) -> list[str]:
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = {
        target.text: [
            ("≥ " if target.at_least else "≤ ") + f"{target.goal:g}",
            NONE if target.found is None else f"{target.found:.2f}",
            words[target.met],
        ]
        for target in all_targets
    }
    return _table(["the finished chat's", "target", "found", ""], rows)


def _table(heads: list[str], rows: dict[str, list[str]]) -> list[str]:
    rule = "|---" + "|---:" * (len(heads) - 1) + "|"
    lines = [f"| {' | '.join(heads)} |", rule]
    return lines + [f"| {' | '.join([title, *cells])} |" for title, cells in rows.items()]


IN_SHORT = ("finished", "tutorial-daphne", "starlette", "socket.io", "websockets")
"""The peers that the READMEs show, of all that there are."""


def in_short(results: dict) -> list[str]:
    """The rows of the READMEs' table, medians all: deliveries a second, memory, connections.

    Every size that was measured is shown, also the one at which our chat comes last.
    """
    rows = []
    for peer in IN_SHORT:
        found = results["summary"][peer]
        rooms = [found["rooms"].get(str(size), {}) for size in results["settings"]["readers"]]
        figures = [(room.get("deliveries_per_second"), 0) for room in rooms]
        figures += [(found["kib_per_reader"], 1), (found["connections_per_second"], 0)]
        cells = [
            f"{figure['median']:,.{digits}f}" if figure else NONE for figure, digits in figures
        ]
        rows.append(f"| {' | '.join([results['peers'][peer], *cells])} |")
    return rows
