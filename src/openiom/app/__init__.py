"""The roof: build(), web, worker, command line. The only place that imports everything."""
