def test_writes_a_huge_file(tmp_path):
    chunk = b"x" * 2**20
    with (tmp_path / "huge").open("wb") as file:
        for _ in range(10_000):
            file.write(chunk)


def test_after():
    assert True
