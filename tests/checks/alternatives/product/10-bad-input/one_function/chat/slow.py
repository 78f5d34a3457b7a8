import asyncio


def hang_up_on_slow_readers(application, most=64):
    async def wrapped(scope, receive, send):
        waiting = asyncio.Queue()
        ended = asyncio.Event()

        async def put(event):
            if waiting.qsize() * len(str(event)) > most * 1000:
                ended.set()
                while not waiting.empty():
                    waiting.get_nowait()
                event = {"type": "websocket.close", "code": 1013}
            waiting.put_nowait(event)
            await asyncio.sleep(0)

        async def pass_on():
            while True:
                event = await waiting.get()
                await send(event)
                if event["type"] == "websocket.close":
                    return

        passing = asyncio.create_task(pass_on())
        running = asyncio.create_task(application(scope, receive, put))
        over = asyncio.create_task(ended.wait())
        await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        over.cancel()
        await asyncio.wait({passing}, timeout=5 if ended.is_set() else 0.1)
        passing.cancel()
        if running.done() and not running.cancelled():
            running.result()

    return wrapped
