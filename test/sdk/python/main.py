"""Reads asks from stdin, a JSON array of {gateway, client, feature, model, stream, input}; writes what came of each.

Asks run side by side, for SDKs wait between two attempts.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from clients import CLIENTS, told_by


@cache
def client_of(name, url, key, retries):
    """One for all asks alike: a client loads its certificates anew, which takes longer than many calls."""
    return CLIENTS[name]({"url": url, "key": key, "retries": retries})


def run(ask):
    try:
        client = client_of(ask["client"], **ask["gateway"])
        return {"answer": getattr(client, ask["feature"])(ask["model"], ask["stream"], **ask["input"])}
    except Exception as error:  # whatever an SDK raises is what is looked at
        return {"error": told_by(error)}


with ThreadPoolExecutor(8) as pool:
    json.dump(list(pool.map(run, json.load(sys.stdin))), sys.stdout)
