"""Strings that become modules or files of the project."""

import pytest

from testfleet.planning.impact.imports.facts import Reach
from testfleet.planning.impact.imports.python_source import read_python
from tests.impact_samples import selected

MOCK = "from unittest import mock\n"
RESOURCES = "from importlib import resources\n"
LOGGING = "import logging.config\n"
A, B = "tests/test_a.py", "tests/test_b.py"
TEST = "def test(): ...\n"


def facts(source):
    return read_python(source.encode())


@pytest.mark.parametrize(
    "source",
    [
        f"{MOCK}def f(x): mock.patch(f'pkg.{{x}}.name')",
        f"{MOCK}def f(x): mock.patch(target='pkg.' + x)",
        f"{MOCK}mock.patch(name)",
        f"{MOCK}mock.patch(f'{{__name__}}_more.f')",
        f"{MOCK}mock.patch(f'{{__name__}}.{{x}}.f')",
        "from unittest.mock import patch as p\np('pkg.{}.f'.format(x))",
        "import unittest.mock\nunittest.mock.patch(*args)",
        "from unittest.mock import *\npatch(x)",
        "def test(mocker, x): mocker.patch(x)",
        "from helpers import patch\npatch(f'pkg.{x}.f')",
        f"{MOCK}mock.patch.multiple('pkg.' + x, f=1)",
        f"{MOCK}mock.patch.dict(f'pkg.{{x}}.TABLE', a=1)",
        f"{MOCK}stub = mock.patch",
        "def test(monkeypatch, x): monkeypatch.setattr(f'pkg.{x}.name', 1, raising=False)",
        "def test(monkeypatch, x): monkeypatch.setattr(x, 1)",
        "def test(monkeypatch, x): monkeypatch.delattr('pkg.' + x)",
        "def test(monkeypatch): stub(monkeypatch.setattr)",
        "X = 'a'\nX = 'b'\ndef test(monkeypatch): monkeypatch.setattr('pkg.' + X, 5)",
        f"{MOCK}X = 'a'\ndef f(X): mock.patch(X)",
        "from importlib import import_module as im\nim(x)",
        "import importlib\ngetattr(importlib, 'import_module')(x)",
        "import builtins as b\ngetattr(b, name)",
        "from logging.config import _resolve as r\nr(x)",
        "eval(text)",
        "list(map(eval, texts))",
        "eval('__import__(a + b)')",
        f"{LOGGING}logging.config.dictConfig({{'version': 1, 'h': {{'()': f'pkg.{{x}}'}}}})",
        f"{LOGGING}C = {{'version': 1, 'h': {{'class': x + '.H'}}}}\nlogging.config.dictConfig(C)",
        f"{LOGGING}logging.config.dictConfig(load())",
        f"{LOGGING}logging.config.fileConfig('logging.ini')",
        f"{RESOURCES}resources.files('pkg').iterdir()",
        f"{RESOURCES}(resources.files('pkg') / name).read_text()",
        f"{RESOURCES}(resources.files('pkg') / 'sub' / name).read_text()",
        f"{RESOURCES}(resources.files('pkg') / 'a.d').iterdir()",
        f"{RESOURCES}folder = resources.files('pkg') / 'sub'",
        f"{RESOURCES}resources.read_text('pkg', name)",
        f"{RESOURCES}resources.contents('pkg')",
        "import pkgutil\npkgutil.get_data('pkg', x + '.py')",
        "import zipfile\nzipfile.PyZipFile(f, 'w').writepy('pkg')",
        "import linecache\nlinecache.getline('pkg/' + x, 1)",
        "import tokenize\ntokenize.open(x)",
        "import compileall\ncompileall.compile_dir('pkg')",
    ],
)
def test_a_computed_name_is_unknown(source):
    assert facts(source).unknown


@pytest.mark.parametrize(
    "source",
    [
        "import pkg.m\ndef test(monkeypatch): monkeypatch.setattr(pkg.m, 'f', 1)",
        "def test(monkeypatch, thing): monkeypatch.setattr(thing, 'name', value=1, raising=False)",
        "def test(monkeypatch, x): monkeypatch.delattr(x, 'name')\nmonkeypatch.setitem(a, 'b', 1)",
        "def test(monkeypatch): monkeypatch.setattr('pkg.m.f', lambda: 1)",
        "setattr(thing, name, 5)\ndelattr(thing, name)\ngetattr(thing, name)",
        f"{MOCK}mock.patch('pkg.m.f')",
        f"{MOCK}mock.patch(f'{{__name__}}.time.sleep')\nmock.patch(__name__ + '.f')",
        f"{MOCK}mock.patch.object(thing, name)",
        f"{MOCK}import os\nmock.patch.dict(os.environ, {{'A': 'b'}})",
        f"{MOCK}from os import environ\nmock.patch.dict(environ, clear=True)",
        "def test(client, x): client.patch(f'/users/{x}.json', json={})\nclient.patch(url)",
        "def test(requests_mock, url): requests_mock.patch(url)",
        "def apply(patch): send(patch)",
        "model.eval()\nframe.eval(text)\neval('1 + 1')",
        "import importlib\ngetattr(importlib, 'metadata')",
        f"{RESOURCES}(resources.files('pkg') / 'data' / 'a.json').read_text()",
        f"{RESOURCES}resources.files('pkg').joinpath('a.json')",
        "import pkgutil\npkgutil.get_data('pkg', 'a.json')",
        f"{LOGGING}logging.config.dictConfig({{'version': 1, 'h': {{'class': 'pkg.m.H'}}}})",
        f"{LOGGING}from a import H\nlogging.config.dictConfig({{'version': 1, 'h': {{'()': H}}}})",
        "form = {'class': style}\nform.files('pkg')",
    ],
)
def test_what_names_all_it_needs_is_known(source):
    assert facts(source).unknown == ()


@pytest.mark.parametrize(
    "source",
    [
        f"{MOCK}X = 'm'\nmock.patch(f'pkg.{{X}}.f')",
        "X: str = 'm'\ndef test(monkeypatch): monkeypatch.setattr('pkg.' + X + '.f', 5)",
        f"{RESOURCES}(resources.files('pkg') / ('m' + '.' + 'py')).read_text()",
        "import linecache\nlinecache.getline('pkg/' + 'm.py', 1)",
        "X = 'm'\neval(f\"__import__('pkg.{X}')\")",
    ],
)
def test_constants_of_the_file_are_put_together(source):
    files = {A: f"{source}\n{TEST}", B: TEST, "pkg/m.py": "", "pkg/n.py": ""}
    assert selected(files, "pkg/m.py") == {A}
    assert selected(files, "pkg/n.py") == set()


def test_a_package_that_names_its_own_modules_imports_them():
    files = {A: f"import pkg\n{TEST}", "pkg/m.py": "", "pkg/n.py": ""}
    files["pkg/__init__.py"] = f"{MOCK}mock.patch(f'{{__name__}}.m.f')"
    assert selected(files, "pkg/m.py") == {A}
    assert selected(files, "pkg/n.py") == set()


def test_a_long_sum_is_read():
    sum_of_many = " + ".join(["'pkg.'", *["''"] * 1500, "'m'"])
    assert "pkg.m" in facts(f"{MOCK}mock.patch({sum_of_many})").strings


def test_what_a_library_is_asked_to_read_is_seen_where_it_is_asked():
    source = "import linecache\ndef line(path): return linecache.getline(path, 1)"
    assert {one.reach for one in facts(source).unknown} == {Reach.IF_TEST}
