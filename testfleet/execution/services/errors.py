"""What goes wrong with services."""

from __future__ import annotations

from testfleet.errors import TestfleetError


class ServiceError(TestfleetError):
    """A service could not be started, or did not become ready. The user must act."""
