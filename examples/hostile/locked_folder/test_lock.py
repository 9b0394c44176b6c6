import os
import pathlib
import tempfile


def test_leaves_a_locked_folder(request):
    for parent in (tempfile.gettempdir(), request.config.rootpath):
        folder = pathlib.Path(parent, "locked", "inner")
        folder.mkdir(parents=True)
        (folder / "file").touch()
        folder.chmod(0)
        folder.parent.chmod(0)


def test_leaves_a_link_in_place_of_a_folder(request):
    os.symlink("/", pathlib.Path(request.config.rootpath, "root"))
