"""Made failures and made logs: what the embedded model is trained and measured on."""
