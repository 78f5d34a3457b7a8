"""The one error that lab raises for what a person can mend."""


class LabError(Exception):
    """A problem told in a line or two, in the learner's language, with what to do next."""

    def _render_traceback_(self, *_: object) -> list[str]:
        # IPython shows this instead of a traceback through lab, which would help nobody.
        return [str(self)]
