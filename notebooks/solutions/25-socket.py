"""25-socket: the exercises' checks and worked answers. Reading on spoils them."""

from websockets.frames import Frame, Opcode

from lab.exercises import NotYet, exercise

SIZES = {"small": 125, "medium": 126, "large": 65_536}


@exercise(
    answer="""
# Two bytes of header; then two more for a size above 125, or eight above 65,535.
small, medium, large = 2 + 125, 4 + 126, 10 + 65_536

await lesson.exercise("frame-sizes", small, medium, large)
""",
    wrong=(
        """
small, medium, large = 2 + 125, 2 + 126, 10 + 65_536

await lesson.exercise("frame-sizes", small, medium, large)
""",
        """
small, medium, large = 2 + 125, 4 + 126, 4 + 65_536

await lesson.exercise("frame-sizes", small, medium, large)
""",
        """
small, medium, large = 6 + 125, 8 + 126, 14 + 65_536

await lesson.exercise("frame-sizes", small, medium, large)
""",
    ),
)
def frame_sizes(small: object, medium: object, large: object) -> None:
    """Makes a frame of each size, as the library does."""
    for (name, size), given in zip(SIZES.items(), (small, medium, large), strict=True):
        right = len(Frame(Opcode.TEXT, b"x" * size).serialize(mask=False))
        if given != right:
            raise NotYet(
                f"`{name}`: {given} não. O texto tem {size} bytes; some o cabeçalho, que vem antes "
                "dele e não leva máscara.",
                f"`{name}`: not {given}. The text has {size} bytes; add the header, which comes "
                "before it and has no mask.",
            )
