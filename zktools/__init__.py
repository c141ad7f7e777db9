"""Coordination for Python on Apache ZooKeeper: revocable locks, live nodes, configuration."""
