"""Who is in the playground's Telegram, and in which chats."""

from typing import Any

from gptbot.playground.world import Chat, Json, World

ADMIN_RIGHTS = {
    "can_be_edited": False,
    "is_anonymous": False,
    **dict.fromkeys(
        [
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
            "can_pin_messages",
            "can_send_welcome_messages",
        ],
        True,
    ),
}
"""What Telegram tells about an admin of a group (Bot API, ChatMemberAdministrator)."""


class Members:
    """People, groups and topics, and the bot's own membership."""

    def __init__(self, world: World) -> None:
        self.world = world

    # --- who and where

    def add_user(
        self,
        user_id: int,
        first_name: str,
        username: str | None = None,
        language_code: str | None = "en",
        *,
        started: bool = True,
        **more: Any,
    ) -> Json:
        """A person with a private chat; `started` off: the bot can't write before they have written once."""
        user: Json = {"id": user_id, "is_bot": False, "first_name": first_name}
        if username:
            user["username"] = username
        if language_code:
            user["language_code"] = language_code
        user |= more
        self.world.users[user_id] = user
        info = {key: value for key, value in user.items() if key in ("id", "first_name", "last_name", "username")}
        chat = self.world.chats[user_id] = Chat({**info, "type": "private"}, started=started)
        chat.members[user_id] = "member"
        self._chat_changed(chat)
        return user

    def add_group(
        self, chat_id: int, title: str, members: list[int], *, forum: bool = False, basic: bool = False
    ) -> Chat:
        """A supergroup or a `basic` group (negative id) with the bot in it; its creator is the first member."""
        info: Json = {"id": chat_id, "title": title, "type": "group" if basic else "supergroup"}
        if forum:
            info["is_forum"] = True
        chat = self.world.chats[chat_id] = Chat(info)
        chat.members = {user_id: "creator" if user_id == members[0] else "member" for user_id in members}
        self._chat_changed(chat)
        return chat

    def add_topic(self, chat_id: int, name: str) -> int:
        """A topic of a forum (or of a private chat with topics); its message_thread_id."""
        chat = self.world.chats[chat_id]
        thread_id = self.world.next_message_id
        self.world.next_message_id += 1
        chat.topics[thread_id] = name
        self._chat_changed(chat)
        return thread_id

    # --- membership

    def block(self, user_id: int) -> None:
        """The person blocks the bot in their private chat."""
        self._set_private_membership(user_id, blocked=True)

    def unblock(self, user_id: int) -> None:
        self._set_private_membership(user_id, blocked=False)

    def add_bot(self, user_id: int, chat_id: int) -> None:
        """Takes the bot (back) into a group, or gives it its voice back."""
        self._set_bot_status(user_id, chat_id, "member")

    def mute_bot(self, user_id: int, chat_id: int) -> None:
        self._set_bot_status(user_id, chat_id, "restricted")

    def promote_bot(self, user_id: int, chat_id: int) -> None:
        """Makes the bot an admin of a group, with all rights."""
        self._set_bot_status(user_id, chat_id, "administrator")

    def remove_bot(self, user_id: int, chat_id: int) -> None:
        """Puts the bot out of a group."""
        self._set_bot_status(user_id, chat_id, "kicked")

    def upgrade_group(self, user_id: int, chat_id: int, new_id: int, *, notices: bool = True) -> Chat:
        """Makes a supergroup of a basic group: another chat (Bot API, migrate_to_chat_id)."""
        old = self._chat_of(user_id, chat_id)
        new = self.world.chats[new_id] = Chat({**old.info, "id": new_id, "type": "supergroup"})
        new.members = dict(old.members)
        old.upgraded_to = new_id
        anonymous: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        told = [
            self.world.post(old, self.world.users[user_id], {"migrate_to_chat_id": new_id}),
            self.world.post(new, anonymous, {"migrate_from_chat_id": chat_id, "sender_chat": new.info}),
        ]
        for notice in told if notices else ():
            self.world.updates.push("message", notice)
        self._chat_changed(new)
        return new

    def _set_bot_status(self, user_id: int, chat_id: int, status: str) -> None:
        chat = self._chat_of(user_id, chat_id)
        before, chat.bot_status = chat.bot_status, status
        self._push_membership(user_id, chat, before, status)

    def _set_private_membership(self, user_id: int, *, blocked: bool) -> None:
        chat = self._chat_of(user_id, user_id)
        if chat.blocked == blocked:
            return
        chat.blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        self._push_membership(user_id, chat, before, after)

    def _push_membership(self, user_id: int, chat: Chat, before: str, after: str) -> None:
        more: dict[str, Json] = {
            "kicked": {"until_date": 0},
            "restricted": {"is_member": True, "can_send_messages": False, "until_date": 0},
            "administrator": ADMIN_RIGHTS,
        }

        def member(status: str) -> Json:
            return {"user": self.world.bot, "status": status, **more.get(status, {})}

        update = {
            "chat": chat.info,
            "from": self.world.users[user_id],
            "date": int(self.world.clock()),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        self.world.updates.push("my_chat_member", update)
        self._chat_changed(chat)

    def _chat_of(self, user_id: int, chat_id: int) -> Chat:
        chat = self.world.chats[chat_id]
        if user_id not in chat.members:
            raise LookupError(f"user {user_id} is not in chat {chat_id}")
        return chat

    def _chat_changed(self, chat: Chat) -> None:
        self.world.changed({"type": "chat", **self.world.chat_snapshot(chat)})
