"""The awaiting face of zktools, for ``asyncio``."""

from zktools.aio.client import client
from zktools.aio.configuration import Configuration
from zktools.aio.election import Election, End, Leader, Leading, Term, Watching
from zktools.aio.group import Group, MemberChanges, Membership
from zktools.aio.lease import FencedTransaction, Lease
from zktools.aio.locks import IMMEDIATE, Reason, ZkLock, ZkReadLock, ZkWriteLock
from zktools.aio.multilock import ZkMultiLock
from zktools.aio.node import Changes, Following, Node, NodeDict
from zktools.aio.partitions import Assigned, Owner, Partitions, Revoked
from zktools.aio.semaphore import ZkSemaphore

__all__ = [
    "IMMEDIATE",
    "Assigned",
    "Changes",
    "Configuration",
    "Election",
    "End",
    "FencedTransaction",
    "Following",
    "Group",
    "Leader",
    "Leading",
    "Lease",
    "MemberChanges",
    "Membership",
    "Node",
    "NodeDict",
    "Owner",
    "Partitions",
    "Reason",
    "Revoked",
    "Term",
    "Watching",
    "ZkLock",
    "ZkMultiLock",
    "ZkReadLock",
    "ZkSemaphore",
    "ZkWriteLock",
    "client",
]
