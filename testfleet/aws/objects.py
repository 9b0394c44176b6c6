"""ObjectStore on S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from testfleet.aws.clients import PARALLEL_REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ADDRESS_VALID_S = 6 * 3600
"""Longer than any shard may wait and run; the function's own credentials end later."""


@dataclass(frozen=True)
class S3ObjectStore:
    """Objects in one bucket."""

    client: S3Client
    bucket: str

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None when there is no such object."""
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as exc:
            if _is_missing(exc):
                return None
            raise

    def put(self, key: str, body: bytes) -> None:
        """Write the object whole."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        """Write all objects, several at a time."""
        with ThreadPoolExecutor(_threads(len(objects))) as pool:
            list(pool.map(lambda item: self.put(*item), objects.items()))

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        """Read all objects that exist, several at a time."""
        with ThreadPoolExecutor(_threads(len(keys))) as pool:
            bodies = pool.map(self.get, keys)
            return {key: body for key, body in zip(keys, bodies, strict=True) if body is not None}

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as exc:
            if _is_missing(exc):
                return False
            raise
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys that begin with the prefix, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        for page in pages:
            for entry in page.get("Contents", []):
                yield entry["Key"]

    def delete(self, key: str) -> None:
        """Remove the object, if there is one."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def get_url(self, key: str) -> str:
        """Presigned GET."""
        return self._presign("get_object", key)

    def put_url(self, key: str) -> str:
        """Presigned PUT."""
        return self._presign("put_object", key)

    def _presign(self, operation: str, key: str) -> str:
        sign = partial(self.client.generate_presigned_url, ExpiresIn=ADDRESS_VALID_S)
        return sign(operation, Params={"Bucket": self.bucket, "Key": key})


def _threads(count: int) -> int:
    return max(1, min(PARALLEL_REQUESTS, count))


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound")
