"""What serves a model: the containers of SageMaker and the local model server call the same."""
