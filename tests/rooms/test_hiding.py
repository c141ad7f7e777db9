"""A subclass that hides a private method of its base does so on purpose.

Two people who give two methods of one family the same name see no error; the base then calls
another method than it means to. (A kept lock's timer once bore the name of the look at its node.)
"""

import ast
import importlib
import inspect
import pkgutil
import textwrap

import zktools

#: Methods that bases have to be replaced, and do something where they are not.
MEANT = {
    "AnyPartitions._make_face",
    "Claim._make",
    "Claim._make_hold",
    "LiveObject._root",
    "LiveObject._shown",
    "Recording._acl_of",
    "Recording._acl_of_nearest",
    "Server._peers",
    "Waiting._ask",
    "Writing._send_creation",
}


def classes():
    """All of zktools'."""
    for module in pkgutil.walk_packages(zktools.__path__, "zktools."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and value.__module__ == module.name:
                    yield value


def tree(function):
    """Its source, taken apart."""
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def does_nothing(function):
    """Whether it is there for others to say what is to be done."""
    statements = [ast.unparse(each) for each in tree(function).body[1:]]
    return function.__doc__ is not None and statements in ([], ["yield from ()"])


def hidden():
    """Each private method that a subclass hides, and neither calls nor has to give."""
    for kind in classes():
        for name, method in vars(kind).items():
            if not name.startswith("_") or name.endswith("_") or not inspect.isfunction(method):
                continue
            for base in kind.__mro__[1:]:
                above = vars(base).get(name)
                if not base.__module__.startswith("zktools") or not inspect.isfunction(above):
                    continue
                is_open = hasattr(above, "__isabstractmethod__") or does_nothing(above)
                if not is_open and f"super().{name}(" not in ast.unparse(tree(method)):
                    yield f"{base.__name__}.{name}"
                break


def test_no_private_method_is_hidden_by_accident():
    """A method of a base's that is replaced goes on in the other, does nothing, or is meant to."""
    assert set(hidden()) == MEANT
