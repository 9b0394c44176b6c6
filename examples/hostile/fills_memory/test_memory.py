def test_before():
    assert True


def test_fills_the_memory():
    hoard = []
    while True:
        hoard.append(b"x" * 2**22)


def test_after():
    assert True
