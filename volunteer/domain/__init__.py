"""Pure rules: values in, values out. No I/O, clock, config, Flask or SQL."""
