"""The adapters to AWS: the only domain package that knows boto3, beside `testfleet.local`."""
