"""lab.check.browse with less patience: most of what the tests wait for never comes."""

import asyncio

from lab.check import browse

if __name__ == "__main__":
    browse.ANSWER_SECONDS = 0.8
    asyncio.run(browse.main())
