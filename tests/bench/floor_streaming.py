"""The floor of streaming: the least that shows a growing answer with aiogram and the openai SDK's typed chunks.

It shows the first words at once and then keeps the pace that Telegram bears (0.4 s for a few frames, then 1 s), as the
bot does; it keeps nothing, and what it shows is plain text. With FLOOR_DRAFTS=0 it only reads and sends the whole.
"""

import asyncio
import os
import time

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from openai import AsyncOpenAI


async def main() -> None:
    """Polls until it is stopped; each update is a task of its own (aiogram's default)."""
    server = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    bot = Bot(os.environ["TELEGRAM_API_KEY"], session=AiohttpSession(api=server, limit=1000))
    model = AsyncOpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url=os.environ["OPENAI_BASE_URL"])
    drafts = os.environ.get("FLOOR_DRAFTS") != "0"
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def answer(message: Message) -> None:
        stream = await model.chat.completions.create(
            model="gpt-6-luna",
            messages=[
                {"role": "system", "content": "You are a helpful assistant"},
                {"role": "user", "content": message.text or ""},
            ],
            stream=True,
            stream_options={"include_usage": True},
        )
        text, frames, next_at = "", 0, 0.0
        async for chunk in stream:
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
            if drafts and text and time.monotonic() >= next_at:
                await bot.send_message_draft(message.chat.id, message.message_id, text=text)
                frames += 1
                next_at = time.monotonic() + (0.4 if frames < 3 else 1.0)
        await message.answer(text or "…")

    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
