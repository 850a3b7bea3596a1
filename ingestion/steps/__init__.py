"""The steps of the pipeline, one module per concern. Each is `(draft, context) -> None or Drop`."""
