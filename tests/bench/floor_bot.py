"""The floor: the least that answers a question with aiogram and the openai SDK, and keeps nothing.

What the bot adds (storage, accounting, order, reports) is measured against this; it is what most bots of this kind are.
"""

import asyncio
import os

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
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def answer(message: Message) -> None:
        completion = await model.chat.completions.create(
            model="gpt-6-luna",
            messages=[
                {"role": "system", "content": "You are a helpful assistant"},
                {"role": "user", "content": message.text or ""},
            ],
        )
        await message.answer(completion.choices[0].message.content or "…")

    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
