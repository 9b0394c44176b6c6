import pytest

from shop.notifications import Outbox


@pytest.fixture(scope="module")
def outbox():
    """One outbox for all tests of this file, as there is one for the whole shop."""
    outbox = Outbox()
    yield outbox
    outbox.close()


def test_customer_gets_a_confirmation(outbox):
    outbox.send("order 1: confirmed")
    assert outbox.was_sent("order 1: confirmed", within_s=2)


def test_mails_leave_in_order(outbox):
    mails = [f"order {number}: invoice" for number in range(2, 5)]
    for mail in mails:
        outbox.send(mail)
    assert all(outbox.was_sent(mail, within_s=2) for mail in mails)


def test_newsletter_does_not_block_the_shop(outbox):
    for customer in range(6):
        outbox.send(f"newsletter for customer {customer}")
    assert not outbox.was_sent("newsletter for customer 5", within_s=0)


def test_shipment_is_announced_at_once(outbox):
    outbox.send("order 1: on its way")
    assert outbox.was_sent("order 1: on its way", within_s=0.38)
