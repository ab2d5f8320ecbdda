"""What importing this package costs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["factory", "validation", "gateway", "windows", "schema_from_sdk"])
def test_no_azure_package_is_imported_before_azure_is_called(module: str):
    """`--help` and `plan --offline` do not wait for the SDK."""
    program = (
        f"import adf.{module}, sys; print([m for m in sys.modules if m.split('.')[0] in ('azure', 'msrest')])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_windows_needs_the_standard_library_only():
    """It is shipped to the compute as one file, beside steps that know nothing of this package."""
    program = (
        "import runpy, sys; before = set(sys.modules); runpy.run_path('adf/windows.py');"
        "print([m for m in set(sys.modules) - before if getattr(sys.modules[m], '__file__', None)"
        " and 'site-packages' in sys.modules[m].__file__])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
