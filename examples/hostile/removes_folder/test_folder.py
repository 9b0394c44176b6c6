import os


def test_changes_the_folder_and_removes_it(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()


def test_after():
    assert True
