import time, resource, asyncio, tracemalloc
import pytest
from tests.stories.conftest import House
from tests.stories.kit import Person
from gptbot.playground.faults import RateLimits

def rss():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"): return int(line.split()[1])//1024

@pytest.mark.parametrize("kind", ["help", "question", "press", "edit"])
@pytest.mark.parametrize("hang", [False, True])
async def test_flood(house: House, kind, hang):
    await house.start(RATE_CHAT_PER_S="1", RATE_CHAT_BURST="5")
    alice = await house.member(101, "Alice", "alice")
    bob = await house.member(102, "Bob", "bob")
    bob.timeout_s = 60
    if hang:
        house.telegram.faults.next("sendMessage", "hang", 100, where=lambda p: str(p.get("chat_id")) == "101")
        house.telegram.faults.next("answerCallbackQuery", "hang", 10000)
    before = rss(); tasks = len(asyncio.all_tasks())
    t = time.perf_counter()
    said = await alice.says("q"); 
    for n in range(2000):
        if kind == "help": await alice.says("/help")
        elif kind == "question": await alice.says(f"q {n}")
        elif kind == "press": house.telegram.press(101, 101, alice.last["message_id"], "x:1", forged=True)
        elif kind == "edit": await alice.edits(said, f"q {n}")
    made = time.perf_counter() - t
    mem1 = rss()
    await bob.says("/balance"); await bob.sees("Your balance")
    took = time.perf_counter() - t
    t0 = time.perf_counter(); await bob.says("hello"); await bob.sees("You asked"); lat = time.perf_counter() - t0
    waiting = [t for t in asyncio.all_tasks()]
    import gc
    from gptbot.actors.delivery import Delivery
    d = [o for o in gc.get_objects() if isinstance(o, Delivery)][-1]
    print(f"\n{kind} hang={hang}: made {made:.1f} s, bob after {took:.1f} s, then {lat*1000:.0f} ms, rss {before} -> {mem1} -> {rss()} MB, tasks {tasks} -> {len(waiting)}, outbox waiting {d.waiting}")
    print([l for l in house.logs if l["event"] == "user.flooded"][:3])
    house.telegram.faults.clear()
