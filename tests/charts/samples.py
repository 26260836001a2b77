"""Every chart with events to drive it: at least one of each kind, and one for each side of each guard."""

import json
from dataclasses import replace
from typing import Any

from fsm import announcement_words, prompt_entry, reply_chain
from fsm.announcement import Announcement
from fsm.announcement_parts import Content, Link, Tally
from fsm.flow import Flow
from fsm.prompt_entry import PromptEntry
from fsm.reply_chain import ReplyChain

AnyFlow = Flow[Any, Any]

FLOWS: tuple[type[AnyFlow], ...] = (PromptEntry, Announcement, ReplyChain)

CONTENT = Content(chat_id=1, message_id=10, kind="photo")
ALBUM = Content(chat_id=1, message_id=20, kind="photo", album=(20, 21, 22))
LINKS = ((Link("Go", "https://x.org"), Link("Stay", "tg://y")), (Link("Wait", "http://z.org"),))
TALLY = Tally(delivered=5, blocked=1, gone=1, failed=0, unknown=1)


def _prompt_entry_events() -> list[Any]:
    e = prompt_entry
    return [
        e.Opened(None, 7), e.Opened("You are Marv", 4), e.TextTyped("Be brief", 2, 100), e.TextTyped("Be kind", 3, 100),
        e.TextTyped(" \n", 1, 100), e.TextTyped("too long", 101, 100), e.NotTextSent(), e.KeepChosen(), e.ResetChosen(),
        e.ExamplesChosen(), e.SaveChosen(), e.WriteAgainChosen(), e.Cancelled(), e.OtherCommandGiven(), e.IdleTimeout(),
    ]  # fmt: skip


def _announcement_events() -> list[Any]:
    e = announcement_words
    return [
        e.Opened(), e.AudienceChosen("all", 8, 2, 1), e.AudienceChosen("req10", 0, 3, 0), e.BadAudience("unknown"),
        e.ContentGiven(CONTENT), e.ContentGiven(ALBUM), e.ContentRefused("poll"), e.ChangeContentChosen(),
        e.ChangeAudienceChosen(), e.PreviewRefused(gone=False), e.PreviewRefused(gone=True), e.ChangeLinksChosen(),
        e.LinksGiven(LINKS), e.LinksRefused("no_address", 2), e.RemoveLinksChosen(), e.BackChosen(),
        e.Confirmed(9, 3, 1), e.Confirmed(0, 10, 0), e.Paused(), e.Resumed(), e.Progressed(3, 8), e.Finished(TALLY),
        e.Cancelled(), e.OtherCommandGiven(), e.IdleTimeout(),
    ]  # fmt: skip


def _reply_chain_events() -> list[Any]:
    e = reply_chain
    return [
        e.NotAReply(), e.ParentFound(3, is_latest=True), e.ParentFound(2, is_latest=False, quote="this"),
        e.ParentUnknown("once upon", by_us=True), e.ParentUnknown("", by_us=False), e.ContextTrimmed(2, 1),
        e.Refused("purse_empty"), e.ContextReady(), e.FirstTextArrived(), e.AnswerCompleted(), e.ModelFailed("busy"),
        e.StopRequested(), e.UserBlocked(), e.AnswerDelivered(), e.DeliveryRefused(),
    ]  # fmt: skip


EVENTS: dict[type[AnyFlow], list[Any]] = {
    PromptEntry: _prompt_entry_events(),
    Announcement: _announcement_events(),
    ReplyChain: _reply_chain_events(),
}


def copy(flow: AnyFlow) -> AnyFlow:
    """A second flow in the same condition."""
    return replace(flow)


def _reachable(chart: type[AnyFlow]) -> tuple[AnyFlow, ...]:
    found = {json.dumps(chart().snapshot()): chart()}
    waiting = list(found.values())
    while waiting:
        before = waiting.pop()
        for event in EVENTS[chart]:
            flow = copy(before)
            flow.handle(event)
            key = json.dumps(flow.snapshot())
            if key not in found:
                found[key] = flow
                waiting.append(flow)
    return tuple(found.values())


CONDITIONS = {flow: _reachable(flow) for flow in FLOWS}
"""Of every chart, a flow in every condition (state and fields) that these events can bring about. Copy before use."""
