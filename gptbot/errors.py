"""Errors that cross the layers and belong to none of the ports."""


class OperatorError(Exception):
    """The bot can't go on until its operator mends something: one sentence that says what (SPEC §2).

    `exit_status` is the process's: 2 for settings, a broken or locked data file and a refused token.
    """

    def __init__(self, sentence: str, exit_status: int = 2) -> None:
        super().__init__(sentence)
        self.exit_status = exit_status
