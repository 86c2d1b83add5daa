"""Fixtures and the hypothesis profile of all tests."""

import hypothesis
import pytest

from tests.helpers.images import photograph

hypothesis.settings.register_profile("fastkq", deadline=None, max_examples=60, derandomize=True)
hypothesis.settings.load_profile("fastkq")


@pytest.fixture(scope="session")
def china():
    return photograph("china.jpg")


@pytest.fixture(scope="session")
def flower():
    return photograph("flower.jpg")
