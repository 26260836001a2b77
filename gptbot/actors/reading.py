"""The files of a question, before the model is asked: pictures to look at, recordings to hear, documents to read.

What was heard is shown as a quote, and stored with the question in the same commit: a replay after a crash neither
listens nor shows it again. Everything is held in memory, within the owner's limits, and gone with the turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.commands.visit import Visit
from gptbot.domain.attached import Attached, heard_words
from gptbot.domain.outgoing import Text
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import FileKind, SentFile
from gptbot.ports import DocumentError, FileError, FileTrouble
from gptbot.texts.names import safe_line

log = structlog.get_logger()

CHARACTERS_PER_TOKEN_MAX = 8
"""No usual text has more: so many characters of a document are looked at for each token that it may have."""
SPEECH_BYTES_PER_S = 2_000
"""A recording of unknown length is taken for as long as it would be at this rate, which is that of voice messages."""

NAME_MAX = 100
QUOTE_CHARACTERS = 2_000
"""So many characters fit into a message, whatever they are (Bot API: 4096 UTF-16 units)."""


class Declined(Exception):
    """The question is not asked, for a file can't be used or a purse is empty: `key` and `values` say why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Material:
    """What the model gets of a question: its words, what came along, and the pictures' bytes."""

    words: str
    attached: Attached
    pictures: tuple[bytes, ...] = ()


def of_kind(files: Sequence[SentFile], kind: FileKind) -> list[SentFile]:
    return [file for file in files if file.kind == kind]


def seconds_of(files: Sequence[SentFile]) -> int:
    """How long the recordings are together; what Telegram doesn't tell is estimated by the size."""
    return sum(file.duration_s or -(-file.size // SPEECH_BYTES_PER_S) for file in of_kind(files, "speech"))


async def pictures_of(desk: Desk, file_ids: Sequence[str]) -> tuple[bytes, ...]:
    """The pictures of earlier questions; those that are gone, or beyond the limit together, are left out."""
    found: list[bytes] = []
    room = desk.rules.file_bytes_max
    for file_id in file_ids:
        try:
            found.append(await desk.files.download(file_id, room))
        except FileError:
            continue
        room -= len(found[-1])
    return tuple(found)


def check_files(rules: Rules, files: Sequence[SentFile]) -> None:
    """Everything that can be known before anything is downloaded. Raises Declined."""
    if of_kind(files, "speech") and rules.transcription_model is None:
        raise Declined("media.no_transcription")
    if seconds_of(files) > rules.voice_seconds_max:
        raise Declined("media.too_long", limit=rules.voice_seconds_max)
    if sum(file.size for file in files) > rules.file_bytes_max:
        raise _too_large(rules)


def _too_large(rules: Rules) -> Declined:
    return Declined("media.too_large", mb=f"{rules.file_bytes_max / 1_000_000:g}")


def _shown_name(file: SentFile) -> str:
    return safe_line(file.name, NAME_MAX) or "?"


class Reading:
    """Reads the files of one question. `read` once."""

    def __init__(self, desk: Desk, question: Question, visit: Visit, files: Sequence[SentFile]) -> None:
        self._desk = desk
        self._question = question
        self._visit = visit
        self._files = files
        self._room = desk.rules.file_bytes_max  # bytes, for all of them together
        self._notes: list[Text] = []

    async def read(self) -> Material:
        """Raises Declined; ModelError if listening fails."""
        heard = await self._hear()
        written = await self._read_documents()
        pictures = of_kind(self._files, "picture")
        contents = [await self._download(file) for file in pictures]
        if self._question.asked.heard is None and (heard or self._notes):
            await self._show(heard)
        words = self._question.text
        if heard and words.strip():
            written.insert(0, heard_words(heard))
            heard = ""
        elif not words.strip():
            words = heard or self._usual_question()
        file_ids = tuple(file.file_id for file in pictures)
        return Material(words, Attached("\n\n".join(written), file_ids, heard=bool(heard)), tuple(contents))

    def _usual_question(self) -> str:
        """What is asked about files that came without a word."""
        kind = "picture" if of_kind(self._files, "picture") else "document"
        return self._visit.words.plain(f"media.question.{kind}")

    async def _download(self, file: SentFile) -> bytes:
        try:
            content = await self._desk.files.download(file.file_id, self._room)
        except FileError as error:
            log.warning("file.failed", trouble=error.trouble, detail=error.detail)
            if error.trouble is FileTrouble.TOO_LARGE:
                raise _too_large(self._desk.rules) from None
            raise Declined(f"media.{error.trouble}") from None
        self._room -= len(content)
        return content

    # --- recordings --------------------------------------------------------------------------------------------------

    async def _hear(self) -> str:
        recordings = of_kind(self._files, "speech")
        if not recordings:
            return ""
        if self._question.asked.heard is not None:
            return self._question.asked.heard
        model = self._desk.transcription_model
        said = [await model.transcribe(await self._download(file), file.name) for file in recordings]
        heard = "\n\n".join(text.strip() for text in said if text.strip())
        if not heard:
            raise Declined("media.nothing_heard")
        return heard

    async def _show(self, heard: str) -> None:
        question, visit = self._question, self._visit
        question.asked, question.pinned = replace(question.asked, heard=heard), True
        quotes = [heard[start : start + QUOTE_CHARACTERS] for start in range(0, len(heard), QUOTE_CHARACTERS)]

        def show(tx: Transaction) -> None:
            tx.pin(question.update.update_id, question.asked.to_bytes())
            for text in (*(visit.words("media.heard", text=quote) for quote in quotes), *self._notes):
                tx.send(visit.reply(text))

        await self._desk.storage.commit(show)

    # --- documents ---------------------------------------------------------------------------------------------------

    async def _read_documents(self) -> list[str]:
        tokens = self._desk.rules.file_tokens_max
        written = []
        for file in of_kind(self._files, "document"):
            text, tokens = await self._read_document(file, tokens)
            written.append(f"{self._visit.words.plain('media.document.head', name=_shown_name(file))}\n{text}")
        return written

    async def _read_document(self, file: SentFile, tokens_max: int) -> tuple[str, int]:
        """Its text and the tokens that are left for the next one; a word about it if its end is cut."""
        content = await self._download(file)
        try:
            document = await self._desk.documents.read(content, max(tokens_max, 1) * CHARACTERS_PER_TOKEN_MAX)
        except DocumentError as error:
            log.info("document.unreadable", trouble=error.trouble, detail=error.detail)
            raise Declined(f"media.document.{error.trouble}", name=_shown_name(file)) from None
        text, tokens = document.text, (await self._desk.counter.count_many([document.text]))[0]
        if document.cut or tokens > tokens_max:
            text = text[: len(text) * tokens_max // max(tokens, tokens_max, 1)]
            tokens = min(tokens, tokens_max)
            self._notes.append(self._visit.words("media.cut", name=_shown_name(file), tokens=tokens))
        return text, tokens_max - tokens
