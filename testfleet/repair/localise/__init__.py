"""Where the fault may be: spectra of failing and passing tests, tracebacks, changes, hangs."""
