"""What needs what: rules, graph, stages."""
