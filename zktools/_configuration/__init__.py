"""What Configuration is made of: keys and values as a tree, and the transactions that store it."""
