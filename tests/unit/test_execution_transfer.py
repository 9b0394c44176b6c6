import hashlib

import pytest

from testfleet.execution import transfer
from testfleet.execution.transfer import TransferError, download, exists, fetch, upload
from tests.execution_samples import Store


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(transfer, "FIRST_DELAY_S", 0.001)
    with Store() as made:
        yield made


def test_what_was_written_is_read(store):
    upload(f"{store.url}/object", b"body")
    assert fetch(f"{store.url}/object") == b"body"


def test_a_file_is_written_as_its_bytes(store, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    upload(f"{store.url}/object", path)
    assert store.objects["/object"] == b"x" * 3_000_000


def test_an_upload_names_no_content_type_that_is_not_signed(store):
    upload(f"{store.url}/object", b"body")
    assert store.headers[0]["Content-Type"] == ""


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_transient_status_is_tried_again(store, status):
    store.objects["/object"] = b"body"
    store.failures = [status, status]
    assert fetch(f"{store.url}/object") == b"body"


def test_an_upload_is_sent_again_whole(store, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"all of it")
    store.failures = [503]
    upload(f"{store.url}/object", path)
    assert store.objects["/object"] == b"all of it"


def test_a_refusal_is_final_and_named(store):
    store.failures = [403, 200]
    with pytest.raises(TransferError, match=r"cannot write http://.*/object: HTTP status 403"):
        upload(f"{store.url}/object?signature=secret", b"")
    assert store.failures == [200]


def test_a_message_holds_no_signature(store):
    with pytest.raises(TransferError) as caught:
        fetch(f"{store.url}/missing?X-Amz-Signature=secret")
    assert "secret" not in str(caught.value)


def test_nobody_listening_is_an_error_after_all_attempts(monkeypatch):
    pauses = []
    monkeypatch.setattr(transfer.time, "sleep", pauses.append)
    with Store() as store:
        url = store.url
    with pytest.raises(TransferError, match=r"cannot read .* refused"):
        fetch(url)
    assert len(pauses) == transfer.ATTEMPTS - 1
    assert pauses[-1] > pauses[0]


@pytest.mark.parametrize("status", [403, 404])
def test_a_missing_object_is_none_to_a_download(store, tmp_path, status):
    store.failures = [status]
    assert download(f"{store.url}/object", tmp_path / "file") is None


def test_a_download_tells_the_digest(store, tmp_path):
    store.objects["/object"] = b"body"
    digest = download(f"{store.url}/object", tmp_path / "file")
    assert digest == hashlib.sha256(b"body").hexdigest()
    assert (tmp_path / "file").read_bytes() == b"body"


def test_only_an_object_that_is_there_exists(store):
    store.objects["/object"] = b""
    assert exists(f"{store.url}/object")
    assert not exists(f"{store.url}/other")
    store.failures = [403, 503]
    assert not exists(f"{store.url}/object")
    assert not exists(f"{store.url}/object")


def test_a_proxy_is_not_asked_for_this_machine(store, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    store.objects["/object"] = b"body"
    assert fetch(f"{store.url}/object") == b"body"
