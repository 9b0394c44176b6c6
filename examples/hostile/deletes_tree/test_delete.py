import pathlib
import shutil


def test_before():
    assert True


def test_deletes_its_own_working_tree(request):
    shutil.rmtree(request.config.rootpath)
    assert not pathlib.Path(__file__).exists()


def test_after():
    assert True
