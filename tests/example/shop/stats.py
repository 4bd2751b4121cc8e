"""How many customers came, and what they paid."""

import time

visits = 0
takings = {"today": 0}


def pay(amount):
    global visits
    visits += 1
    takings["today"] = takings["today"] + check(amount)


def check(amount):
    time.sleep(0.001)
    return amount


def rank(limit):
    """How rare is a price? Pure computation."""
    scores = {}
    for price in range(limit):
        scores[price] = sum(int(digit) for digit in str(price)) % 97
    return scores
