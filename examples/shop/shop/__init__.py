"""A small shop: prices, cart, stock, parcels, payments, orders."""
