"""From an accepted webhook to one started run, whatever breaks in between."""

from datetime import timedelta

from testfleet.errors import FleetError
from testfleet.scm.intake import Intake
from testfleet.scm.webhook import WebhookPolicy
from tests.webhook_samples import KEY, NOW, http_event, push_payload


class Memory:
    """Deliveries in a dictionary: key -> whether its run has started."""

    def __init__(self):
        self.started = {}

    def claim(self, delivery):
        if any(self.started.get(key) for key in delivery.keys):
            return False
        self.started |= dict.fromkeys(delivery.keys, False)
        return True

    def confirm(self, delivery):
        self.started |= dict.fromkeys(delivery.keys, True)


class Starter:
    """Notes which runs were started; raises what it is told to, once."""

    def __init__(self, error=None):
        self.error = error
        self.runs = set()
        self.launches = 0

    def launch(self, request):
        self.launches += 1
        error, self.error = self.error, None
        if error:
            raise error
        self.runs.add(request.run_id)


def build(error=None):
    starter = Starter(error)
    return Intake(Memory(), starter, WebhookPolicy()), starter


def receive(intake, **headers):
    return intake.receive(http_event(push_payload(), **headers), KEY, NOW)


def test_a_push_starts_one_run_and_tells_its_id():
    intake, starter = build()
    answer = receive(intake)
    assert answer.status == 202 and starter.runs == {answer.run_id}


def test_a_second_delivery_is_told_so_and_starts_nothing():
    intake, starter = build()
    receive(intake)
    answer = receive(intake)
    assert (answer.status, answer.message[:9]) == (200, "duplicate")
    assert starter.launches == 1


def test_a_caught_delivery_sent_under_a_new_id_is_a_duplicate_all_the_same():
    intake, starter = build()
    receive(intake)
    assert receive(intake, **{"x-github-delivery": "99999999-new"}).status == 200
    assert starter.launches == 1


def test_a_known_delivery_id_is_a_duplicate_whatever_its_body():
    intake, starter = build()
    receive(intake)
    other = http_event(push_payload(after="b2" * 20))
    assert intake.receive(other, KEY, NOW).status == 200
    assert starter.launches == 1


def test_a_start_that_failed_is_503_and_the_redelivery_works():
    intake, starter = build(FleetError("bucket secret-name is gone"))
    failed = receive(intake)
    assert failed.status == 503 and "secret-name" not in failed.message
    assert "secret-name" in failed.detail
    assert receive(intake).run_id in starter.runs


def test_a_crash_before_the_confirmation_is_mended_by_a_redelivery_of_the_same_run():
    intake, starter = build()
    first = receive(intake)
    intake.deliveries.started = dict.fromkeys(intake.deliveries.started, False)
    assert receive(intake).run_id == first.run_id
    assert starter.runs == {first.run_id}


def test_a_refused_request_leaves_no_trace():
    intake, starter = build()
    late = NOW + timedelta(days=4)
    assert intake.receive(http_event(push_payload()), KEY, late).status == 403
    assert intake.receive(http_event(push_payload(), key=b"x"), KEY, NOW).status == 401
    assert (intake.deliveries.started, starter.launches) == ({}, 0)
