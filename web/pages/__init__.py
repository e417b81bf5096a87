"""The pages, one module per noun: parse the form, ask a service, show a template."""
