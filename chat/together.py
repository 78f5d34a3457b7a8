"""What many ask at about the same time, asked of the database once."""

import asyncio


class Together:
    """Those who ask while an answer is under way share the next one.

    Not the one under way: it may have been found before what they know of happened.
    """

    def __init__(self, answer_all):
        self.answer_all = answer_all  # given all that is asked: the answer to each, by question
        self.asked = {}  # question: the future of its answer
        self.answering = None

    async def ask(self, question):
        """The answer to a question, which all that are equal to it share; or its error."""
        answer = self.asked.get(question)
        if answer is None:
            answer = self.asked[question] = asyncio.get_running_loop().create_future()
        if self.answering is None or self.answering.done():
            self.answering = asyncio.create_task(self.answer())
        return await asyncio.shield(answer)  # who stops waiting stops nobody else

    async def answer(self):
        while self.asked:
            asked, self.asked = self.asked, {}
            try:
                answers = await self.answer_all(list(asked))
            except Exception as error:  # noqa: BLE001 - whoever asked gets it
                for answer in asked.values():
                    answer.set_exception(error)
            else:
                for question, answer in asked.items():
                    answer.set_result(answers[question])
