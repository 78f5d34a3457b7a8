"""The results as a picture: deliveries a second over the number of readers."""

from pathlib import Path
from textwrap import fill

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

# Okabe and Ito's colours, that colour-blind people can tell apart too; ours is black.
STYLES = {
    "finished": ("#000000", "o", "-"),
    "finished-two": ("#000000", "o", "--"),
    "seed": ("#999999", "v", "-"),
    "tutorial-daphne": ("#E69F00", "s", "-"),
    "tutorial-uvicorn": ("#D55E00", "D", "-"),
    "starlette": ("#0072B2", "^", "-"),
    "websockets": ("#56B4E9", "P", "-"),
    "ws": ("#009E73", "X", "-"),
    "socket.io": ("#CC79A7", "*", "-"),
}
"""Each peer's colour, marker and line."""
LEGEND_WIDTH, BELOW_WIDTH = 36, 170
"""Letters in a line of the legend, and of what stands below the plot."""


def draw(results: dict, file: Path) -> None:
    """Write the plot: a line a peer through its medians, with bars from least to most."""
    figure, axes = plt.subplots(figsize=(9, 5.2), dpi=150, facecolor="white")
    for peer, found in results["summary"].items():
        points = [
            (int(size), room["deliveries_per_second"])
            for size, room in found["rooms"].items()
            if "deliveries_per_second" in room
        ]
        if not points:
            continue
        colour, marker, line = STYLES.get(peer, ("#555555", ".", ":"))
        medians = [figure["median"] for _, figure in points]
        axes.errorbar(
            [size for size, _ in points],
            medians,
            yerr=[
                [figure["median"] - figure["least"] for _, figure in points],
                [figure["most"] - figure["median"] for _, figure in points],
            ],
            label=fill(results["peers"][peer], LEGEND_WIDTH),
            color=colour,
            marker=marker,
            linestyle=line,
            markerfacecolor="white" if line == "--" else colour,
            markersize=8,
            linewidth=3 if peer == "finished" else 1.6,
            capsize=3,
            zorder=3 if peer == "finished" else 2,
        )
    axes.set(xscale="log", yscale="log", xlabel="readers in the room")
    axes.set_title("Deliveries a second, each server on one core: more is better", loc="left")
    axes.set_xticks(results["settings"]["readers"])
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.set_major_formatter(plain)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(plain)
    axes.grid(which="major", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9)
    figure.text(0.01, 0.01, _below(results), fontsize=7, color="#333333")
    figure.subplots_adjust(left=0.09, right=0.65, top=0.92, bottom=0.17)
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)


def _below(results: dict) -> str:
    machine, versions = results["machine"], results["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    where = f"{machine['cpu']}, {machine['system']} {machine['kernel']}, {results['date']}. "
    return fill(where + named, BELOW_WIDTH)
