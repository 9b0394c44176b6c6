"""Notifications in the words of AWS Budgets, as SNS hands them to a function."""


def message(actual="$201.23", limit="$200.00", kind="ACTUAL"):
    return (
        "AWS Budget Notification June 01, 2025\n"
        "AWS Account 123456789012\n"
        "\n"
        "Dear AWS Customer,\n"
        "\n"
        f"You requested that we alert you when the {kind} Cost associated with your testfleet-dev "
        "budget is greater than $160.00 for the current month.\n"
        "\n"
        "Budget Name: testfleet-dev\n"
        "Budget Type: Cost\n"
        f"Budgeted Amount: {limit}\n"
        f"Alert Type: {kind}\n"
        "Alert Threshold: > $160.00\n"
        f"{kind} Amount: {actual}\n"
        "\n"
        "[1] https://console.aws.amazon.com/billing/home#/budgets\n"
    )


def sns_event(*messages):
    return {
        "Records": [
            {"EventSource": "aws:sns", "Sns": {"Subject": "AWS Budgets: ...", "Message": text}}
            for text in messages
        ]
    }
