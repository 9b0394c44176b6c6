def test_first():
    assert True


def test_second(tmp_path):
    (tmp_path / "file").write_text("written")
