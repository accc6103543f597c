"""How the dose of the study drug ran, chosen by name; and the pack of which only ten days were taken."""

PLANS = ("steady", "steady", "reduced", "paused", "low", "raised", "reduced twice")
TAKEN = 10  # days of a paused pack


class Doses:
    def __init__(self, rng):
        self.plan = rng.choice(PLANS)
        self.paused = rng.random()  # which of the packs that are neither first nor last, as a share

    def of(self, number, packs):
        """mg a day of pack `number` of so many."""
        early, middle = 3 * number < packs, 3 * number < 2 * packs
        return {"low": 15, "reduced": 25 if early or number == 0 else 15, "raised": 10 if early or number == 0 else 15,
                "reduced twice": 25 if early or number == 0 else 15 if middle else 10}.get(self.plan, 25)

    def supply(self, supply, seen, ended):
        """(day, capsules) of each pack, the paused one with fewer. Where a pause can be under way when the subject is seen for
        the last time, it is that one."""
        if self.plan != "paused" or len(supply) < 3:
            return supply
        number = next((n for n, (day, _) in enumerate(supply[1:], 1) if not ended and day + TAKEN + 2 <= seen < day + 20),
                      1 + int(self.paused * (len(supply) - 2)))
        return supply[:number] + [(supply[number][0], TAKEN)] + supply[number + 1:]
