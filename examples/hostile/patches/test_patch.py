import builtins
import json
import os
import time


def test_patches_for_good():
    time.time = lambda: 0.0
    os.getpid = lambda: 1
    os.write = None
    os.fstat = None
    json.dumps = json.loads = None
    builtins.open = None


def test_after():
    assert True
