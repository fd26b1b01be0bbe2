"""How many requests a host is given at once."""


class Room:
    """``most``, or fewer while the host has shown that it does not take so many.

    A server that does not queue, or whose queue is short while it loads a model, refuses what is
    beyond. It is then given what it took, and more again as it answers: at first twice as many
    each time all were answered; once that was refused too one more, ever more rarely. A host that
    was down starts with one request, on trial.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most
        self._rounds = 1  # of answers before it is given more
        self._answered = 0
        self._grown = False

    def refused(self, under_way: int) -> None:
        """It refused a request while it worked on ``under_way`` others."""
        if self._grown:  # once for all that are refused together
            self._rounds *= 2
        self._grown = False
        self._answered = 0
        self.now = max(1, min(self.now, under_way))

    def answered(self) -> None:
        if self.now == self.most:
            return
        self._answered += 1
        if self._answered >= self.now * self._rounds:
            self.now = min(self.most, 2 * self.now if self._rounds == 1 else self.now + 1)
            self._answered = 0
            self._grown = True

    def on_trial(self) -> None:
        self.now = 1
        self._rounds = 1
        self._answered = 0
        self._grown = False
