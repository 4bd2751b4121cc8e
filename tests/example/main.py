"""Opens the shop: customers come at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

from shop.settings import Settings
from shop.stats import pay, rank, takings


def open_shop(customers):
    threads = [threading.Thread(target=pay, args=(10,)) for _ in range(customers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return takings["today"]


def rank_prices():
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(rank, [200_000] * 4))


if __name__ == "__main__":
    Settings("CHF")
    print(open_shop(20), Settings().currency)
    print(len(rank_prices()))
