"""What runs beside a notebook: servers, a browser, the load on them."""
