"""The smaller half of the model's runs; `make model` does them all."""

import shutil

import pytest

from tests.model.run import ALL, check

MISSING = [tool for tool in ("spin", "cc") if shutil.which(tool) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} not installed (Debian: spin, gcc)"
)


@pytest.mark.slow
@pytest.mark.parametrize("run", [run for run in ALL if run.quick], ids=lambda run: run.name)
def test_a_run_of_the_model_ends_as_it_must(run):
    """The protocol holds in every state; with one rule taken away, a counterexample is found."""
    assert check(run).result == run.expected


@pytest.mark.slow
def test_a_search_that_was_cut_short_is_no_proof(monkeypatch):
    """Running out of memory or depth is reported as such, never as success."""
    monkeypatch.setattr("tests.model.run.DEPTH", 20)
    run = next(run for run in ALL if run.name == "loss")

    assert check(run).result == "not completed"
