"""Why a test failed, whether it is real, and who should look. Pure: no input, no output."""
